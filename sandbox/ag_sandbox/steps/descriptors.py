"""File descriptors: a child keeps the ones it was given and no other. Knows not what they are for."""

import os

from ag_sandbox.inmate import Inmate

_STANDARD = (0, 1, 2)


def apply(inmate: Inmate) -> None:
    """Close all but ``keep`` and the guardian; stdin, stdout and stderr lead to /dev/null unless kept, so that nothing else takes their numbers."""
    nothing = os.open("/dev/null", os.O_RDWR)
    for standard in _STANDARD:
        if standard not in inmate.keep:
            os.dup2(nothing, standard, inheritable=False)
    first = len(_STANDARD)
    for kept in sorted({*inmate.keep, inmate.guardian} - set(_STANDARD)):
        os.closerange(first, kept)
        first = kept + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))
