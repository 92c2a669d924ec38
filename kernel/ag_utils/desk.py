"""The desk over which a cell hands things to its notebook, and the one slot that says which desk is this process's.

Must not know what is behind it: the kernel writes the slot once, before any guest code.
"""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A value that the notebook sent, and what it said of its columns, should it become private."""

    value: Any
    metadata: Any = None
    categories: Any = None


class Desk(Protocol):
    """Whoever carries values and text to the notebook."""

    def export(self, value: Any, name: str) -> None:
        """Send a public value under a name."""

    def write(self, text: str) -> None:
        """Show text now."""

    def flush(self) -> None:
        """Send what is still held."""

    def display(self, value: Any, *, display_id: str = "", update: bool = False) -> None:
        """Show a value; under an id, it can be updated."""

    def clear(self, *, wait: bool) -> None:
        """Clear what the cell has shown."""

    def submit(self, predictions: Any) -> dict[str, Any]:
        """Submit predictions to the session's competition; what they score. ValueError or RuntimeError with the reason where they aren't scored."""

    def imported(self, name: str) -> Imported:
        """What the notebook sent under a name, once. LookupError where there is nothing."""


_bound: list[Desk] = []
"""Written by ``bind`` alone, because cells export and print by bare names."""


def bind(desk: Desk) -> None:
    """Make ``desk`` this process's. Called once, before guest code."""
    _bound[:] = [desk]


def bound() -> Desk:
    """The bound desk. RuntimeError outside of a session."""
    if not _bound:
        raise RuntimeError(
            "export and print to a notebook work inside a session only: put %%ag on the cell's first line"
        )
    return _bound[0]
