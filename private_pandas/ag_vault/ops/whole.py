"""Counts of a whole table: what an engine need be asked but once, as no table of a session ever changes. Knows no value and no noise."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from ag_vault.expressions.term import Scope
from ag_vault.ops.keys import Groups
from ag_vault.ops.rows import Rows, stages_of
from ag_vault.parts import Part, Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """How many rows a table has; with a column, by its own name in the file, how many of them have a value in it."""

    table: str
    column: str | None = None


def whole_counts(rows: Rows, scope: Scope, groups: Groups, parts: Sequence[Part]) -> tuple[Whole, ...] | None:
    """The aggregates of all parts, in order, where each counts all rows of the one table that is read, or a bare column's values.

    None where there is any other aggregate, a group, a condition, or anything computed: then rows are passed over.
    """
    if len(rows.stages) > 1 or stages_of(scope.steps) or groups.joins or groups.found:
        return None
    (stage,) = rows.stages
    if stage.source is None:
        return None
    counts: list[Whole] = []
    for part in parts:
        for aggregate in part.aggregates if isinstance(part, Sums) else (None,):
            if not isinstance(aggregate, exp.Count):
                return None
            if isinstance(aggregate.this, exp.Star):
                counts.append(Whole(table=stage.source))
                continue
            column = _stored(aggregate.this, stage.columns)
            if column is None:
                return None
            counts.append(Whole(table=stage.source, column=column))
    return tuple(counts)


def _stored(counted: exp.Expression, columns: Sequence[exp.Expression]) -> str | None:
    """The file's own name of a bare column, which the source lists by another."""
    if not isinstance(counted, exp.Column):
        return None
    return next((column.this.name for column in columns if column.alias == counted.name), None)
