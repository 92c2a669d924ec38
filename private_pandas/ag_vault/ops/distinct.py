"""The word ``Distinct``: one row per combination of values. Knows no column by itself."""

from ag_plan.relations import Distinct
from ag_vault.errors import Refusal
from ag_vault.ops.column import unknown_column
from ag_vault.ops.rows import Rows, firsts, number_of_row


def rule(node: Distinct, rows: Rows) -> Rows | Refusal:
    """Takes: rows and columns. Gives: one row each, of the unit's rows the first, among all rows the least. Fails: on names.

    Stability, by what the columns are: the id alone: 1; the id and others: unchanged; every column: unchanged; others: twice as much.
    Why: with the id, a unit's rows are compared among themselves. Without it, the rows of a unit add values that were not there, at
    most one each; and where other columns come along, each may also take the place of a row that stood for its value.
    """
    if not node.columns:
        return Refusal(code="no_columns", why="there is no column to compare rows by", instead="name one")
    unknown = next((name for name in node.columns if name not in rows.columns), None)
    if unknown is not None:
        return unknown_column(unknown)
    ids = [name for name in node.columns if rows.is_id(name)]
    scope = rows.scope()
    compared = [rows.columns[name].sql for name in node.columns]
    if rows.unit is not None and ids:
        stages = firsts(scope, number_of_row(compared, rows.unit.order), 1)
        return rows.kept(
            scope, *stages, unit=rows.unit, stability=1 if len(ids) == len(node.columns) else rows.stability
        )
    whole = set(node.columns) == set(rows.columns)
    stages = firsts(scope, number_of_row(compared, [term.sql for term in rows.columns.values()]), 1)
    return rows.kept(scope, *stages, unit=None, stability=rows.stability * (1 if whole else 2))
