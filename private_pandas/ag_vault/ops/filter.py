"""The word ``Filter``: the rows on which a predicate is true. Knows no column by itself."""

from dataclasses import replace

from ag_plan.relations import Filter
from ag_vault.errors import Refusal
from ag_vault.expressions import term_of
from ag_vault.expressions.term import total, wrong_kind
from ag_vault.ops.rows import Rows, Stage, stages_of


def rule(node: Filter, rows: Rows) -> Rows | Refusal:
    """Takes: rows and a boolean. Gives: the same columns. Stability: unchanged. Fails: by the predicate's kind alone.

    Why: whether a row stays depends on that row only, so adding a row adds it or nothing. False and null rows go.
    """
    scope = rows.scope()
    predicate = term_of(node.predicate, scope)
    if isinstance(predicate, Refusal):
        return predicate
    if predicate.space.kind != "bool":
        return wrong_kind("a filter", "a boolean", predicate)
    kept = Stage(where=total(predicate.sql.copy()))
    whole = (*rows.stages, *stages_of(scope.steps), kept)
    return replace(rows, stages=whole, taken=scope.steps.taken, text=scope.steps.text)
