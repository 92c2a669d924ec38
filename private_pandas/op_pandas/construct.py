"""Private objects from public values of the analyst's own: kinds, bounds and values for the session's scratch data set.

Must not be used for an owner's data: bounds left out are taken from the values, which is safe only because they are public here.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from ag_plan.expressions import CastTarget, Scalar
from ag_plan.messages import AskIngest, ColumnValues, Ingested
from op_pandas.arguments import Bound, bounds
from op_pandas.private import Private
from op_pandas.rows import Rows, Term, source
from op_pandas.scalars import PublicScalar, micros, plain
from op_pandas.vault import ask, bound

FrameMetadata: TypeAlias = Mapping[Any, tuple[Bound, Bound] | list[Any]]
SeriesMetadata: TypeAlias = tuple[Bound, Bound] | list[Any]
Kind: TypeAlias = Literal["float", "int", "bool", "str", "datetime"]

_INT64 = range(-(2**63), 2**63)

SERIES = "series"
"""The name of a column that has none, as joins have always called it."""

_INFERRED: dict[str, Kind] = {
    "floating": "float",
    "mixed-integer-float": "float",
    "decimal": "float",
    "integer": "int",
    "boolean": "bool",
    "string": "str",
    "empty": "float",
    "categorical": "str",
    "datetime64": "datetime",
    "datetime": "datetime",
    "date": "datetime",
}
_TARGETS: dict[str, CastTarget] = {
    "f": "float",
    "i": "int",
    "u": "int",
    "b": "bool",
    "U": "str",
    "O": "str",
    "M": "datetime",
}


def cast_target(dtype: Any) -> CastTarget:
    """The logical type of a dtype. TypeError where there is none."""
    if dtype in {"category", "datetime"}:
        raise TypeError(
            f"astype({dtype!r}) is not available; name the categories with map, or cast to 'datetime64[ns]'"
        )
    try:
        found = pd.api.types.pandas_dtype(dtype)
    except TypeError:
        raise TypeError(f"{dtype!r} is not a type a private column can have") from None
    target = _TARGETS.get(found.kind)
    if target is None:
        raise TypeError(
            f"{dtype!r} is not a type a private column can have; use float, int, bool, str or datetime64[ns]"
        )
    return target


def public_frame(values: object) -> pd.DataFrame:
    """The values as a DataFrame. TypeError where they are private, or no table."""
    if isinstance(values, pd.DataFrame):
        return values
    _refuse_private(values)
    if not isinstance(values, Mapping):
        raise TypeError(f"PrivateDataFrame needs a DataFrame or a dict of columns, not a {type(values).__name__}")
    return pd.DataFrame(values)


def public_series(values: Any) -> "pd.Series[Any]":
    """The values as a Series. TypeError where they are private, or no column."""
    if isinstance(values, pd.Series):
        return values
    _refuse_private(values)
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"PrivateSeries needs a Series or a list of values, not a {type(values).__name__}")
    return pd.Series(list(values))


def _refuse_private(values: object) -> None:
    if isinstance(values, Private):
        raise TypeError(f"a {type(values).__name__} is private already; use copy()")


def ingested(
    values: pd.DataFrame, metadata: FrameMetadata, categorical: Mapping[Any, Iterable[PublicScalar]]
) -> tuple[Rows, dict[str, Term]]:
    """The rows and terms of public values put into the scratch data set. ValueError or TypeError where they don't fit."""
    named = {str(name): values.iloc[:, i] for i, name in enumerate(values.columns)}
    if len(named) < len(values.columns):
        raise ValueError("columns of a private frame have distinct names")
    if not named:
        raise ValueError("a private frame needs at least one column")
    given = {str(name): pair for name, pair in metadata.items()}
    listed = {str(name): values for name, values in categorical.items()}
    unknown = next((name for name in (*given, *listed) if name not in named), None)
    if unknown is not None:
        raise ValueError(f"Column {unknown} does not exist")
    columns = tuple(_column(name, each, given.get(name), listed.get(name)) for name, each in named.items())
    vault = bound()
    rows = source(vault, ask(vault, AskIngest(id=0, columns=columns), Ingested).table)
    return rows, rows.base()


def ingested_series(
    values: "pd.Series[Any]", name: str, metadata: SeriesMetadata | None, categorical: Iterable[PublicScalar] | None
) -> tuple[Rows, dict[str, Term]]:
    """As ``ingested``, for one column."""
    frame = pd.DataFrame({name: values.reset_index(drop=True)})
    return ingested(
        frame, {} if metadata is None else {name: metadata}, {} if categorical is None else {name: categorical}
    )


def _column(
    name: str, values: "pd.Series[Any]", metadata: object, categorical: Iterable[PublicScalar] | None
) -> ColumnValues:
    kind = _kind(name, values)
    if categorical is None and isinstance(values.dtype, pd.CategoricalDtype):
        categorical = list(values.dtype.categories)
    categories = None if categorical is None else tuple(plain(value) for value in categorical)
    cells = _cells(kind, values)
    if kind in {"str", "bool"}:
        return ColumnValues(name=name, kind=kind, values=cells, categories=categories)
    lower, upper = _bounds(name, cells, metadata)
    inside = tuple(_moved(cell, lower, upper) for cell in cells)
    return ColumnValues(name=name, kind=kind, values=inside, lower=lower, upper=upper, categories=categories)


def _moved(cell: Scalar, lower: float, upper: float) -> Scalar:
    """A number beyond the bounds moved to them: the vault would do the same, but no plan carries an infinity."""
    if not isinstance(cell, int | float) or lower <= cell <= upper:
        return cell
    return lower if cell < lower else upper


def _kind(name: str, values: "pd.Series[Any]") -> Kind:
    plain_values = (
        values.astype(values.dtype.categories.dtype) if isinstance(values.dtype, pd.CategoricalDtype) else values
    )
    inferred = pd.api.types.infer_dtype(plain_values, skipna=True)
    kind = _INFERRED.get(inferred)
    if kind is None:
        raise TypeError(
            f"column {name} holds {inferred} values; a private column holds numbers, booleans, text or dates"
        )
    return "float" if kind == "int" and plain_values.dtype.kind == "f" else kind


def _cells(kind: Kind, values: "pd.Series[Any]") -> tuple[Scalar, ...]:
    missing = values.isna().to_numpy()
    if kind == "datetime":
        return tuple(None if gone else micros(value) for value, gone in zip(values, missing, strict=True))
    if kind == "float":
        numbers = values.astype("object").where(~missing, np.nan).to_numpy(dtype=np.float64)
        return tuple(None if gone else value for value, gone in zip(numbers.tolist(), missing, strict=True))
    cells = tuple(None if gone else plain(value) for value, gone in zip(values.tolist(), missing, strict=True))
    if any(isinstance(cell, int) and cell not in _INT64 for cell in cells):
        raise ValueError("whole numbers in a private column must fit in 64 bits; use floats")
    return cells


def _bounds(name: str, cells: tuple[Scalar, ...], metadata: object) -> tuple[int | float, int | float]:
    if metadata is not None:
        return bounds(metadata, f"metadata of {name}")
    finite = [value for value in cells if isinstance(value, int | float) and math.isfinite(value)]
    return (min(finite), max(finite)) if finite else (0, 0)
