"""What an owner should look at before a value leaves: size, rows and columns of the input, small groups. Warnings, never a proof.

It must not run anybody's code: it sees a value that was decoded from the closed set, and the tables that it was made from.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from ag_kernel.review.likeness import plain_frame, rows_shown, values_shown

MANY_ROWS: Final = 50
SMALL: Final = 10
LARGE_BYTES: Final = 64 << 10
MANY_PARTS: Final = 100
_SEVERAL: Final = (dict, list, tuple, np.ndarray, pd.Series, pd.DataFrame)
_DEEPEST: Final = 64
_COUNT_NAMES: Final = ("count", "size", "n", "freq", "frequency", "rows", "number", "nunique")
_NUMBERS: Final = "iuf"
Tables = Mapping[str, pd.DataFrame]


def warnings(value: Any, tables: Tables, *, size: int) -> list[str]:
    """A sentence for each thing to look at. None of them quotes a value."""
    found: dict[str, None] = {}
    if size > LARGE_BYTES:
        found[f"It has {size:,} bytes: that is room for many rows."] = None
    known = {name: [_plain(frame[column]) for column in frame] for name, frame in tables.items()}
    for place, part in _parts(value, "the value", 0):
        for sentence in _about(place, part, tables, known):
            found[sentence] = None
    for sentence in _likenesses(value, tables):
        found[sentence] = None
    return list(found)


def _likenesses(value: Any, tables: Tables) -> Iterator[str]:
    """What of the value is the tables' own: rows, looked for in so many parts, and single values, in all of them."""
    parts = list(_parts(value, "the value", 0))
    plain = {name: plain_frame(frame) for name, frame in tables.items()}
    several = [(place, part) for place, part in parts if isinstance(part, _SEVERAL)]
    for place, part in several[:MANY_PARTS]:
        yield from rows_shown(place, part, plain)
    if len(several) > MANY_PARTS:
        yield f"It has {len(several):,} parts, of which {MANY_PARTS} were looked at for rows of the tables."
    yield from values_shown([each for _, part in parts for each in _leaves(part)], plain)


def _leaves(part: Any) -> Iterator[Any]:
    """The plain values of a part that has no parts of its own."""
    if isinstance(part, float | str):
        yield part
    for _, values in _columns(part):
        yield from values.tolist()


def _parts(value: Any, place: str, depth: int) -> Iterator[tuple[str, Any]]:
    """The value and whatever is inside it, each with where it stands."""
    yield place, value
    if depth >= _DEEPEST:
        return
    if isinstance(value, dict):
        for at, (key, inner) in enumerate(value.items()):
            yield from _parts(key, f"key {at + 1} of {place}", depth + 1)
            yield from _parts(inner, f"item {at + 1} of {place}", depth + 1)
    elif isinstance(value, list | tuple | set | frozenset) and not _flat(value):
        for at, inner in enumerate(value):
            yield from _parts(inner, f"item {at + 1} of {place}", depth + 1)


def _flat(value: Any) -> bool:
    """Whether it is a row or a column of plain values."""
    return all(isinstance(item, bool | int | float | str | None) for item in value)


def _about(place: str, part: Any, tables: Tables, known: Mapping[str, list[np.ndarray[Any, Any]]]) -> Iterator[str]:
    columns = list(_columns(part))
    if not columns:
        return
    length = max(len(values) for _, values in columns)
    for name, frame in tables.items():
        if length and length == len(frame):
            yield f"{place} has {length:,} rows, as many as {name}."
    if length > MANY_ROWS:
        yield f"{place} has {length:,} rows, more than {MANY_ROWS}."
    for heading, values in columns:
        for name, frame in tables.items():
            for at, column in enumerate(frame):
                if _same(values, known[name][at]):
                    yield f"{heading or place} holds the values of the column {column} of {name}."
        if _counts_few(heading, part, values):
            yield f"{heading or place} has counts below {SMALL}: groups of so few can be recognized."


def _columns(part: Any) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Its columns with their names; an index counts as one where it is more than numbers of rows."""
    if isinstance(part, pd.DataFrame):
        yield from ((str(name), _plain(part.iloc[:, at])) for at, name in enumerate(part.columns))
        yield from _columns(part.index)
    elif isinstance(part, pd.Series):
        yield str(part.name or ""), _plain(part)
        yield from _columns(part.index)
    elif isinstance(part, pd.MultiIndex):
        yield from (("the index", _plain(part.get_level_values(at))) for at in range(part.nlevels))
    elif isinstance(part, pd.Index) and not isinstance(part, pd.RangeIndex):
        yield "the index", _plain(part)
    elif isinstance(part, np.ndarray) and part.ndim:
        rows = part.reshape(len(part), -1)
        yield from (("", rows[:, at]) for at in range(min(rows.shape[1], MANY_ROWS)))
    elif isinstance(part, list | tuple | set | frozenset) and len(part) > 1 and _flat(part):
        yield "", np.array(list(part), dtype=object)
    elif isinstance(part, dict) and len(part) > 1 and _flat(part.values()):
        yield "", np.array(list(part.values()), dtype=object)


def _plain(values: Any) -> np.ndarray[Any, Any]:
    """As numbers where they are numbers, else as they are."""
    kind = getattr(values.dtype, "kind", "O")
    if kind in _NUMBERS:
        return pd.Series(values).to_numpy(dtype="float64", na_value=np.nan)
    return (
        np.asarray(values).astype("object") if isinstance(values, np.ndarray) else np.asarray(values.astype("object"))
    )


def _same(values: np.ndarray[Any, Any], column: np.ndarray[Any, Any]) -> bool:
    """Whether they are the column's values, in whatever order; also most of them, and the most of a long sample."""
    mine = _texts(values)
    if len(set(mine)) < SMALL:
        return False
    theirs = _texts(column)
    distinct = set(theirs)
    return len(theirs) >= SMALL and sum(each in distinct for each in mine) >= len(mine) * 0.9


def _texts(values: np.ndarray[Any, Any]) -> list[str]:
    numbers = _numbers(values)
    if numbers.notna().mean() > 0.5:  # noqa: PLR2004 - most of it are numbers
        return [repr(float(number)) for number in numbers.dropna()]
    return [str(value) for value in values if value is not None]


def _numbers(values: np.ndarray[Any, Any]) -> "pd.Series[Any]":
    """As real numbers, NaN where one is none; truth values are none."""
    real = [None if isinstance(value, bool | complex | np.complexfloating) else value for value in values.tolist()]
    return pd.to_numeric(pd.Series(real, dtype="object"), errors="coerce")


def _counts_few(heading: str, part: Any, values: np.ndarray[Any, Any]) -> bool:
    """Whether these are counts, by their name or because a table of whole numbers is one, and one of them is small."""
    named = any(word in heading.lower().replace("_", " ").split() for word in _COUNT_NAMES)
    whole = isinstance(part, pd.Series | pd.DataFrame | dict)
    numbers = _numbers(values).dropna()
    if numbers.empty or heading == "the index" or not (numbers == numbers.round()).all():
        return False
    return bool((named or whole) and ((numbers > 0) & (numbers < SMALL)).any())
