"""map, applymap and apply: functions of one value or of one row on private columns: translated, as tables over public values, or for a mapper.

Must not know how a function is translated. The function itself never meets a private value, and no ε is spent.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Union

import numpy as np
import pandas as pd

from ag_plan.expressions import Cast, Choose, Clamp, Constant, Expression, Mapped, Recode, Unary
from op_pandas.arguments import Bound, bounds
from op_pandas.columns import label
from op_pandas.epsilon import Number, parse_epsilon
from op_pandas.errors import Untranslatable
from op_pandas.private import Private
from op_pandas.programs import programmed
from op_pandas.rows import Rows, Term
from op_pandas.scalars import PublicScalar, plain
from op_pandas.tabulation import tabulated
from op_pandas.translation import translated

if TYPE_CHECKING:
    from op_pandas.frame import PrivateDataFrame

Table: TypeAlias = Union[Mapping[Any, Any], "pd.Series[Any]"]
Mapper: TypeAlias = Callable[[Any], Any] | Table
Limits: TypeAlias = tuple[Bound, Bound] | list[Any]
NaAction: TypeAlias = Literal["ignore"] | None
Kind: TypeAlias = Literal["float", "int", "bool", "str", "datetime"]


def mapped(
    rows: Rows,
    term: Term,
    mapper: Mapper,
    *,
    eps: Number = 0,
    na_action: NaAction = None,
    output_bounds: Limits | None = None,
    output_categories: Iterable[PublicScalar] | None = None,
    kind: Kind | None = None,
) -> Term:
    """The column changed by a function or a table of one value. Raises TypeError or ValueError with one sentence."""
    _checked(eps, na_action)
    if isinstance(mapper, Private):
        raise TypeError(f"map needs a function or a table of public values, not a {type(mapper).__name__}")
    function = mapper if callable(mapper) else _table(mapper).get
    kind = kind or _kind(output_bounds, output_categories := _listed(output_categories))
    expression = expressed(function, term, kind, keep_missing=na_action == "ignore")
    return limited(rows, expression, output_bounds, output_categories)


def expressed(
    function: Callable[..., Any],
    argument: Term | Mapping[str, Term],
    kind: Kind | None = None,
    *,
    keep_missing: bool = False,
) -> Expression:
    """What the function gives, row by row: translated, or a table over the public values of its columns, or a program for a mapper.

    ``kind``: of a program's results, which nobody can know before. Raises Untranslatable with one sentence where none is possible.
    """
    try:
        return translated(function, argument, keep_missing=keep_missing)
    except Untranslatable as refusal:
        made = tabulated(function, argument) or _for_mapper(function, argument, kind, refusal)
    if not keep_missing or not isinstance(argument, Term):
        return made
    missing = Unary(operator="is_null", operand=argument.expression)
    return Choose(condition=missing, then=Constant(value=None), otherwise=made)


def _for_mapper(
    function: Callable[..., Any], argument: Term | Mapping[str, Term], kind: Kind | None, refusal: Untranslatable
) -> Expression:
    """The function as a program. The translation's refusal where there is none, or no kind for its results."""
    if kind is not None:
        program, operands = programmed(function, argument)
        return Mapped(operands=operands, program=program, kind=kind)
    try:
        programmed(function, argument)
    except Untranslatable:
        raise refusal from None
    raise Untranslatable(
        f"{refusal}; or give output_bounds=(low, high) for numbers or output_categories=[…] for values by name, "
        "and it is run as it is"
    ) from None


def _kind(output_bounds: Limits | None, output_categories: list[PublicScalar] | None) -> Kind | None:
    """What kind of results an analyst expects, from the limits given; None where there are none."""
    if output_bounds is not None:
        return "datetime" if any(isinstance(bound, dt.date | np.datetime64) for bound in output_bounds) else "float"
    kinds = {type(plain(value)) for value in output_categories or () if value is not None}
    return _KINDS.get(next(iter(kinds))) if len(kinds) == 1 else None


_KINDS: Mapping[type, Kind] = {bool: "bool", int: "int", float: "float", str: "str"}


def _listed(output_categories: Iterable[PublicScalar] | None) -> list[PublicScalar] | None:
    if isinstance(output_categories, str):
        raise TypeError("output_categories is a list of values")
    return None if output_categories is None else list(output_categories)


