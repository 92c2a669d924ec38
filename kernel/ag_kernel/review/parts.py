"""What a value is made of: containers with their lengths, and the runs of plain values in them, labels and unused categories included.

It must not know what anybody looks for in them, nor run anybody's code: it sees what was decoded from the closed set.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from ag_utils.model import Model

_DEEPEST: Final = 64
_ROWS_READ_ACROSS: Final = 50
"""A table of more rows is told by that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Plain values that stand together: a column, a row, labels, a list, or one alone.

    ``heading``: what the value itself calls them, which may be a row's value. ``counted``: whole numbers in it are counts, as likely as not.
    """

    place: str
    held: Sequence[Any]
    heading: str = ""
    counted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A container, or a value that stands alone. ``lengths``: what it has so many of, by a word for these; ``whole``: itself."""

    place: str
    lengths: Mapping[str, int]
    runs: Sequence[Run]
    whole: Any = None


Taken = tuple[Part, list[tuple[str, Any]]]
"""What a value is itself, and the containers in it with their places."""


def parts_of(value: Any, place: str = "the value", depth: int = 0) -> Iterator[Part]:
    """The value and whatever is inside it, each with where it stands. No place quotes a value."""
    if depth > _DEEPEST:  # no value that was decoded is so deep
        raise RecursionError(place)
    part, inside = _taken(value, place)
    yield replace(part, whole=value)
    for where, inner in inside:
        yield from parts_of(inner, where, depth + 1)


def _taken(value: Any, place: str) -> Taken:
    for kinds, take in _TAKES:
        if isinstance(value, kinds):
            return take(value, place)
    return Part(place=place, lengths={}, runs=[Run(place=place, held=[value])]), []


def _series(value: "pd.Series[Any]", place: str) -> Taken:
    held = [(f"the index of {place}", value.index), (f"the name of {place}", value.name), *_hidden(value, place)]
    return _column(value, place, str(value.name or ""), counted=True), held


def _index(value: "pd.Index[Any]", place: str) -> Taken:
    """Its values; of an index of several levels also what no row need show, and of rows' numbers nothing."""
    named: list[tuple[str, Any]] = [(f"the names of {place}", list(value.names))]
    if isinstance(value, pd.MultiIndex):
        levels = [(f"level {at + 1} of {place}", level) for at, level in enumerate(value.levels)]
        return Part(place=place, lengths={"rows": len(value)}, runs=()), [*levels, *named]
    if isinstance(value, pd.RangeIndex):
        return Part(place=place, lengths={}, runs=()), named
    return _column(value, place), [*named, *_hidden(value, place)]


def _frame(value: pd.DataFrame, place: str) -> Taken:
    columns = [value.iloc[:, at] for at in range(value.shape[1])]
    held = [_plain(column) for column in columns]
    runs = [
        Run(place=f"column {at + 1} of {place}", held=held[at], heading=str(column.name), counted=True)
        for at, column in enumerate(columns)
    ]
    if len(value) <= _ROWS_READ_ACROSS:
        rows = zip(*held, strict=True)
        runs += [Run(place=f"row {at + 1} of {place}", held=row) for at, row in enumerate(rows)]
    inside = [(f"the index of {place}", value.index), (f"the labels of {place}", value.columns)]
    for at, column in enumerate(columns):
        where = f"column {at + 1} of {place}"
        inside += [*_hidden(column, where), *_nested(held[at], where)]
    return Part(place=place, lengths={"rows": len(value), "columns": len(columns)}, runs=runs), inside


def _column(value: Any, place: str, heading: str = "", *, counted: bool = False) -> Part:
    run = Run(place=place, held=_plain(value), heading=heading, counted=counted)
    return Part(place=place, lengths={"rows": len(value)}, runs=[run])


def _hidden(value: Any, place: str) -> list[tuple[str, Any]]:
    """Of a column, what no row need show: all its categories, and containers in it."""
    categories = getattr(value.dtype, "categories", None)
    known = [] if categories is None else [(f"the categories of {place}", categories)]
    return [*known, *(_nested(_plain(value), place) if value.dtype == object else [])]


def _array(value: np.ndarray[Any, Any], place: str) -> Taken:
    if not value.ndim:
        return _items([value.item()], place)
    flat = value.reshape(len(value), -1) if value.size else np.empty((0, 1))
    runs = [Run(place=place, held=_plain(flat[:, at])) for at in range(flat.shape[1])]
    if value.ndim > 1 and len(flat) <= _ROWS_READ_ACROSS:
        runs += [Run(place=place, held=_plain(row)) for row in flat]
    lengths = {"rows" if not axis else f"items along axis {axis + 1}": size for axis, size in enumerate(value.shape)}
    inside = _nested(list(value.flat), place) if value.dtype == object else []
    return Part(place=place, lengths=lengths, runs=runs), inside


def _pairs(value: Mapping[Any, Any], place: str) -> Taken:
    keys, held = list(value), list(value.values())
    runs = [Run(place=f"the keys of {place}", held=[key for key in keys if not _is_container(key)])]
    for at, (key, one) in enumerate(zip(keys, held, strict=True)):
        if not _is_container(one):
            runs.append(Run(place=f"item {at + 1} of {place}", held=[one], heading=str(key), counted=True))
    runs.append(Run(place=place, held=[one for one in held if not _is_container(one)]))
    return Part(place=place, lengths={"items": len(keys)}, runs=runs), [*_nested(keys, place), *_nested(held, place)]


def _items(value: list[Any], place: str) -> Taken:
    plain = [one for one in value if not _is_container(one)]
    return Part(place=place, lengths={"items": len(value)}, runs=[Run(place=place, held=plain)]), _nested(value, place)


def _nested(values: Sequence[Any], place: str) -> list[tuple[str, Any]]:
    return [(f"item {at + 1} of {place}", one) for at, one in enumerate(values) if _is_container(one)]


def _is_container(value: Any) -> bool:
    return isinstance(value, _CONTAINERS) and not (isinstance(value, np.ndarray) and value.ndim == 0)


def _plain(values: Any) -> list[Any]:
    """Its values one by one, as Python's where they are numbers."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "mM":
        values = pd.Series(values)  # an array's own list has numbers in the place of moments
    return list(values.tolist())


def _model(value: Model, place: str) -> Taken:
    return _pairs({"params": value.params, "attributes": value.attributes}, place)


def _interval(value: "pd.Interval[Any]", place: str) -> Taken:
    return _items([value.left, value.right], place)


_TAKES: Final[Sequence[tuple[type | tuple[type, ...], Callable[[Any, str], Taken]]]] = (
    (pd.DataFrame, _frame),
    (pd.Series, _series),
    (pd.Index, _index),
    (np.ndarray, _array),
    (pd.api.extensions.ExtensionArray, lambda value, place: _series(pd.Series(value), place)),
    (Mapping, _pairs),
    (Model, _model),
    (pd.Interval, _interval),
    ((list, tuple, set, frozenset), lambda value, place: _items(list(value), place)),
)
"""By kind; whatever is in no row stands alone."""
_CONTAINERS: Final = tuple(kind for kinds, _ in _TAKES for kind in (kinds if isinstance(kinds, tuple) else (kinds,)))
