"""Private objects from public values of the analyst's own: kinds, bounds and values for the session's scratch data set.

Must not be used for an owner's data: bounds left out are taken from the values, which is safe only because they are public here.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ag_plan.expressions import Cast, CastTarget, Expression, Scalar
from ag_plan.messages import AskIngest, ColumnSchema, ColumnValues, Ingested
from op_pandas.arguments import Bound, bounds
from op_pandas.private import Private
from op_pandas.rows import Rows, Term, source
from op_pandas.scalars import PublicScalar, micros, plain
from op_pandas.vault import ask, bound

FrameMetadata: TypeAlias = Mapping[Any, tuple[Bound, Bound] | list[Any]]
SeriesMetadata: TypeAlias = tuple[Bound, Bound] | list[Any]
Missing: TypeAlias = npt.NDArray[np.bool_]
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


_ELSEWHERE = {
    "category": "its categories would have to come from the rows; name them: map(function, output_categories=[…])",
    "datetime": "cast to 'datetime64[ns]'",
}
"""What to write instead of types that don't say enough."""


def cast(expression: Expression, column: ColumnSchema, dtype: Any) -> Expression:
    """A column in another type; as it is, where it has public categories and is to have some. TypeError where there is no such type."""
    if isinstance(dtype, str | pd.CategoricalDtype) and str(dtype) == "category" and column.categories is not None:
        return expression
    return Cast(operand=expression, to=cast_target(dtype))


def cast_target(dtype: Any) -> CastTarget:
    """The logical type of a dtype. TypeError where there is none."""
    if isinstance(dtype, str) and dtype in _ELSEWHERE:
        raise TypeError(f"astype({dtype!r}) is not available; {_ELSEWHERE[dtype]}")
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
    values: pd.DataFrame,
    metadata: FrameMetadata,
    categorical: Mapping[Any, Iterable[PublicScalar]],
    unit: object = None,
) -> tuple[Rows, dict[str, Term]]:
    """The rows and terms of public values put into the scratch data set. ValueError or TypeError where they don't fit.

    ``unit``: the column that says whose each row is; bounds and categories of ids mean nothing.
    """
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
    whose = _whose(unit, named)
    columns = tuple(
        _ids(name, each) if name == whose else _column(name, each, given.get(name), listed.get(name))
        for name, each in named.items()
    )
    vault = bound()
    rows = source(vault, ask(vault, AskIngest(id=0, columns=columns, unit=whose), Ingested).table)
    return rows, rows.base()


def _whose(unit: object, named: Mapping[str, object]) -> str | None:
    """The column of ids that is named, if one is: published notebooks give a name of the frame itself here, which means nothing."""
    return str(unit) if isinstance(unit, str | int) and str(unit) in named else None


def _ids(name: str, values: "pd.Series[Any]") -> ColumnValues:
    """Ids as texts, 7.0 as 7: what stands for a unit need not be a number, and is none."""
    cells = [None if gone else _text_of(value) for value, gone in zip(values.tolist(), values.isna(), strict=True)]
    return ColumnValues(name=name, kind="str", values=tuple(cells))


def _text_of(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


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
    numbers = [cell for cell in cells if cell is not None]
    lower, upper = _own_bounds(numbers) if metadata is None else bounds(metadata, f"metadata of {name}")
    if numbers and not (lower <= min(numbers) and max(numbers) <= upper):  # type: ignore[operator]
        cells = tuple(_moved(cell, lower, upper) for cell in cells)
    return ColumnValues(name=name, kind=kind, values=cells, lower=lower, upper=upper, categories=categories)


def _own_bounds(numbers: list[Any]) -> tuple[int | float, int | float]:
    """The least and the greatest finite value; these are the analyst's own, so that they are public."""
    finite = [number for number in numbers if math.isfinite(number)]
    return (min(finite), max(finite)) if finite else (0, 0)


def _moved(cell: Any, lower: float, upper: float) -> Scalar:
    """A number beyond the bounds moved to them: the vault would do the same, but no plan carries an infinity."""
    return None if cell is None else min(max(cell, lower), upper)


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
    """The values as the plan carries them, None where missing. Whole columns at a time: there may be millions."""
    missing = values.isna().to_numpy()
    cells = _LISTED[kind](values, missing)
    if not missing.any():
        return tuple(cells)
    return tuple(None if gone else cell for cell, gone in zip(cells, missing.tolist(), strict=True))


def _floats(values: "pd.Series[Any]", missing: Missing) -> list[Any]:
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "f":
        return values.to_numpy(dtype=np.float64).tolist()
    return values.astype("object").where(~missing, np.nan).to_numpy(dtype=np.float64).tolist()


def _moments(values: "pd.Series[Any]", missing: Missing) -> list[Any]:
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "M":
        return values.to_numpy().astype("datetime64[us]").astype(np.int64).tolist()
    return [None if gone else micros(value) for value, gone in zip(values, missing, strict=True)]


def _plain_values(values: "pd.Series[Any]", missing: Missing) -> list[Any]:
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "ib":
        return values.tolist()
    cells = [None if gone else plain(value) for value, gone in zip(values.tolist(), missing, strict=True)]
    if any(isinstance(cell, int) and cell not in _INT64 for cell in cells):
        raise ValueError("whole numbers in a private column must fit in 64 bits; use floats")
    return cells


_LISTED: dict[Kind, Callable[["pd.Series[Any]", Missing], list[Any]]] = {
    "float": _floats,
    "int": _plain_values,
    "bool": _plain_values,
    "str": _plain_values,
    "datetime": _moments,
}
