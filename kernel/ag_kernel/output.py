"""What a cell prints, on its way out: live, bounded, in order.

One thread and no event loop: text leaves at once, or, where more follows within a moment, together with it by a timer signal.
It must not know who prints.
"""

import io
import time
from collections.abc import Callable
from typing import Final, Literal

from ag_kernel.channel import Channel
from ag_kernel.interrupts import Interrupts

Name = Literal["stdout", "stderr"]
MOMENT_SECONDS: Final = 0.02
_PIECE: Final = 1 << 16


class Output:
    """The printed text of one session; ``limit`` is in bytes per cell."""

    def __init__(
        self, channel: Channel, interrupts: Interrupts, *, limit: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._channel = channel
        self._interrupts = interrupts
        self._limit = limit
        self._clock = clock
        self._name: Name = "stdout"
        self._held: list[str] = []
        self._sent_at = float("-inf")
        self._left = limit
        self._dropped = 0

    def begin(self) -> None:
        """A new cell, a new allowance."""
        self._left, self._dropped, self._sent_at = self._limit, 0, float("-inf")

    def end(self) -> None:
        """Send the rest, and say what was dropped."""
        if self._dropped:
            self._hold(
                "stderr",
                f"\n[{self._dropped:,} more bytes of output were dropped: a cell may show {self._limit:,} bytes. "
                "Print less, or export the value.]\n",
            )
        self.flush()

    def allow(self, count: int) -> bool:
        """Take so many bytes from the cell's allowance; False, and nothing taken, where too few are left."""
        if count > self._left:
            self._dropped += count
            return False
        self._left -= count
        return True

    def write(self, name: Name, text: str) -> None:
        """Show text now, or within a moment."""
        with self._interrupts.shield():
            size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
            if self._dropped:
                self._dropped += size
                return
            if size > self._left:
                text = text.encode("utf-8", "replace")[: self._left].decode("utf-8", "ignore")
                self._dropped += size - self._left
                size = self._left
            self._left -= size
            self._hold(name, text)

    def _hold(self, name: Name, text: str) -> None:
        if name != self._name:
            self.flush()
            self._name = name
        if not text:
            return
        waiting = bool(self._held)
        self._held.append(text)
        if self._clock() - self._sent_at >= MOMENT_SECONDS:
            self.flush()
        elif not waiting:
            self._flush_soon()

    def _flush_soon(self) -> None:
        if not self._interrupts.alarm.call(self._on_timer, MOMENT_SECONDS):
            self.flush()  # a host that forbids timers still gets its output, one message per print

    def _on_timer(self, _frame: object) -> None:
        if self._interrupts.shielded:
            self._flush_soon()
        else:
            self.flush()

    def flush(self) -> None:
        """Send what is held."""
        with self._interrupts.shield():
            if not self._held:
                return
            text, self._held = "".join(self._held), []
            self._sent_at = self._clock()
            for start in range(0, len(text), _PIECE):
                self._channel.publish("stream", {"name": self._name, "text": text[start : start + _PIECE]})


class Stream(io.TextIOBase):
    """A text stream over the output, for libraries that write to ``sys.stdout`` and ``sys.stderr``."""

    def __init__(self, output: Output, name: Name) -> None:
        self._output = output
        self._name: Name = name

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Always text."""
        return "utf-8"

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, text: str) -> int:
        """Show text; gives its length."""
        self._output.write(self._name, text)
        return len(text)

    def flush(self) -> None:
        """Send what is held."""
        self._output.flush()
