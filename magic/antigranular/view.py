"""Where a cell's output goes, and the plainest place: two text streams. Must not know the wire or any notebook."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TextIO

Bundle = Mapping[str, Any]
"""One thing to show, by mime type."""

EXPORT_LINE = "Setting up exported variable in local environment: {name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Something the cell displays: its mime bundle, the bundle's metadata, and an id where it may be updated later."""

    data: Bundle
    metadata: Bundle
    display_id: str | None = None
    update: bool = False


class View(Protocol):
    """What a cell says as it runs, in order. ``started`` gets the session's number of it, ``result`` its last expression's value."""

    def started(self, count: int) -> None:
        """The session's number of this cell."""

    def stream(self, name: str, text: str) -> None:
        """Text, as it is printed, on stdout or stderr."""

    def display(self, shown: Shown) -> None:
        """Show something, or update what was shown."""

    def result(self, shown: Shown) -> None:
        """The value of the last expression."""

    def clear(self, *, wait: bool) -> None:
        """Clear what this cell has shown."""

    def export(self, name: str, value: Any) -> None:
        """A value that was exported, under its name."""

    def budget(self, shown: Shown) -> None:
        """What the cell spent and what is left."""

    def notice(self, text: str) -> None:
        """Something about the connection, not from the cell."""

    def progress(self, text: str, share: float) -> None:
        """How far a large value has come, from 0 to 1; without a text it is over."""

    def waiting(self, seconds: float) -> None:
        """The cell has been running for so long; called every second once that is worth saying."""

    def waited(self, seconds: float) -> None:
        """The cell has ended after so long."""


class PlainView:
    """Everything as text; without arguments on this process's standard output and error."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out
        self._err = err
        self._told = False

    def started(self, count: int) -> None:
        """Text has no numbers."""

    def stream(self, name: str, text: str) -> None:
        """Pass text on at once."""
        # Looked up late: notebooks and test runners replace the standard streams as they go.
        chosen = (self._err or sys.stderr) if name == "stderr" else (self._out or sys.stdout)
        chosen.write(text)
        chosen.flush()

    def display(self, shown: Shown) -> None:
        """The plain form, which every display has."""
        self.stream("stdout", f"{shown.data.get('text/plain', '')}\n")

    def result(self, shown: Shown) -> None:
        """As any display."""
        self.display(shown)

    def clear(self, *, wait: bool) -> None:
        """Text once written stays."""

    def export(self, name: str, value: Any) -> None:  # noqa: ARG002 (the caller of execute gets the value)
        """Say that it arrived."""
        self.stream("stdout", EXPORT_LINE.format(name=name) + "\n")

    def budget(self, shown: Shown) -> None:
        """As any display."""
        self.display(shown)

    def notice(self, text: str) -> None:
        """Something about the connection, not from the cell."""
        self.stream("stderr", f"{text}\n")

    def progress(self, text: str, share: float) -> None:  # noqa: ARG002 (a line can't be taken back, so it is one)
        """One line for each value that takes long."""
        if text and not self._told:
            self.notice(text)
        self._told = bool(text)

    def waiting(self, seconds: float) -> None:
        """Text streams can't take a line back, so they are not given one."""

    def waited(self, seconds: float) -> None:
        """Nothing to take back."""


class QuietView(PlainView):
    """Nothing is shown but what is wrong; exports reach ``keep`` without a word."""

    def __init__(self, keep: Callable[[str, Any], None]) -> None:
        super().__init__()
        self._keep = keep

    def stream(self, name: str, text: str) -> None:
        """Errors of the connection only: they come as notices."""

    def notice(self, text: str) -> None:
        """Still said."""
        super().stream("stderr", f"{text}\n")

    def export(self, name: str, value: Any) -> None:
        """Kept, and not said."""
        self._keep(name, value)
