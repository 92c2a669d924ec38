"""Lists that show themselves as tables. Must not know what is in them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

from antigranular import table
from antigranular.reading import reading

Item = TypeVar("Item")
_MINUTE = len("2026-01-01T00:00")


def minute(moment: Any) -> str:
    """A moment as the wire has it, to the minute, as tables show it."""
    return str(moment)[:_MINUTE].replace("T", " ")


class Listing(Sequence[Item], Generic[Item]):
    """Items in order, and a table where they are displayed. ``row`` gives an item's cells."""

    def __init__(
        self, items: Sequence[Item], headers: table.Row, row: Callable[[Item], table.Row], caption: str
    ) -> None:
        self._items = list(items)
        self._headers = headers
        self._row = row
        self._caption = caption

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Item]: ...
    def __getitem__(self, at: int | slice) -> Item | Sequence[Item]:
        if isinstance(at, int) and not -len(self) <= at < len(self):
            raise IndexError(f"there is no number {at} in {self._caption}, which has {len(self)}")
        return self._items[at]

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def _rows(self) -> list[table.Row]:
        with reading(f"answer ({self._caption})"):
            return [self._row(item) for item in self._items]

    def __repr__(self) -> str:
        return table.as_text(self._headers, self._rows()) if self._items else table.heading(self._caption, "none").text

    def _repr_html_(self) -> str:
        if not self._items:
            return table.heading(self._caption, "none").html
        above = table.heading(self._caption).html
        return table.as_html(self._headers, self._rows(), above=above)
