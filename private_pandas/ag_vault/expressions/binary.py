"""The word ``Binary``: the table of its operators. Their rules are in ``arithmetic``, ``division`` and ``comparison``."""

from collections.abc import Callable

from ag_plan.expressions import Binary
from ag_vault.errors import Refusal
from ag_vault.expressions import arithmetic, comparison, division, elementary
from ag_vault.expressions.term import Scope, Term

Operator = Callable[[Term, Term, Scope], Term | Refusal]


def rule(node: Binary, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: two terms. Gives: the operator's space. Why: one row in, one value out. Fails: on kinds, never on a row."""
    return _OPERATORS[node.operator](operands[0], operands[1], scope)


_OPERATORS: dict[str, Operator] = {
    "add": arithmetic.add,  # an integer where the interval of the result fits 64 bits, else a float
    "sub": arithmetic.sub,
    "mul": arithmetic.mul,
    "pow": arithmetic.power,  # always a float; null where the real power does not exist
    "div": division.true,  # x/0 is null
    "floordiv": division.floor,
    "mod": division.modulo,  # the sign of the divisor, as in Python
    "eq": comparison.equality("eq"),
    "ne": comparison.equality("ne"),
    "lt": comparison.order("lt"),
    "le": comparison.order("le"),
    "gt": comparison.order("gt"),
    "ge": comparison.order("ge"),
    "and": comparison.logic("and"),  # three-valued: null and false is false
    "or": comparison.logic("or"),  # three-valued: null or true is true
    "xor": comparison.logic("xor"),
    "least": comparison.extreme("least"),  # null with anything is null, unlike SQL's LEAST in some engines
    "greatest": comparison.extreme("greatest"),
    "fmod": elementary.remainder,  # the sign of the dividend, as in C; exact
}
