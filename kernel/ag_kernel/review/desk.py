"""What reviewed code prints, kept for the owner up to a limit; it has no notebook to say more to.

It must not know who reads it.
"""

from typing import Any, NoReturn

from ag_utils.desk import Imported

_NO_NOTEBOOK = "reviewed code has no notebook: return the value"


class ReviewDesk:
    """Keeps text, and offers nothing else."""

    def __init__(self, *, limit: int) -> None:
        self._left = limit
        self._kept: list[str] = []
        self._dropped = False

    @property
    def text(self) -> str:
        """What was printed."""
        return "".join(self._kept) + ("\n[more was printed and not kept]" if self._dropped else "")

    def write(self, text: str) -> None:
        """Keep text as far as there is room."""
        kept = str(text)[: self._left]
        self._dropped = self._dropped or len(kept) < len(text)
        self._left -= len(kept)
        if kept:
            self._kept.append(kept)

    def flush(self) -> None:
        """Nothing is held back."""

    def export(self, value: Any, name: str) -> NoReturn:
        """RuntimeError."""
        del value, name
        raise RuntimeError(_NO_NOTEBOOK)

    def display(self, value: Any, *, display_id: str = "", update: bool = False) -> NoReturn:
        """RuntimeError."""
        del value, display_id, update
        raise RuntimeError(_NO_NOTEBOOK)

    def clear(self, *, wait: bool) -> NoReturn:
        """RuntimeError."""
        del wait
        raise RuntimeError(_NO_NOTEBOOK)

    def submit(self, predictions: Any) -> NoReturn:
        """RuntimeError."""
        del predictions
        raise RuntimeError("reviewed code belongs to no competition")

    def imported(self, name: str) -> Imported:
        """LookupError."""
        raise LookupError(f"reviewed code has no notebook that could have sent {name!r}")
