"""The word ``Concat``: one text after another. Knows no column."""

from itertools import product

from sqlglot import exp

from ag_plan.expressions import Concat, Scalar
from ag_vault.errors import Refusal
from ag_vault.expressions.recode import image
from ag_vault.expressions.term import Scope, Term, case, combine, function, literal
from ag_vault.expressions.text import short, text_of
from ag_vault.space import MOST_CHARACTERS, ColumnSpace

MOST_CATEGORIES = 1000
"""Pairs of categories that are still listed as the categories of the whole."""


def rule(node: Concat, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: two texts. Gives: a text; its categories where both have some. Why: one row in, one value out.

    Fails: on kinds; on no row: what would be longer than MOST_CHARACTERS is null.
    """
    del node
    left, right = (text_of(term, "joining texts") for term in operands)
    if isinstance(left, Refusal) or isinstance(right, Refusal):
        return left if isinstance(left, Refusal) else right
    table = _beside_constant(left, right, scope)
    if table is not None:
        return table
    left, right = scope.steps.name(left), scope.steps.name(right)
    lengths = exp.Add(this=function("LENGTH", left.sql), expression=function("LENGTH", right.sql))
    fits = exp.LTE(this=lengths, expression=literal(MOST_CHARACTERS, "int"))
    joined = exp.DPipe(this=left.sql.copy(), expression=right.sql.copy())
    longest = min(MOST_CHARACTERS, left.space.characters + right.space.characters)
    space = ColumnSpace(kind="str", categories=_pairs(left, right), longest=longest)
    return combine(space, case((fits, joined)), left, right)


def _beside_constant(left: Term, right: Term, scope: Scope) -> Term | None:
    """A table, where one of the two is the same public text on every row."""
    before, after = _constant(left), _constant(right)
    if after is not None:
        return image(left, "str", lambda value: short(value + after), scope)
    return None if before is None else image(right, "str", lambda value: short(before + value), scope)


def _constant(term: Term) -> str | None:
    values = term.space.categories
    return str(values[0]) if values is not None and len(values) == 1 and not term.space.nullable else None


def _pairs(left: Term, right: Term) -> tuple[Scalar, ...] | None:
    one, other = left.space.categories, right.space.categories
    if one is None or other is None or len(one) * len(other) > MOST_CATEGORIES:
        return None
    return tuple(dict.fromkeys(f"{first}{second}" for first, second in product(one, other)))
