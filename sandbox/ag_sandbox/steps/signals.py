"""Signals: the child starts with the kernel's own dispositions. Knows nothing of who sends them."""

import signal

from ag_sandbox import linux_unsafe as linux
from ag_sandbox.inmate import Inmate

_PYTHON_IGNORES = {signal.SIGPIPE, signal.SIGXFSZ}


def apply(inmate: Inmate) -> None:
    """Default dispositions (an alarm ends the process), nothing blocked, no timer; an interrupt raises KeyboardInterrupt where the profile is interruptible."""
    signal.set_wakeup_fd(-1)
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if signal.getsignal(number) is not None:
            signal.signal(number, signal.SIG_IGN if number in _PYTHON_IGNORES else signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler if inmate.profile.interruptible else signal.SIG_IGN)
    linux.end_on(signal.SIGALRM)  # however long compiled code goes on, and whatever number the process has
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
