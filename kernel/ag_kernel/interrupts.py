"""SIGINT while a cell runs: ends the analyst's code, and never the machinery around it.

The signal is honoured only while the analyst's own code is on the stack and no shield is up; it must not know what a shield protects.
An interrupt is raised again until its cell is over: whatever line it happens to be raised at may be one whose errors nobody hears of.
"""

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn

from ag_kernel.alarm import Alarm

CELL_FILE = "Cell In["
"""How the file name of a cell's code begins; a frame of such a file is the analyst's."""
_LOST_SECONDS = 0.01
"""Until an interrupt is raised again of which Python said that it could not be raised: in a finalizer, or in a weak reference's callback."""


def is_analysts(frame: FrameType | None) -> bool:
    """Whether the analyst's code is on the stack at or above this frame."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(CELL_FILE):
            return True
        frame = frame.f_back
    return False


class Interrupts:
    """One process's answer to SIGINT. Outside of a cell a signal means nothing and is forgotten."""

    def __init__(self, *, again_seconds: float = 5.0) -> None:
        """``again_seconds``: what a cell that caught its interrupt is given to end before the next one."""
        self.alarm = Alarm()
        self._again_seconds = again_seconds
        self._shields = 0
        self._pending = False
        self._open = False

    def install(self) -> None:
        """Take over SIGINT and the timer, and hear of errors that could not be raised."""
        self.alarm.install()
        signal.signal(signal.SIGINT, self._on_signal)
        sys.unraisablehook = self._on_unraisable

    def forget(self) -> None:
        """Between cells: a signal that came too late is dropped, and no shield is up, also where a cell exhausted the stack."""
        self.alarm.forget(self._honour)
        self._pending, self._shields, self._open = False, 0, False

    @property
    def shielded(self) -> bool:
        """Whether something is under way that must be finished first."""
        return self._shields > 0

    def _on_signal(self, _number: int, frame: FrameType | None) -> None:
        self._honour(frame)

    def _honour(self, frame: FrameType | None) -> None:
        if self._shields or not (self._open or is_analysts(frame)):
            self._pending = True
            return
        self._raise()

    def _raise(self) -> NoReturn:
        self._pending = False
        self.alarm.call(self._honour, self._again_seconds)
        raise KeyboardInterrupt

    def _on_unraisable(self, lost: "sys.UnraisableHookArgs") -> None:
        """Called by Python where an error has nobody to go to. The hook itself is such a place: the interrupt comes a moment later."""
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            sys.__unraisablehook__(lost)
            return
        self._shields += 1
        self.alarm.call(self._honour, _LOST_SECONDS)
        self._shields -= 1

    def raise_pending(self) -> None:
        """Raise KeyboardInterrupt where a signal is waiting."""
        if self._pending and not self._shields:
            self._raise()

    @contextlib.contextmanager
    def honoured(self) -> Iterator[None]:
        """Inside, an interrupt is honoured though our own code runs: what a cell left behind is drawn, and that may take long."""
        self.raise_pending()
        self._open = True
        try:
            yield
        finally:
            self._open = False

    def shield(self) -> "Shield":
        """What runs inside is finished before an interrupt is honoured: a frame half sent would end the conversation."""
        return Shield(self)

    def raised(self) -> None:
        """A shield goes up."""
        self._shields += 1

    def lowered(self) -> None:
        """A shield comes down; what waited is honoured now, if the analyst's code is running."""
        self._shields -= 1
        if self._pending and (self._open or is_analysts(sys._getframe())):  # noqa: SLF001 - CPython's documented way to the stack
            self.raise_pending()


class Shield:
    """A context manager without a generator, so that nothing is left to be closed late where the stack is exhausted."""

    __slots__ = ("_interrupts",)

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts

    def __enter__(self) -> None:
        self._interrupts.raised()

    def __exit__(self, *_: object) -> None:
        self._interrupts.lowered()
