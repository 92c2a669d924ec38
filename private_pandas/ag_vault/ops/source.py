"""The word ``Source``: a table of the catalogue. Knows its public columns, never where its rows are."""

from sqlglot import exp

from ag_plan.relations import Source
from ag_vault.catalog import Catalog
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Term, identifier
from ag_vault.ops.rows import Rows, Stage


def rule(node: Source, catalog: Catalog) -> Rows | Refusal:
    """Takes: a table's key. Gives: its columns. Stability: 1. Why: a unit is one row of it. Fails: by the key alone."""
    table = catalog.tables.get(node.table)
    if table is None:
        return Refusal(code="no_such_table", why="this session has no such table", error="KeyError")
    names = {name: f"c{number}" for number, name in enumerate(table.columns)}
    columns = tuple(
        exp.Alias(this=identifier(name), alias=exp.Identifier(this=short, quoted=True)) for name, short in names.items()
    )
    terms = {name: Term(space=space, sql=identifier(names[name])) for name, space in table.columns.items()}
    stages = (Stage(columns=columns or (exp.Star(),), source=node.table),)
    return Rows(table=node.table, stages=stages, columns=terms, stability=1, taken=0)
