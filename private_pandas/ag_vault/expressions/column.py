"""The word ``Column``: a value as it stands in the relation. Knows nothing but names."""

from ag_plan.expressions import Column
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term, own


def rule(node: Column, operands: tuple[Term, ...], scope: Scope) -> Term | Refusal:
    """Takes: a name. Gives: the column's own space. Why: nothing is computed. Fails: by the name alone, never on a row."""
    del operands
    term = scope.columns.get(node.name)
    if term is None:
        return Refusal(
            code="no_such_column", why=f"Column {node.name} does not exist", instead="see .columns for the names"
        )
    return own(term)
