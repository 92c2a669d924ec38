"""Column expressions: one file per word of the plan, each with its space rule and its SQL. Knows no relation and no data."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from ag_plan import expressions as words
from ag_plan.codec import children
from ag_vault.errors import Refusal
from ag_vault.expressions import (
    binary,
    cast,
    choose,
    clamp,
    column,
    concat,
    constant,
    date_part,
    is_in,
    mapped,
    pattern,
    recode,
    text,
    unary,
)
from ag_vault.expressions.pattern import MOST_PLACES, places
from ag_vault.expressions.term import MOST_NESTED, Scope, Steps, Term, wrong_kind

_CHARACTERS_OF_WORK = 128
"""Characters that are gone through, or made, as one piece of work: a microsecond or two (measured), for each place of a pattern too, where its automaton has
too many states to be kept."""
_OF_A_REMAINDER = 8
"""An engine takes a double's remainder bit by bit: ten microseconds where dividend and divisor are far apart."""
TOO_MUCH = Refusal(
    code="too_much_work",
    why="the plan asks for too much work on each row",
    instead="use fewer or smaller patterns, tables and texts at once; release an intermediate result and go on from there",
)

_OF_PATTERNS = (words.Match, words.Extract, words.Substitute)
_OF_TEXTS = (words.TextHas, words.Cast)
_REMAINDERS = ("mod", "fmod")
_LEAVES = (words.Column, words.Constant, words.Instant)

Rule = Callable[[Any, tuple[Term, ...], Scope], Term | Refusal]

RULES: dict[type[words.Expression], Rule] = {
    words.Column: column.rule,
    words.Constant: constant.rule,
    words.Instant: constant.instant,
    words.Unary: unary.rule,
    words.Binary: binary.rule,
    words.IsIn: is_in.rule,
    words.Choose: choose.rule,
    words.Coalesce: choose.coalesce,
    words.Clamp: clamp.rule,
    words.Cast: cast.rule,
    words.Recode: recode.rule,
    words.Text: text.rule,
    words.TextHas: text.has,
    words.Concat: concat.rule,
    words.Replace: text.replace,
    words.Slice: text.cut,
    words.Piece: text.piece,
    words.Match: pattern.rule,
    words.Extract: pattern.extract,
    words.Substitute: pattern.substitute,
    words.DatePart: date_part.rule,
    words.Mapped: mapped.rule,
}
"""Every word and its rule. A word that is missing is refused by a KeyError in a test that enumerates the plan's."""


def term_of(expression: words.Expression, scope: Scope) -> Term | Refusal:
    """The meaning of an expression over columns: its space and its SQL; Refusal by names and kinds alone."""
    return _Walk(expression, scope).term(expression)


class _Walk:
    """One expression, children first; what is used twice or nested deep gets a name of its own."""

    def __init__(self, root: words.Expression, scope: Scope) -> None:
        self._scope = scope
        self._uses, self._under = _uses(root)
        self._known: dict[int, Term | Refusal] = {}

    def term(self, node: words.Expression) -> Term | Refusal:
        known = self._known.get(id(node))
        if known is None:
            known = self._leaf(node) if isinstance(node, _LEAVES) else self._computed(node)
            if not isinstance(known, Refusal) and (self._uses[id(node)] > 1 or known.depth >= MOST_NESTED):
                known = self._scope.steps.name(known)
            self._known[id(node)] = known
        return known

    def _leaf(self, node: words.Expression) -> Term | Refusal:
        """A column or a constant, which ask for no work: the one is there, the other is public."""
        term = RULES[type(node)](node, (), self._scope)
        return TOO_MUCH if self._scope.steps.too_much and not isinstance(term, Refusal) else term

    def _computed(self, node: words.Expression) -> Term | Refusal:
        operands: list[Term] = []
        ids = False
        for child in self._under[id(node)]:
            operand = self.term(child)
            if isinstance(operand, Refusal):
                return operand
            operands.append(operand)
            ids = ids or operand.space.kind == "id"
        if ids and not (isinstance(node, words.Unary) and node.operator == "is_null"):
            # Said here once for all words: what is computed from an id would no longer be one.
            found = [operand for operand in operands if operand.space.kind == "id"]
            return wrong_kind("an expression", "values; rows are joined and grouped by an id, and counted", *found)
        term = RULES[type(node)](node, tuple(operands), self._scope)
        if isinstance(term, Refusal):
            return term
        steps = self._scope.steps
        steps.weigh(1 + _cases(term))
        steps.scan(_scanned(node, operands, term))
        if term.depth:
            steps.carry((term.space,))
        return TOO_MUCH if steps.too_much else term


def _cases(term: Term) -> int:
    """Comparisons that a word makes the engine do beside: tables."""
    return len(term.sql.args["ifs"]) if isinstance(term.sql, exp.Case) else 0


def _scanned(node: words.Expression, operands: Sequence[Term], term: Term) -> int:
    """What takes as long on each of many rows as on one: patterns, texts without a list of them that are made or searched, remainders of doubles."""
    if isinstance(node, _OF_PATTERNS):
        found = places(node.pattern)
        own = _pieces(operands[0].space.characters)
        return (MOST_PLACES if isinstance(found, str) else found) * own
    if isinstance(node, words.Binary) and node.operator in _REMAINDERS:
        return _OF_A_REMAINDER if term.space.kind == "float" else 0
    searched = isinstance(node, _OF_TEXTS) and operands[0].space.kind == "str"
    if term.depth and (searched or (term.space.kind == "str" and term.space.categories is None)):
        return _pieces(max(each.space.characters for each in (*operands, term)))
    return 0


def _pieces(characters: int) -> int:
    return max(1, -(-characters // _CHARACTERS_OF_WORK))


def _operands(node: words.Expression) -> list[words.Expression]:
    """The expressions inside; a program is none."""
    under = children(node)
    return [child for child in under if isinstance(child, words.Expression)] if under else []


def _uses(root: words.Expression) -> tuple[dict[int, int], dict[int, list[words.Expression]]]:
    """How many parents refer to each node of the expression, and to which nodes it refers itself."""
    uses: dict[int, int] = {id(root): 0}
    under: dict[int, list[words.Expression]] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        under[id(node)] = found = _operands(node)
        for child in found:
            known = uses.get(id(child), 0)
            uses[id(child)] = known + 1
            if not known:
                waiting.append(child)
    return uses, under


__all__ = ["RULES", "Scope", "Steps", "Term", "term_of"]
