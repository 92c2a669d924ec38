"""seccomp, first layer: only calls with a reason. Knows numbers and arguments, no paths.

Everything else gets an ordinary refusal, so that the probe can try it and libraries can do without. The alarm comes after the probe.
"""

import os

from ag_sandbox import linux_unsafe as linux
from ag_sandbox.filter import allow_list
from ag_sandbox.inmate import Inmate
from ag_sandbox.profile import Call
from ag_sandbox.syscalls import machine

_ONE_MORE_FILTER = Call(("seccomp",), "the alarm is a second filter; a filter can only take away")


def apply(inmate: Inmate) -> None:
    """Load the profile's allow-list into every thread."""
    allowed = (*inmate.profile.calls, _ONE_MORE_FILTER)
    linux.install_filter(allow_list(allowed, inmate.profile.absent, machine=machine(), own_process=os.getpid()))
