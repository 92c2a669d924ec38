"""The word ``Mapped``: what a program gives for a row's values, looked up where a mapper has put it. Runs no program and knows no mapper."""

import hashlib

from sqlglot import exp

from ag_mapper.errors import BadProgram
from ag_mapper.machine import Machine
from ag_plan.codec import encode_plan
from ag_plan.expressions import Mapped
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term, combine, convert, operand, real
from ag_vault.space import ColumnSpace, Kind

MOST_OPERANDS = 16
_WORK = 2_048
"""So that a plan has a few programs at most: each may take some milliseconds on a row of its choice."""


def rule(node: Mapped, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: up to sixteen terms, a program, a kind. Gives: values of the kind, or null; no bounds and no categories.

    Why: one row in, one value out, as a program has no word for anything that outlives a call (``ag_mapper``). Fails: where the
    program has no meaning; on no row.
    """
    if not 1 <= len(operands) <= MOST_OPERANDS:
        return _refused(f"a program gets one to {MOST_OPERANDS} values")
    terms = tuple(
        _one_of_its_equals(convert(term, "float") if term.space.kind == "null" else term) for term in operands
    )
    kinds: list[Kind] = [term.space.kind for term in terms]
    try:
        Machine(node.program, kinds, node.kind)
    except BadProgram as problem:
        return _refused(str(problem))
    program = encode_plan(node.program)
    named = [scope.steps.name(term) for term in terms]
    scope.steps.weigh(_WORK)
    about = hashlib.sha256(repr((kinds, node.kind)).encode() + program).hexdigest()
    space = ColumnSpace(kind=node.kind, nullable=True)
    scope.steps.carry([space])
    return scope.steps.look_up(named, space, table=f"map {about}", program=program)


def _one_of_its_equals(term: Term) -> Term:
    """Zeros of both signs as one: which of two equal values stands for both must not depend on rows."""
    if term.space.kind != "float":
        return term
    return combine(term.space, exp.Add(this=operand(term), expression=real(0.0)), term)


def _refused(why: str) -> Refusal:
    return Refusal(code="bad_program", why=f"the function can't be run: {why}", error="TypeError")
