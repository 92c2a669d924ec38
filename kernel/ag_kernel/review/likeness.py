"""Whether a value shows rows of the tables that it was made from: a few rows of a table are as much a disclosure as all of it.

It must not know who asks, and quotes no value. What it doesn't find proves nothing: whoever wants to hide a row writes it otherwise.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from ag_kernel.review.known import FEW

_NAMED: Final = 4
_ANY_NAME: Final = None


def plain_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A table with its numbers as such and everything else as it is: what the others compare with."""
    return frame.apply(_plain)


def rows_shown(place: str, part: Any, tables: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """A sentence for each table of which this part of a value has rows as they are: several columns agree, as they do in few rows."""
    shown = _as_rows(part)
    if shown is None or not len(shown):
        return
    for name, table in tables.items():
        mine = _fitted(shown, table)
        common = [column for column in mine.columns if column in table.columns] if mine is not None else []
        if mine is not None and len(common) > 1 and _has_any(mine[common], table[common]):
            yield f"{place} has rows of {name} as they are: {_listed(common)} agree, as they do in fewer than {FEW} rows."


def _as_rows(part: Any) -> pd.DataFrame | None:
    """What may be rows: a frame, a record by names, or lists and arrays, whose columns have no names."""
    read = _FORMS.get(type(part))
    return None if read is None else read(part)


def _record(part: "dict[Any, Any]") -> pd.DataFrame | None:
    return pd.DataFrame([list(part.values())], columns=[str(key) for key in part]) if len(part) > 1 else None


def _array(part: np.ndarray[Any, Any]) -> pd.DataFrame | None:
    return _nameless(np.atleast_2d(part).astype("object")) if part.ndim in (1, 2) else None


def _lists(part: "list[Any] | tuple[Any, ...]") -> pd.DataFrame | None:
    inner = [each for each in part if isinstance(each, list | tuple)]
    if not inner:
        return _nameless([part]) if part else None
    return _nameless(part) if len(inner) == len(part) and len({len(each) for each in inner}) == 1 else None


def _nameless(rows: Any) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows))
    return frame.set_axis([_ANY_NAME] * frame.shape[1], axis=1)


def _fitted(shown: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame | None:
    """With names to compare by; where there are none, the table's, in its order, if there are as many."""
    if not all(name is _ANY_NAME for name in shown.columns):
        return shown.loc[:, ~shown.columns.duplicated()]
    return shown.set_axis(table.columns, axis=1) if shown.shape[1] == table.shape[1] else None


def _has_any(mine: pd.DataFrame, theirs: pd.DataFrame) -> bool:
    """Whether a row of mine is among theirs, and among few of them."""
    mine = mine.dropna(how="all")
    alike = np.ones(len(theirs), dtype=bool)
    for column in mine.columns:
        alike &= theirs[column].isin(_plain(mine[column]).tolist()).to_numpy()
    counted = pd.Series(_hashes(theirs[alike])).value_counts()
    found = counted.reindex(np.unique(_hashes(mine))).fillna(0)
    return bool(((found > 0) & (found < FEW)).any())


def _hashes(frame: pd.DataFrame) -> np.ndarray[Any, Any]:
    """A number for each row, the same for rows that are equal whatever the types of their columns."""
    plain = pd.DataFrame({at: _plain(frame.iloc[:, at]).map(_text) for at in range(frame.shape[1])})
    return np.asarray(pd.util.hash_pandas_object(plain, index=False))


def _text(value: Any) -> str:
    return repr(float(value)) if isinstance(value, bool | int | float | np.number) else str(value)


def _plain(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """As numbers where it is of numbers, else as it is."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64") if column.dtype.kind in "iufb" else pd.to_numeric(column).astype("float64")
    return column.astype("object").map(_comparable)


def _comparable(value: Any) -> Any:
    """What can be looked up among others: a list or another thing that changes is its text."""
    return value if isinstance(value, Hashable) else repr(value)


def _listed(columns: Sequence[Any]) -> str:
    names = [str(each) for each in columns]
    more = f" and {len(names) - _NAMED} more columns" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


_FORMS: Final[Mapping[type, Callable[[Any], pd.DataFrame | None]]] = {
    pd.DataFrame: lambda part: part,
    pd.Series: lambda part: part.to_frame().T if len(part) > 1 else None,
    dict: _record,
    np.ndarray: _array,
    list: _lists,
    tuple: _lists,
}
