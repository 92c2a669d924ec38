"""A function evaluated here on every value that its columns can take by their public description: a table instead of the function.

Categories, truths and whole numbers between bounds are public, so nothing private is near the function: whatever it does, remembers
or prints, it does to public values, once each. Must not know translation.
"""

import datetime as dt
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import pandas as pd

from ag_plan.expressions import Cast, Choose, Constant, Expression, Recode, Scalar, Unary, check_scalar
from op_pandas.errors import Untranslatable
from op_pandas.rows import Term, joined
from op_pandas.scalars import is_public_scalar, plain

MOST_POINTS = 10_000
"""Public values, or combinations of them, that a function is evaluated on."""
_CHECKED = 100
_MISSING: Mapping[str, object] = {"int": math.nan, "str": None, "bool": None}
"""What a function gets for a missing value, by kind of column."""


def tabulated(function: Callable[[Any], Any], argument: Term | Mapping[str, Term]) -> Expression | None:
    """The function as a table of its results; None where its columns have too many values, or none that are public.

    An error on a value makes that one null. Untranslatable where there is an error on every value, or a result no column can hold.
    """
    if isinstance(argument, Term):
        values = domain(argument)
        return None if values is None else _of_one(function, argument, values)
    return _of_row(function, argument)


def domain(term: Term) -> list[object] | None:
    """Every value that a column can take, as a function gets it, the missing one last; None where they are many or not public."""
    known = _known(term)
    if known is None or len(known) >= MOST_POINTS:
        return None
    return [*known, _MISSING[term.kind]] if term.schema.nullable else list(known)


def _known(term: Term) -> Sequence[Scalar] | None:
    schema = term.schema
    if term.kind == "bool":
        return (False, True)
    if term.kind in ("str", "int") and schema.categories is not None:
        return [value for value in schema.categories if value is not None]
    if term.kind != "int" or schema.lower is None or schema.upper is None:
        return None
    lower, upper = int(schema.lower), int(schema.upper)
    return range(lower, upper + 1) if upper - lower < MOST_POINTS else None


def _of_one(function: Callable[[Any], Any], term: Term, values: list[object]) -> Expression:
    results = _evaluated(function, values)
    known = _known(term) or ()
    table = _cast(_recoded(term.expression, known, results[: len(known)]), results)
    if not term.schema.nullable or results[-1] is None:
        return table
    missing = Unary(operator="is_null", operand=term.expression)
    return Choose(condition=missing, then=_cast(Constant(value=_scalar(results[-1])), results), otherwise=table)


# Functions of a row ---------------------------------------------------------------------------------------


class PublicRow:
    """One combination of public values, as a function of a row sees it; what it asks for beyond ``values`` is noted in ``wanted``."""

    def __init__(self, values: Mapping[str, object], names: Sequence[str]) -> None:
        self._values = values
        self._names = names
        self.wanted: list[str] = []

    def __getitem__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        if name not in self._names:
            raise KeyError(name)
        self.wanted.append(name)
        raise _Wanted

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(f"the row has no column {name}")
        return self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[Any]:
        return (self[name] for name in self._names)

    def __len__(self) -> int:
        return len(self._names)

    def get(self, name: str, default: object = None) -> Any:
        """The value of a column, or the default where there is no such column."""
        return self[name] if name in self._names else default

    def keys(self) -> list[str]:
        """The names of the columns."""
        return list(self._names)

    def items(self) -> list[tuple[str, Any]]:
        """Names and values."""
        return [(name, self[name]) for name in self._names]


class _Wanted(BaseException):
    """The function needs a column that it wasn't given yet."""


def _of_row(function: Callable[[Any], Any], columns: Mapping[str, Term]) -> Expression | None:
    """The function on all combinations of the columns it reads: found out by letting it ask, one column after the other."""
    names = [str(name) for name in columns]
    domains: dict[str, list[object]] = {}
    while True:
        points = [
            PublicRow(dict(zip(domains, point, strict=True)), names) for point in itertools.product(*domains.values())
        ]
        wanted, results = _asked(function, points)
        if wanted is None:
            return _cast(_joint({name: columns[name] for name in domains}, domains, results), results)
        found = domain(columns[wanted])
        if found is None or len(found) * len(points) > MOST_POINTS:
            return None
        domains[wanted] = found


