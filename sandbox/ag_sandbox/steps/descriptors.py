"""File descriptors: a child keeps the ones it was given and no other. Knows not what they are for."""

import os

from ag_sandbox.inmate import Inmate

_STANDARD = 3


def apply(inmate: Inmate) -> None:
    """Point stdin and stdout, and stderr unless the profile logs, at /dev/null; close all but ``keep``."""
    nothing = os.open("/dev/null", os.O_RDWR)
    for standard in (0, 1) if inmate.profile.logs else (0, 1, 2):
        os.dup2(nothing, standard, inheritable=False)
    first = _STANDARD
    for kept in sorted(inmate.keep):
        os.closerange(first, kept)
        first = kept + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))
