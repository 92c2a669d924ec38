"""The word ``IsIn``: whether a value is one of a public list. Knows no column."""

from sqlglot import exp

from ag_plan.expressions import IsIn, Scalar
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term, combine, convert, literal, operand
from ag_vault.space import INT64, ColumnSpace, Kind


def rule(node: IsIn, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a term and public values. Gives: a boolean, never null. Why: one row in, one value out. Fails: never.

    A value of another kind, or null, equals nothing, as in pandas.
    """
    del scope
    term = operands[0]
    kind: Kind = (
        "float" if term.space.kind == "int" and any(isinstance(v, float) for v in node.values) else term.space.kind
    )
    values = [literal(value, kind) for value in node.values if comparable(value, kind)]
    space = ColumnSpace(kind="bool", nullable=False)
    if not values:
        return Term(space=space, sql=exp.Boolean(this=False))
    converted = convert(term, kind)
    listed = exp.In(this=operand(converted), expressions=values)
    return combine(space, exp.Coalesce(this=listed, expressions=[exp.Boolean(this=False)]), converted)


def comparable(value: Scalar, kind: Kind) -> bool:
    """Whether a value can equal one of a kind."""
    if isinstance(value, str):
        return kind == "str" and "\x00" not in value
    if value is None or kind in ("str", "null"):
        return False
    if kind == "bool":
        return isinstance(value, bool)
    if kind in ("int", "datetime"):
        return isinstance(value, int) and not isinstance(value, bool) and INT64[0] <= value <= INT64[1]
    return not isinstance(value, bool)
