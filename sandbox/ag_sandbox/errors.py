"""What can go wrong with a jail. Knows no cause better than one sentence can say it.

SandboxError
├── HostTooOld     the host lacks something the jail can't do without; nothing was started
├── JailRefused    this child could not be locked, or the probe found a hole; the child is dead
└── NurseryGone    the nursery itself is dead; its children died with it, a new one must be started
"""


class SandboxError(Exception):
    """Base of everything this package raises."""


class HostTooOld(SandboxError):
    """The host lacks something the jail can't do without."""


class JailRefused(SandboxError):
    """A child could not be locked, or its probe found a hole. It is dead."""


class NurseryGone(SandboxError):
    """The nursery died. Its children died with it."""
