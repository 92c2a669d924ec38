"""The words ``Choose`` and ``Coalesce``: one of two values per row. Know no column."""

from msgspec.structs import replace
from sqlglot import exp

from ag_plan.expressions import Choose, Coalesce, Scalar
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term, bounded, case, combine, convert, wrong_kind
from ag_vault.space import ColumnSpace, Kind

_WIDTH: dict[Kind, int] = {"bool": 0, "int": 1, "float": 2}


def rule(node: Choose, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a boolean and two terms. Gives: their common kind, the hull of their bounds. Why: one row in, one value out.

    Fails: on kinds. A null condition takes ``otherwise``, as a false one does: so does SQL's CASE.
    """
    del node, scope
    condition = operands[0]
    if condition.space.kind not in ("bool", "null"):
        return wrong_kind("a condition", "a boolean", condition)
    joined = join(operands[1], operands[2])
    if isinstance(joined, Refusal):
        return joined
    condition = convert(condition, "bool")
    then, otherwise = joined
    sql = case((condition.sql.copy(), then.sql.copy()), otherwise=otherwise.sql.copy())
    nullable = then.space.nullable or otherwise.space.nullable
    return combine(hull(then.space, otherwise.space, nullable=nullable), sql, condition, then, otherwise)


def coalesce(node: Coalesce, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: two terms. Gives: their common kind, null only where both are. Why: one row in, one value out. Fails: on kinds."""
    del node, scope
    joined = join(operands[0], operands[1])
    if isinstance(joined, Refusal):
        return joined
    first, second = joined
    sql = exp.Coalesce(this=first.sql.copy(), expressions=[second.sql.copy()])
    nullable = first.space.nullable and second.space.nullable
    return combine(hull(first.space, second.space, nullable=nullable), sql, first, second)


def join(left: Term, right: Term) -> tuple[Term, Term] | Refusal:
    """Two terms in their common kind: null joins anything, bool ⊂ int ⊂ float."""
    one, other = left.space.kind, right.space.kind
    if one == other:
        return left, right
    if one == "null":
        return convert(left, other), right
    if other == "null":
        return left, convert(right, one)
    if one not in _WIDTH or other not in _WIDTH:
        return wrong_kind("one column", "values of one kind", left, right)
    kind = max(one, other, key=_WIDTH.__getitem__)
    return convert(left, kind), convert(right, kind)


def hull(left: ColumnSpace, right: ColumnSpace, *, nullable: bool) -> ColumnSpace:
    """The space that holds the values of both, of one kind. A bare null adds no value."""
    spaces = [space for space in (left, right) if not is_bare_null(space)]
    if len(spaces) == 1:
        only = spaces[0]
        return replace(only, nullable=nullable)
    if left.kind == "bool":
        return ColumnSpace(kind="bool", nullable=nullable)
    interval = None
    if left.bounds is not None and right.bounds is not None:
        interval = min(left.bounds[0], right.bounds[0]), max(left.bounds[1], right.bounds[1])
    categories = _together(left.categories, right.categories)
    longest = max(left.characters, right.characters) if left.kind == "str" else None
    return replace(bounded(left.kind, interval, nullable=nullable, categories=categories), longest=longest)


def is_bare_null(space: ColumnSpace) -> bool:
    """Whether no value but null lies in the space."""
    return space.categories == () and space.nullable


def _together(left: tuple[Scalar, ...] | None, right: tuple[Scalar, ...] | None) -> tuple[Scalar, ...] | None:
    if left is None or right is None:
        return None
    return left + tuple(value for value in right if value not in left)
