"""Relations and measures: one file per word of the plan, each with its stability or sensitivity. Knows no data and no noise."""

from collections.abc import Callable
from typing import Any

from ag_plan import relations, releases
from ag_plan.codec import children
from ag_vault.catalog import Catalog
from ag_vault.errors import Refusal
from ag_vault.expressions.term import MOST_TEXT, MOST_WORK, Scope, Steps
from ag_vault.ops import (
    append,
    count,
    cov,
    describe,
    distinct,
    filter,  # noqa: A004 - named as in the plan
    group_unit,
    histogram,
    join,
    joint_histogram,
    mean,
    moments,
    nunique,
    project,
    quantile,
    skew,
    source,
    split,
    sum,  # noqa: A004 - the module of the measure Sum
    truncate,
)
from ag_vault.ops.rows import MOST_SOURCES, MOST_STABILITY, Rows
from ag_vault.parts import Measured

RELATIONS: dict[type[relations.Relation], Callable[..., Rows | Refusal]] = {
    relations.Filter: filter.rule,
    relations.Project: project.rule,
    relations.Truncate: truncate.rule,
    relations.GroupUnit: group_unit.rule,
    relations.Distinct: distinct.rule,
    relations.Append: append.rule,
    relations.Join: join.rule,
    relations.Split: split.rule,
}
"""Relation words over other relations: each rule gets its word and what it stands on, in the order of the word's fields."""

MEASURES: dict[type[releases.Measure], Callable[[Any, Rows, Scope], Measured | Refusal]] = {
    releases.Size: count.size,
    releases.Count: count.count,
    releases.Nunique: nunique.rule,
    releases.Sum: sum.rule,
    releases.Mean: mean.rule,
    releases.Var: moments.rule,
    releases.Std: moments.rule,
    releases.Moments: moments.together,
    releases.Skew: skew.rule,
    releases.Kurt: skew.rule,
    releases.Cov: cov.rule,
    releases.Corr: cov.rule,
    releases.Quantile: quantile.rule,
    releases.Describe: describe.rule,
    releases.Histogram: histogram.rule,
    releases.JointHistogram: joint_histogram.rule,
}
"""Every measure and its rule."""


TOO_MUCH = Refusal(
    code="too_many_joins",
    why="so many tables are brought together here that one privacy unit could fill any answer",
    instead="limit the rows of each unit, or group by the unit, before you join",
)


TOO_MUCH_TEXT = Refusal(
    code="too_much_text",
    why=f"the texts of a row, and what this plan makes of them, may have more than {MOST_TEXT:,} characters together",
    instead="keep only the columns you need before you sort, group or merge, or their beginnings, e.g. series.str[:100]",
)


MOST_GROWN = 2**17
"""Named values that joins may make of one row in all: the bound of ``MOST_WORK`` where a row becomes many. Work on texts has that bound itself."""


def grown(rows: Rows, steps: Steps, catalog: Catalog) -> bool:
    """Whether joins make so many rows of one that, with so many named values and so much work on texts in each, it could be felt by its time."""
    return _felt(growth(rows, catalog), steps.taken, steps.scanned)


def _felt(growth: int, taken: int, scanned: int) -> bool:
    return growth * (taken + scanned) > MOST_GROWN or growth * scanned > MOST_WORK


def growth(rows: Rows, catalog: Catalog) -> int:
    """How many rows joins may make of one, rounded down; one at least."""
    tables = [catalog.tables[key] for key in rows.tables]
    held = max((1 if table.unit is None else table.unit.max_rows for table in tables), default=1)
    return max(1, rows.stability // held)


def too_much(growth: int, steps: Steps) -> Refusal | None:
    """The refusal of a relation by what its words have made so far of each row, of which joins make ``growth``."""
    if _felt(growth, steps.taken, steps.scanned):
        return TOO_MUCH
    return TOO_MUCH_TEXT if steps.text > MOST_TEXT else None


def rows_of(relation: relations.Relation, catalog: Catalog) -> Rows | Refusal:
    """What a relation means: its stages and public columns; Refusal by names and kinds alone."""
    known: dict[int, Rows] = {}
    waiting = [relation]
    while waiting:
        word = waiting[-1]
        under = [child for child in children(word) if isinstance(child, relations.Relation)]
        unknown = [child for child in under if id(child) not in known]
        if unknown:
            waiting.extend(unknown)
            continue
        waiting.pop()
        if isinstance(word, relations.Source):
            rows = source.rule(word, catalog)
        else:
            rows = RELATIONS[type(word)](word, *(known[id(child)] for child in under))
        if isinstance(rows, Refusal):
            return rows
        if rows.sources > MOST_SOURCES or rows.stability > MOST_STABILITY:
            return TOO_MUCH
        refused = too_much(growth(rows, catalog), rows.scope().steps)
        if refused is not None:
            return refused
        known[id(word)] = rows
    return known[id(relation)]


def measured(measure: releases.Measure, rows: Rows, scope: Scope) -> Measured | Refusal:
    """What a measure asks of the rows, in parts."""
    return MEASURES[type(measure)](measure, rows, scope)
