"""The words ``Constant`` and ``Instant``: the same public value on every row. Know no column."""

from ag_plan.expressions import Constant, Instant
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term, literal
from ag_vault.space import ColumnSpace, Kind

_KINDS: dict[type, Kind] = {bool: "bool", int: "int", float: "float", str: "str", type(None): "null"}


def rule(node: Constant, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a scalar. Gives: its kind, with itself as both bounds or only category. Why: public. Fails: on NUL in a string."""
    del operands, scope
    kind, value = _KINDS[type(node.value)], node.value
    if isinstance(value, str) and "\x00" in value:
        return Refusal(code="bad_literal", why="a string must not contain the character NUL", error="ValueError")
    if kind == "null":
        space = ColumnSpace(kind=kind)
    elif kind == "str":
        space = ColumnSpace(kind=kind, categories=(value,), nullable=False)
    elif kind == "bool" or isinstance(value, str) or value is None:
        space = ColumnSpace(kind=kind, nullable=False)
    else:
        space = ColumnSpace(kind=kind, lower=value, upper=value, nullable=False)
    return Term(space=space, sql=literal(value, kind))


def instant(node: Instant, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: microseconds. Gives: a datetime with itself as both bounds. Why: public. Fails: never."""
    del operands, scope
    space = ColumnSpace(kind="datetime", lower=node.micros, upper=node.micros, nullable=False)
    return Term(space=space, sql=literal(node.micros, "datetime"))
