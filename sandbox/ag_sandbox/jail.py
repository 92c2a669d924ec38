"""Locking: the steps in their order, then the probe. Everything a child goes through before it may run untrusted code.

There is no switch here. A step that fails ends the child; so does a probe that finds a hole.
"""

from collections.abc import Callable, Sequence

from ag_sandbox.errors import JailRefused
from ag_sandbox.inmate import Inmate
from ag_sandbox.probe import holes
from ag_sandbox.steps import (
    alarm,
    descriptors,
    landlock,
    oom,
    parent,
    privileges,
    reseed,
    rlimits,
    seccomp,
    signals,
    tree,
    user,
)

Step = Callable[[Inmate], None]

STEPS: tuple[Step, ...] = (
    reseed.apply,  # first: whatever draws from here on must not repeat a sibling's draws
    oom.apply,  # while it has a descriptor of /proc
    tree.apply,  # while it may still mount, and before paths are asked for
    descriptors.apply,  # nothing of the nursery's or a sibling's stays open
    signals.apply,  # no handler of the nursery's runs in the child
    user.apply,  # while it still has the capability to become somebody
    privileges.apply,  # no capability is left, and no program can bring one back
    parent.apply,  # after privileges: a change of credentials would forget it
    rlimits.apply,  # memory, files, time; and no debugger may attach
    landlock.apply,  # files, TCP, signals, abstract sockets; one thread so far
    seccomp.apply,  # from here on, only calls with a reason
)
"""The order binds: each comment says why its step stands where it does."""


def lock(inmate: Inmate) -> None:
    """Lock this process for good and prove it. Raises JailRefused; the caller must then end the process."""
    walk(inmate, STEPS)


def walk(inmate: Inmate, steps: Sequence[Step]) -> None:
    """Go through the steps, probe, and arm the alarm. Raises JailRefused with the step and the reason in one sentence."""
    for step in steps:
        try:
            step(inmate)
        except OSError as reason:
            raise JailRefused(f"{step.__module__.rpartition('.')[2]}: {reason.strerror or reason}") from None
    found = holes(inmate)
    if found:
        raise JailRefused("the probe found holes: " + "; ".join(found))
    alarm.apply(inmate)
