"""The data sets of an enclave as something to look at: names, what they are, what their keys give. Must not know how it was asked for."""

from collections.abc import Mapping
from typing import Any

from antigranular import table
from antigranular.reading import reading

TYPES: Mapping[object, str] = {
    "frame": "PrivateDataFrame",
    "series": "PrivateSeries",
    "public": "DataFrame (public)",
}
"""What a view of a data set is in the session, by its kind."""

_HEADERS = ("data set", "in a session", "keys", "what it is")
_ROWS = "rows"
"""One more, where an owner has made a number of rows public."""
_ABOVE = table.heading("Data sets", "ag.login(…, dataset=…) opens one")
_BRIEF = 80


def type_of(kind: object) -> str:
    """What a view of that kind is in the session; a kind that this client doesn't know, by its name."""
    return TYPES.get(str(kind), str(kind))


class Catalogue(list[dict[str, Any]]):
    """A list of the data sets' public parts ("name", "variable", "description", "views"), and a table where it is displayed."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("Catalogue(…)" if cycle else str(self))

    def __str__(self) -> str:
        rows = [
            (name, variable.text, _brief(what), keys.text, *more) for name, variable, keys, what, *more in self._rows()
        ]
        headers = (_HEADERS[0], _HEADERS[1], _HEADERS[3], _HEADERS[2], *self._more())
        return f"{_ABOVE.text}\n{table.as_text(headers, rows, most=None)}"

    def _repr_html_(self) -> str:
        return table.as_html((*_HEADERS, *self._more()), self._rows(), above=_ABOVE.html, most=None)

    @reading("catalogue")
    def _more(self) -> tuple[str, ...]:
        """The header of the column of shapes, where anything is in it."""
        return (_ROWS,) if any(map(_shapes, self)) else ()

    @reading("catalogue")
    def _rows(self) -> list[tuple[Any, ...]]:
        more = bool(self._more())
        return [
            (
                str(each.get("name")),
                table.code(str(each.get("variable"))),
                table.chips([str(view.get("key")) for view in each.get("views") or []]),
                " ".join(str(each.get("summary") or each.get("description") or "").split()),
                *((_shapes(each) or "not public",) if more else ()),
            )
            for each in self
        ]


def _shapes(each: Mapping[str, Any]) -> str:
    """Numbers of rows that the owner made public; nothing of the others."""
    tables = (each.get("tables") or {}).items()
    return ", ".join(f"{key}: {found['rows']:,}" for key, found in tables if found.get("rows") is not None)


def _brief(words: str) -> str:
    return words if len(words) <= _BRIEF else f"{words[: _BRIEF - 1]}…"