def _asked(function: Callable[[Any], Any], points: Sequence[PublicRow]) -> tuple[str | None, list[Any]]:
    """The first column that the function misses; else None, and all its results."""
    for point in points[:1]:
        _tried(function, point)
        if point.wanted:
            return point.wanted[0], []
    results = _evaluated(function, points)
    wanted = next((point.wanted[0] for point in points if point.wanted), None)
    return wanted, results


def _joint(columns: Mapping[str, Term], domains: Mapping[str, list[object]], results: Sequence[Any]) -> Expression:
    """The results by the number of a combination: each column's part of the number is a table, and so are the results."""
    if not columns:
        return Constant(value=_scalar(results[0]))
    parts: list[Expression] = []
    stride = len(results)
    for name, term in columns.items():
        stride //= len(domains[name])
        known = _known(term) or ()
        part: Expression = Recode(
            operand=term.expression, keys=tuple(known), values=tuple(stride * place for place in range(len(known)))
        )
        if term.schema.nullable:
            missing = Unary(operator="is_null", operand=term.expression)
            part = Choose(condition=missing, then=Constant(value=stride * len(known)), otherwise=part)
        parts.append(part)
    return _recoded(joined("add", tuple(parts)), range(len(results)), results)


# Results --------------------------------------------------------------------------------------------------


def _tried(function: Callable[[Any], Any], value: object) -> tuple[Any, Exception | None]:
    try:
        return function(value), None
    except Exception as error:  # noqa: BLE001 - whatever a function raises on a value makes that value null
        return None, error
    except _Wanted:
        return None, None


def _evaluated(function: Callable[[Any], Any], values: Sequence[object]) -> list[Any]:
    """The function's results, brought to one kind: numbers, texts, truths, or moments; None where it raised, gave none or too large a number."""
    tried = [_tried(function, value) for value in values]
    errors = [error for _, error in tried if error is not None]
    if len(errors) == len(tried):
        _refuse(function, f"raises {type(errors[0]).__name__} on every value: {errors[0]}")
    results = [_held(function, result) for result, _ in tried]
    _check_again(function, values, results)
    kinds = {type(result) for result in results if result is not None}
    if len(kinds) > 1:
        if not kinds <= {int, float, bool}:
            _refuse(function, "gives values of several kinds; give values of one kind")
        widest = float if float in kinds else int
        results = [None if result is None else widest(result) for result in results]
    return results


def _check_again(function: Callable[[Any], Any], values: Sequence[object], results: Sequence[Any]) -> None:
    """A function that draws random numbers or counts its calls isn't one of its value: it is found out on some values, backwards."""
    step = 1 + len(values) // _CHECKED
    for place in range(len(values) - 1, -1, -step):
        again, _ = _tried(function, values[place])
        if _held(function, again) != results[place]:
            _refuse(function, "gives different results for one value; what it gives must depend on the value alone")


def _held(function: Callable[[Any], Any], result: Any) -> Any:
    """A result as a column holds it: bool, int, float, str, a Timestamp, or None."""
    if isinstance(result, dt.timedelta) or (
        result is not None and not is_public_scalar(result) and result is not pd.NA
    ):
        _refuse(function, f"gives a {type(result).__name__}; give one number, text, truth or date")
    if isinstance(result, dt.datetime | dt.date) and result is not pd.NaT:
        return pd.Timestamp(result)
    found = plain(result)
    try:
        check_scalar(found)
    except ValueError:
        return None
    return found


def _refuse(function: Callable[[Any], Any], what: str) -> NoReturn:
    raise Untranslatable(f"{getattr(function, '__name__', type(function).__name__)} {what}")


def _scalar(result: Any) -> Scalar:
    return plain(result)


def _recoded(operand: Expression, keys: Sequence[Scalar], results: Sequence[Any]) -> Expression:
    if all(result is None for result in results):
        return Constant(value=None)
    return Recode(operand=operand, keys=tuple(keys), values=tuple(_scalar(result) for result in results))


def _cast(expression: Expression, results: Sequence[Any]) -> Expression:
    """Moments travel in tables as whole numbers."""
    is_moment = any(isinstance(result, pd.Timestamp) for result in results) and expression != Constant(value=None)
    return Cast(operand=expression, to="datetime") if is_moment else expression
