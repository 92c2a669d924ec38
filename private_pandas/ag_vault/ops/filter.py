"""The word ``Filter``: the rows on which a predicate is true. Knows no column by itself."""

from dataclasses import replace

from ag_plan.relations import Filter
from ag_vault.errors import Refusal
from ag_vault.expressions import term_of
from ag_vault.expressions.term import Scope, Term, total, wrong_kind
from ag_vault.ops.rows import Rows, Stage, settled, stages_of


def rule(node: Filter, rows: Rows) -> Rows | Refusal:
    """Takes: rows and a boolean. Gives: the same columns. Stability: unchanged. Fails: by the predicate's kind alone.

    Why: whether a row stays depends on that row only, so adding a row adds it or nothing. False and null rows go.
    """
    scope = rows.scope()
    predicate = judged(node, scope)
    if isinstance(predicate, Refusal):
        return predicate
    kept = Stage(where=settled(total(predicate.sql.copy())))
    whole = (*rows.stages, *stages_of(scope.steps), kept)
    return replace(rows, stages=whole, taken=scope.steps.taken, text=scope.steps.text, scanned=scope.steps.scanned)


def judged(node: Filter, scope: Scope) -> Term | Refusal:
    """The predicate's meaning, which is a boolean; all that can be wrong with a filter."""
    predicate = term_of(node.predicate, scope)
    if not isinstance(predicate, Refusal) and predicate.space.kind != "bool":
        return wrong_kind("a filter", "a boolean", predicate)
    return predicate
