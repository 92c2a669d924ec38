"""The two queries of a release: all sums of all groups at once, and all tallies. Know no value of a row and no noise."""

from collections.abc import Sequence

from sqlglot import exp

from ag_vault.expressions.term import SQL_TYPES, Scope
from ag_vault.ops.keys import Groups
from ag_vault.ops.rows import Rows, Stage, cell, select, stages_of
from ag_vault.parts import Bins, Part, Sums

DIALECT = "duckdb"
_CELL = exp.Identifier(this="cell", quoted=True)


def sums_query(rows: Rows, scope: Scope, groups: Groups, parts: Sequence[Part]) -> str | None:
    """One row per group that has rows: its number, then all aggregates in order; None where no part has any."""
    aggregates = [sql.copy() for part in parts if isinstance(part, Sums) for sql in part.aggregates]
    if not aggregates:
        return None
    if not groups.joins:
        return _text(rows, scope, groups, [exp.select(exp.Literal.number(0), *aggregates, copy=False)])
    query = exp.select(_cell(), *aggregates, copy=False).group_by(_cell(), copy=False)
    return _text(rows, scope, groups, [query])


def tallies_query(rows: Rows, scope: Scope, groups: Groups, parts: Sequence[Part]) -> str | None:
    """Rows of part, group, position, count, in the order of the first three; None where no part needs them."""
    queries = [_tally(number, part, groups) for number, part in enumerate(parts) if not isinstance(part, Sums)]
    if not queries:
        return None
    return _text(rows, scope, groups, queries, order=("part", "cell", "position"))


def _tally(number: int, part: Part, groups: Groups) -> exp.Select:
    if isinstance(part, Sums):
        raise TypeError("sums have no tally")
    position = part.number if isinstance(part, Bins) else part.position
    group: exp.Expression = _cell() if groups.joins else _integer(0)
    columns = {"part": _integer(number), "cell": group, "position": position.copy(), "rows": exp.Count(this=exp.Star())}
    query = exp.select(*(exp.alias_(sql, name, quoted=True) for name, sql in columns.items()), copy=False)
    query = query.where(exp.Not(this=exp.Is(this=position.copy(), expression=exp.Null())), copy=False)
    return query.group_by(*([_cell()] if groups.joins else []), position.copy(), copy=False)


def _text(rows: Rows, scope: Scope, groups: Groups, final: Sequence[exp.Select], order: Sequence[str] = ()) -> str:
    stages = (*rows.stages, *stages_of(scope.steps))
    if groups.joins:
        numbered = exp.Alias(this=cell(groups.joins), alias=_CELL.copy())
        stages = (*stages, Stage(columns=(numbered,), joins=groups.joins))
    query = select(stages, final)
    for name in order:
        query = query.order_by(exp.Column(this=exp.Identifier(this=name, quoted=True)), copy=False)
    return query.sql(dialect=DIALECT)


def _cell() -> exp.Column:
    return exp.Column(this=_CELL.copy())


def _integer(value: int) -> exp.Expression:
    return exp.Cast(this=exp.Literal.number(value), to=SQL_TYPES["int"].copy())
