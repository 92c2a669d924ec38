"""What one cell may use and say, and what it has; which limit it passed, in a sentence. And how fast a kernel may talk.

Knows numbers and clocks. The kernel keeps to the same limits politely; here they hold for kernels that don't.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from ag_enclave.bridge.message import Message
from ag_enclave.bridge.mimes import EXPORT
from ag_enclave.config import Config, Kernel

_SLACK_BYTES = 2 << 20
"""Echoed input, error texts and the names of fields, which the kernel doesn't count as output."""
_NUMBER_BYTES = 8
_BURST_SECONDS = 2.0


class Allowance:
    """One session's cells, one at a time. ``clock`` is monotonic seconds; processor seconds are of the kernel's whole life."""

    def __init__(self, config: Config, clock: Callable[[], float]) -> None:
        self._config = config
        self._clock = clock
        self._began: float | None = None
        self._cpu_before = 0.0
        self._messages = self._shown = self._exported = 0
        self._over = ""
        self._failed = False
        self.exported = 0
        """Bytes of all cells."""

    def begin(self, cpu_seconds: float) -> None:
        """A cell's turn: everything is counted anew."""
        self._began, self._cpu_before = self._clock(), cpu_seconds
        self._messages = self._shown = self._exported = 0
        self._over = ""
        self._failed = False

    def end(self) -> None:
        """No cell runs; what a kernel says now is still counted."""
        self.begin(0.0)
        self._began = None

    @property
    def seconds(self) -> float:
        """How long the cell has run; 0.0 where none does."""
        return self._clock() - self._began if self._began is not None else 0.0

    def take(self, message: Message) -> bool:
        """Count a message; False where the cell has said too much and it is to be dropped. How it failed is always told, once."""
        size = _weight(message.content) + sum(map(len, message.buffers))
        self._messages += 1
        exports = EXPORT in message.content.get("data", ())
        if exports:
            self._exported += size
        else:
            self._shown += size
        self._over = self._over or self._said_too_much()
        if message.header["msg_type"] == "error" and not self._failed:
            self._failed = True
            return True
        if not self._over and exports:
            self.exported += size
        return not self._over

    def passed(self, cpu_seconds: float) -> str:
        """Which limit the cell has passed; empty where none."""
        limits = self._config.sessions
        if self._over:
            return self._over
        if limits.cell_timeout_seconds and self.seconds > limits.cell_timeout_seconds:
            return f"This cell ran for more than {limits.cell_timeout_seconds} seconds"
        taken = cpu_seconds - self._cpu_before if self._began is not None else 0.0
        if limits.cell_cpu_seconds and taken > limits.cell_cpu_seconds:
            return f"This cell took more than {limits.cell_cpu_seconds} seconds of processor time"
        return ""

    def _said_too_much(self) -> str:
        kernel, export = self._config.kernel, self._config.wire.export_bytes
        if self._messages > kernel.cell_messages:
            return f"This cell sent more than {kernel.cell_messages:,} messages"
        if self._shown > kernel.cell_output_bytes + _SLACK_BYTES:
            return f"This cell showed more than {kernel.cell_output_bytes:,} bytes"
        if self._exported > export + _SLACK_BYTES:
            return f"This cell exported more than {export:,} bytes"
        return ""


def _weight(value: Any) -> int:
    """About the bytes of a value: texts by their length, the rest by a constant."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(_weight, value.values()))
    return sum(map(_weight, value)) if isinstance(value, list) else _NUMBER_BYTES


class Pace:
    """How fast one kernel is listened to: messages and bytes per second, with a burst. A faster one waits for us."""

    def __init__(self, limits: Kernel, clock: Callable[[], float]) -> None:
        self._rates = (float(limits.messages_per_second), float(limits.bytes_per_second))
        self._left = [rate * _BURST_SECONDS for rate in self._rates]
        self._clock = clock
        self._at = clock()

    async def take(self, size: int) -> None:
        """Count a message of ``size`` bytes, and wait where there were too many of late."""
        now = self._clock()
        for index, (rate, cost) in enumerate(zip(self._rates, (1, size), strict=True)):
            self._left[index] = min(rate * _BURST_SECONDS, self._left[index] + (now - self._at) * rate) - cost
        self._at = now
        debt = max(-left / rate for left, rate in zip(self._left, self._rates, strict=True))
        if debt > 0:
            await asyncio.sleep(debt)
