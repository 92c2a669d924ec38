"""The word ``Project``: new columns computed row by row. Knows no column by itself."""

from dataclasses import replace

from ag_plan.relations import Project
from ag_vault.errors import Refusal
from ag_vault.expressions import term_of
from ag_vault.expressions.term import Scope, Term, convert
from ag_vault.ops.rows import Rows, stages_of


def rule(node: Project, rows: Rows) -> Rows | Refusal:
    """Takes: rows and expressions. Gives: their columns. Stability: unchanged. Fails: by names and kinds alone.

    Why: one row in, one row out, and each expression is defined on every row.
    """
    scope = rows.scope()
    columns = judged(node, scope)
    if isinstance(columns, Refusal):
        return columns
    stages = (*rows.stages, *stages_of(scope.steps))
    # Every name is a bare column of the last stage now, so later words start from level zero.
    bare = {name: Term(space=term.space, sql=term.sql, stored=term.stored) for name, term in columns.items()}
    return replace(
        rows, stages=stages, columns=bare, taken=scope.steps.taken, text=scope.steps.text, scanned=scope.steps.scanned
    )


def judged(node: Project, scope: Scope) -> dict[str, Term] | Refusal:
    """What each new column means, in order; all that can be wrong with a projection."""
    columns: dict[str, Term] = {}
    for name, expression in zip(node.names, node.expressions, strict=True):
        term = term_of(expression, scope)
        if isinstance(term, Refusal):
            return term
        # A column that is nothing but null has to be of some kind: pandas would make it float.
        columns[name] = scope.steps.column(convert(term, "float") if term.space.kind == "null" else term)
    return columns