def of_rows(
    rows: Rows,
    terms: Mapping[str, Term],
    function: Callable[[Any], Any],
    output_bounds: Limits | None = None,
    output_categories: Iterable[PublicScalar] | None = None,
    *,
    kind: Kind | None = None,
) -> Term:
    """What a function of a whole row gives."""
    if not callable(function):
        raise TypeError("apply needs a function of one row, e.g. apply(lambda row: row['a'] + row['b'], axis=1)")
    kind = kind or _kind(output_bounds, output_categories := _listed(output_categories))
    return limited(rows, expressed(function, terms, kind), output_bounds, output_categories)


def of_cells(
    frame: "PrivateDataFrame",
    function: Callable[[Any], Any],
    *,
    eps: Number = 0,
    na_action: NaAction = None,
    output_bounds: Mapping[Any, Limits] | None = None,
) -> Mapping[str, Term]:
    """The columns named in ``output_bounds`` changed by a function of one value; without it, all that the function fits."""
    _checked(eps, na_action)
    if not callable(function):
        raise TypeError("applymap needs a function of one value")
    keep = na_action == "ignore"
    if output_bounds is not None:
        limits = {label(name, frame.terms): each for name, each in output_bounds.items()}
        return {
            name: limited(
                frame.rows, expressed(function, frame.terms[name], _kind(each, None), keep_missing=keep), each, None
            )
            for name, each in limits.items()
        }
    return _fitting(frame, function, keep=keep)


def _fitting(frame: "PrivateDataFrame", function: Callable[[Any], Any], *, keep: bool) -> Mapping[str, Term]:
    """Columns on which the function has a meaning; the refusal of the first where there is none."""
    found: dict[str, Expression] = {}
    problem: Exception | None = None
    for name, term in frame.terms.items():
        try:
            expression = expressed(function, term, keep_missing=keep)
        except Untranslatable as refusal:
            problem = problem or refusal
            continue
        if expression != Constant(value=None):
            found[name] = expression
    if not found:
        raise problem or TypeError("the function gives no value for any column of the frame")
    return frame.rows.terms(found)


def limited(
    rows: Rows, expression: Expression, output_bounds: Limits | None, output_categories: Iterable[PublicScalar] | None
) -> Term:
    """The result moved into the bounds, or null outside the categories; both are public guesses of the analyst's, and safe."""
    if output_bounds is not None and output_categories is not None:
        raise ValueError("give output_bounds for numbers or output_categories for values by name, not both")
    if output_categories is not None:
        listed = tuple(dict.fromkeys(plain(value) for value in output_categories))
        return rows.term(Recode(operand=expression, keys=listed, values=listed))
    term = rows.term(expression)
    return term if output_bounds is None else _clamped(rows, term, output_bounds)


def _clamped(rows: Rows, term: Term, output_bounds: Limits) -> Term:
    if term.kind == "str":
        raise TypeError("output_bounds are for numbers and dates, and this gives text; give output_categories=[…]")
    lower, upper = bounds(output_bounds, "output_bounds")
    operand: Expression = Cast(operand=term.expression, to="int") if term.kind == "bool" else term.expression
    return rows.term(Clamp(operand=operand, lower=lower, upper=upper))


def without_categories(rows: Rows, term: Term, output_bounds: Limits) -> Term:
    """A categorical column as a number with bounds; null where its text says no number."""
    operand: Expression = Cast(operand=term.expression, to="float") if term.kind == "str" else term.expression
    return _clamped(rows, rows.term(operand), output_bounds)


def _table(mapper: Table) -> dict[Any, Any]:
    if isinstance(mapper, pd.Series):
        if not mapper.index.is_unique:
            raise ValueError("a Series to map with needs distinct labels")
        return dict(zip(mapper.index.tolist(), mapper.tolist(), strict=True))
    if not isinstance(mapper, Mapping):
        raise TypeError(f"map needs a function, a dict or a public Series, not a {type(mapper).__name__}")
    if hasattr(mapper, "__missing__"):
        raise TypeError(
            "a dict that makes its own values would run code; map with a plain dict, or lambda x: d.get(x, default)"
        )
    return dict(mapper)


def _checked(eps: Number, na_action: object) -> None:
    if na_action not in (None, "ignore"):
        raise ValueError(f"na_action must be None or 'ignore', not {na_action!r}")
    if isinstance(eps, bool) or eps != 0:
        parse_epsilon(eps, "map")
