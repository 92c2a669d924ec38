"""The word ``Truncate``: fewer rows of each privacy unit. Knows no column but the hidden ones."""

from ag_plan.relations import Truncate
from ag_vault.errors import Refusal
from ag_vault.ops.rows import Rows, firsts, number_of_row


def rule(node: Truncate, rows: Rows) -> Rows | Refusal:
    """Takes: rows that belong to units. Gives: the first of each unit's, in the secret order. Stability: at most ``node.rows``.

    Why: which of a unit's rows stay depends on that unit's rows alone, as their order does. Fails: where no unit is known.
    """
    if rows.unit is None:
        return no_unit("limit the rows of each unit")
    scope = rows.scope()
    stages = firsts(scope, number_of_row((rows.unit.column,), rows.unit.order), node.rows)
    return rows.kept(scope, *stages, unit=rows.unit, stability=min(rows.stability, node.rows))


def no_unit(what: str) -> Refusal:
    """The refusal of what needs to know whose each row is."""
    return Refusal(
        code="no_unit",
        why=f"the vault can't {what} here: these rows carry no id of a privacy unit",
        instead="start from a table with an id column, before rows of several units are brought together",
    )
