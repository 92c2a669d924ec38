"""Assets of a data set as its catalogue shows them: a table each, with unit, columns and bounds. Must not know how it was asked for.

``ag.ExactMatch(data=held.assets["people"])`` binds code for review to one.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from antigranular import table
from antigranular.errors import AgError
from antigranular.listing import Listing
from antigranular.reading import reading

_SAID = "answer about assets"
_HEADERS = ("asset", "who sees its rows", "privacy unit", "columns", "rows")
_LONGEST = 60
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class HeldAsset:
    """One table of the data set ``dataset``. ``public``: a frame that everybody sees whole, of which nothing else is said."""

    dataset: str
    name: str
    public: bool
    facts: Mapping[str, Any] = field(repr=False, default_factory=dict)

    @property
    @reading(_SAID)
    def unit(self) -> str:
        """Whose privacy is protected, in words; nothing of a public frame."""
        unit = self.facts.get("unit", "row")
        if self.public:
            return ""
        return "one row" if unit == "row" else f"all rows of one {unit['name']}, at most {unit['max_rows']} here"

    @property
    @reading(_SAID)
    def rows(self) -> int | None:
        """Its number of rows where the owner made it public, which no guarantee covers then; else None."""
        rows = self.facts.get("rows")
        return None if rows is None else int(rows)

    @property
    @reading(_SAID)
    def columns(self) -> Listing[Mapping[str, Any]]:
        """Its columns as the owner describes them: name, type, what it may hold, whether values may be missing."""
        found = [dict(each) for each in self.facts.get("columns", ())]
        return Listing(found, ("column", "type", "values", "nulls"), _described, f"{self.dataset}, {self.name}")

    def cells(self) -> tuple[str, ...]:
        """As a row of a table."""
        seen = "everybody" if self.public else "nobody"
        many = "" if self.public else f"{len(self.columns)}"
        rows = "" if self.public else "not public"
        return (self.name, seen, self.unit, many, rows if self.rows is None else f"{self.rows:,}")


class Assets(Sequence[HeldAsset]):
    """All assets of one data set, private tables first; each by its name or its place."""

    def __init__(self, dataset: str, facts: Mapping[str, Any]) -> None:
        private = [HeldAsset(dataset, str(name), public=False, facts=each) for name, each in facts["tables"].items()]
        views = [each for each in facts["views"] if each["kind"] == "public"]
        self._of = dataset
        self._items = private + [HeldAsset(dataset, str(each["key"]), public=True) for each in views]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[HeldAsset]:
        return iter(self._items)

    def __getitem__(self, which: Any) -> Any:
        """One by its name or its place. AgError where there is none of that name."""
        if not isinstance(which, str):
            return self._items[which]
        for each in self._items:
            if each.name == which:
                return each
        raise AgError(f"{self._of} has no asset {which!r}; it has {', '.join(each.name for each in self._items)}")

    def _listing(self) -> Listing[HeldAsset]:
        return Listing(self._items, _HEADERS, HeldAsset.cells, f"{self._of}: assets")

    def __repr__(self) -> str:
        return repr(self._listing())

    def _repr_html_(self) -> str:
        return self._listing()._repr_html_()


def _described(column: Mapping[str, Any]) -> table.Row:
    nulls = "may be missing" if column.get("nullable", True) else "never missing"
    return (str(column["name"]), str(column["kind"]), _holds(column), nulls)


def _holds(column: Mapping[str, Any]) -> str:
    """What values are within, in words."""
    categories, lower, upper = (column.get(name) for name in ("categories", "lower", "upper"))
    if categories is not None:
        words = ", ".join(map(str, categories))
        return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
    if lower is None or upper is None:
        return "any"
    return f"{_bound(column, lower)} to {_bound(column, upper)}"


def _bound(column: Mapping[str, Any], value: float) -> str:
    if column["kind"] != "datetime":
        return f"{value:g}"
    return f"{_EPOCH + dt.timedelta(microseconds=int(value)):%Y-%m-%d}"
