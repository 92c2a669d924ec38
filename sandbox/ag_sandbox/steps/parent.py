"""The parent: a child must not outlive it. Knows nothing of why a parent dies."""

import os
import select
import signal

from ag_sandbox import linux_unsafe as linux
from ag_sandbox.errors import JailRefused
from ag_sandbox.inmate import Inmate


def apply(inmate: Inmate) -> None:
    """Be killed when the parent dies; refuse if that has happened already."""
    linux.process_control(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    poller = select.poll()
    poller.register(inmate.guardian, select.POLLIN)
    died = poller.poll(0)
    os.close(inmate.guardian)
    if died:
        raise JailRefused("parent: it died before the child was locked")
