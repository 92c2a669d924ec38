"""Relations and measures: one file per word of the plan, each with its stability or sensitivity. Knows no data and no noise."""

from collections.abc import Callable
from typing import Any

from ag_plan import relations, releases
from ag_vault.catalog import Catalog
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope
from ag_vault.ops import count, describe, filter, histogram, mean, moments, project, quantile, source, sum  # noqa: A004
from ag_vault.ops.rows import Rows
from ag_vault.parts import Measured

ROW_WISE: dict[type[relations.Relation], Callable[[Any, Rows], Rows | Refusal]] = {
    relations.Filter: filter.rule,
    relations.Project: project.rule,
}
"""Relation words over one other relation."""

MEASURES: dict[type[releases.Measure], Callable[[Any, Rows, Scope], Measured | Refusal]] = {
    releases.Size: count.size,
    releases.Count: count.count,
    releases.Sum: sum.rule,
    releases.Mean: mean.rule,
    releases.Var: moments.rule,
    releases.Std: moments.rule,
    releases.Quantile: quantile.rule,
    releases.Describe: describe.rule,
    releases.Histogram: histogram.rule,
}
"""Every measure and its rule."""


def rows_of(relation: relations.Relation, catalog: Catalog) -> Rows | Refusal:
    """What a relation means: its stages and public columns; Refusal by names and kinds alone."""
    words: list[relations.Relation] = []
    while not isinstance(relation, relations.Source):
        words.append(relation)
        relation = relation.relation  # type: ignore[attr-defined]  # every other word is over one relation
    rows: Rows | Refusal = source.rule(relation, catalog)
    for word in reversed(words):
        if isinstance(rows, Refusal):
            return rows
        rows = ROW_WISE[type(word)](word, rows)
    return rows


def measured(measure: releases.Measure, rows: Rows, scope: Scope) -> Measured | Refusal:
    """What a measure asks of the rows, in parts."""
    return MEASURES[type(measure)](measure, rows, scope)
