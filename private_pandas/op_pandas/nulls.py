"""Nulls of a frame: made by conditions, dropped with their rows, filled with public values.

Must not know releases.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ag_plan.expressions import Choose, Coalesce, Constant, Expression, Unary
from op_pandas.columns import Labels, label, labels
from op_pandas.private import Private
from op_pandas.rows import Rows, Term, joined, lifted
from op_pandas.scalars import constant, plain
from op_pandas.series import PrivateSeries, condition, public

if TYPE_CHECKING:
    from op_pandas.frame import PrivateDataFrame

_NULL = Constant(value=None)
_ID = "id"


def _found(frame: "PrivateDataFrame", cond: Any) -> Any:
    """The condition, from a function of the frame where it is one; a function of a row is left for ``condition``."""
    if not callable(cond):
        return cond
    try:
        made = cond(frame)
    except (TypeError, AttributeError):
        return cond
    return made if isinstance(made, Private) else cond


def chosen(frame: "PrivateDataFrame", cond: Any, other: object, *, keep: bool) -> "PrivateDataFrame":
    """Values where the condition is ``keep``, else ``other``. The condition is a series, or a frame column by column."""
    from op_pandas.frame import PrivateDataFrame

    found = _found(frame, cond)

    def expression(name: str, term: Term) -> Expression:
        if isinstance(found, PrivateDataFrame):
            test = condition(found[label(name, found.terms)], frame)
        else:
            test = condition(found, frame)
        beside = _beside(frame, other, name, term)
        then, otherwise = (term.expression, beside) if keep else (beside, term.expression)
        return Choose(condition=test, then=then, otherwise=otherwise)

    wanted = {name: expression(name, term) for name, term in frame.terms.items()}
    ids = {name for name, made in wanted.items() if keep and frame.terms[name].kind == _ID and _is_filter(made)}
    values = frame.rows.terms({name: made for name, made in wanted.items() if name not in ids})
    found = {
        name: Term(expression=made, schema=frame.terms[name].schema) if name in ids else values[name]
        for name, made in wanted.items()
    }
    return PrivateDataFrame.of(frame.rows, found)


def _is_filter(made: Expression) -> bool:
    """Whether ``dropna`` will peel it: no plan has an id that is null on some rows, so that until then whatever reads it is refused."""
    return isinstance(made, Choose) and made.otherwise == _NULL


def _beside(frame: "PrivateDataFrame", other: object, name: str, term: Term) -> Expression:
    from op_pandas.frame import PrivateDataFrame

    if isinstance(other, PrivateDataFrame):
        other = other[label(name, other.terms)]
    if isinstance(other, PrivateSeries):
        return lifted(other.term.expression, other.rows, frame.rows)
    return constant(public(other), term.kind)


def dropped(frame: "PrivateDataFrame", axis: object, how: str, subset: Labels | None) -> "PrivateDataFrame":
    """The rows without (any, all) null in the subset of columns."""
    from op_pandas.frame import PrivateDataFrame

    if axis not in {0, "index"}:
        raise ValueError("which columns hold nulls is private; drop columns by name with drop(columns=[…])")
    if how not in {"any", "all"}:
        raise ValueError(f"how must be 'any' or 'all', not {how!r}")
    given = (
        list(frame.terms) if subset is None else labels([subset] if isinstance(subset, str) else subset, frame.terms)
    )
    if how == "all":
        tests = tuple(_not_null(frame.terms[name].expression) for name in given)
        return PrivateDataFrame.of(frame.rows.filtered(joined("or", tests)), frame.terms) if tests else frame
    return _without_any(frame, given)


def _without_any(frame: "PrivateDataFrame", given: list[str]) -> "PrivateDataFrame":
    """``where(condition)`` followed by ``dropna()`` is the usual row filter: it becomes one, and the columns what they were before."""
    from op_pandas.frame import PrivateDataFrame

    conditions: dict[Expression, None] = {}
    bare: dict[str, Expression] = {name: _peeled(frame.terms[name].expression, conditions) for name in given}
    terms = _terms_of(frame.rows, {name: frame.terms[name] for name in given}, bare)
    tests = tuple(_not_null(term.expression) for term in terms.values() if term.schema.nullable)
    predicates = (*conditions, *tests)
    if not predicates:
        return frame.copy()
    return PrivateDataFrame.of(frame.rows.filtered(joined("and", predicates)), {**frame.terms, **terms})


def _terms_of(rows: Rows, terms: Mapping[str, Term], bare: Mapping[str, Expression]) -> dict[str, Term]:
    changed = {name: expression for name, expression in bare.items() if expression is not terms[name].expression}
    return {**terms, **rows.terms(changed)}


def _peeled(expression: Expression, conditions: dict[Expression, None]) -> Expression:
    """The expression inside "where c, else null", its conditions noted: on rows where all are true the two are equal."""
    while isinstance(expression, Choose) and expression.otherwise == _NULL:
        conditions[expression.condition] = None
        expression = expression.then
    return expression


def _not_null(expression: Expression) -> Expression:
    return Unary(operator="not", operand=Unary(operator="is_null", operand=expression))


_FILLS = {bool: {"bool"}, int: {"int", "float"}, float: {"int", "float"}, str: {"str"}}
"""The kinds of column that a value fills when it is given for the whole frame."""


def filled(frame: "PrivateDataFrame", value: object) -> "PrivateDataFrame":
    """Nulls filled with one public value per column."""
    from op_pandas.frame import PrivateDataFrame

    if value is None:
        raise TypeError("fillna needs a public value; filling from other rows is not available")
    if isinstance(value, Mapping):
        values = {label(name, frame.terms): each for name, each in value.items()}
    else:
        public(value)
        kinds = _FILLS.get(type(plain(value)), set())
        values = {name: value for name, term in frame.terms.items() if term.kind in kinds}
    wanted: dict[str, Expression] = {
        name: Coalesce(operand=frame.terms[name].expression, fallback=constant(public(each), frame.terms[name].kind))
        for name, each in values.items()
    }
    return PrivateDataFrame.of(frame.rows, {**frame.terms, **frame.rows.terms(wanted)})
