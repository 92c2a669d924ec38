"""seccomp, second layer: calls that only an attack makes end the process. Knows which calls, and nothing of the first layer.

Laid over the allow-list after the probe has seen every one of them refused; where two filters differ the stricter wins.
"""

from ag_sandbox import linux_unsafe as linux
from ag_sandbox.calls import FATAL
from ag_sandbox.filter import alarm_list
from ag_sandbox.inmate import Inmate
from ag_sandbox.syscalls import machine


def apply(_inmate: Inmate) -> None:
    """Kill the whole process, with SIGSYS and a line in the host's audit log, on any fatal call."""
    linux.install_filter(alarm_list((*FATAL, "seccomp"), machine=machine()))
