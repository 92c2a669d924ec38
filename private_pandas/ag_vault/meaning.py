"""What a plan asks, in words of the vault, whatever it may spend: relation, groups, measure, and the queries that follow from them.

Knows no price, no noise and no row. The last few meanings are kept, as the same is asked at one ε after the other, and previewed before it is
released: what is kept follows from the plan and its catalogue alone, and nothing that is made of it changes it.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from typing import Any

import msgspec
from sqlglot import exp

from ag_plan.codec import encode_plan
from ag_plan.releases import Epsilon, Release
from ag_vault import ops
from ag_vault.catalog import Catalog
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope
from ag_vault.finding import delta_of
from ag_vault.ops.found import Weighed, remade, weighed
from ag_vault.ops.keys import Groups, groups_of
from ag_vault.ops.queries import Asking, asked_of_mappers, sums_query, tallies_query
from ag_vault.ops.rows import Rows, stages_of
from ag_vault.ops.whole import Whole, whole_counts
from ag_vault.parts import Bins, Measured, Ranks, Sums

_ANY = Epsilon(numerator=1, denominator=1)
_MOST_KEPT = 64
_MOST_BYTES = 4 << 10
"""Of a plan whose meaning is kept."""
_MOST_GROUPS = 1000
_MOST_WEIGHT = 1 << 16
"""Words of SQL in all that is kept: what a guest can make the vault keep, some tens of megabytes. A short plan may have tens of thousands of them."""
_CHARACTERS = 256
"""Of texts, as much as a word takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A plan that has a meaning. ``counted``, ``delta``: where keys are to be found; then its queries have to wait for a price.

    ``sums_sql``, ``tallies_sql``: those of all other plans, each written when it is first wanted. ``counts``: in place of ``sums_sql``, where all
    that is asked for is counts of a whole table.
    """

    rows: Rows
    scope: Scope
    groups: Groups
    measured: Measured
    counted: Weighed | None
    delta: Fraction
    held: int
    counts: tuple[Whole, ...] | None
    sums_sql: Callable[[], str | None]
    tallies_sql: Callable[[], str | None]
    askings: tuple[Asking, ...]


def meaning_of(release: Release, catalog: Catalog) -> Meaning | Refusal:
    """The meaning of a plan, kept where it is small. Refusals are not: they are made in no time."""
    key = id(catalog), encode_plan(msgspec.structs.replace(release, spend=_ANY))
    known = _kept.get(key)
    if known is not None:
        _kept.move_to_end(key)
        return known.meaning
    meaning = _meaning(release, catalog)
    if isinstance(meaning, Meaning) and len(key[1]) <= _MOST_BYTES and len(meaning.groups.index) <= _MOST_GROUPS:
        _kept[key] = _Kept(catalog=catalog, meaning=meaning, weight=_weight(meaning))
        while len(_kept) > _MOST_KEPT or sum([each.weight for each in _kept.values()]) > _MOST_WEIGHT:
            _kept.popitem(last=False)
    return meaning


def forget() -> None:
    """Nothing is asked of the catalogues there were any more."""
    _kept.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A meaning and its weight. It holds its catalogue, so that no other one can have its identity meanwhile."""

    catalog: Catalog
    meaning: Meaning
    weight: int


_kept: OrderedDict[tuple[int, bytes], _Kept] = OrderedDict()
"""By catalogue and plan."""


def _weight(meaning: Meaning) -> int:
    """What it takes to keep, in words of SQL. Tables' own columns are shared by all plans."""
    rows, measured = meaning.rows, meaning.measured
    stages = (*rows.stages, *stages_of(meaning.scope.steps))
    words: list[Any] = [word for stage in stages if stage.source is None for word in stage.words]
    for part in measured.parts:
        words.extend(part.aggregates if isinstance(part, Sums) else [_place_of(part)])
    for join in meaning.groups.joins:
        words.extend((join.column, *join.values))
    spaces = [term.space for term in rows.columns.values()]
    shared = len(spaces) + sum([len(space.categories or ()) for space in spaces])
    texts = sum([len(asking.sql) for asking in meaning.askings])
    numbered = len(measured.labels) + len(measured.parts) + len(meaning.groups.index)
    return _words(words) + numbered + shared // _SHARED + texts // _CHARACTERS


_SHARED = 16
"""References to what is kept anyway, as many as take what a word does."""


def _place_of(part: Bins | Ranks) -> exp.Expression:
    return part.number if isinstance(part, Bins) else part.position


def _words(waiting: list[Any]) -> int:
    """How many nodes there are, long texts as several."""
    found = 0
    while waiting:
        node = waiting.pop()
        if isinstance(node, exp.Expression):
            found += 1
            waiting.extend(node.args.values())
        elif isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, str):
            found += len(node) // _CHARACTERS
    return found


def _meaning(release: Release, catalog: Catalog) -> Meaning | Refusal:
    """Relation, groups and measure, in this order; the first refusal otherwise."""
    rows = ops.rows_of(release.relation, catalog)
    if isinstance(rows, Refusal):
        return rows
    scope = rows.scope()
    groups = groups_of(release.by, rows, scope)
    if isinstance(groups, Refusal):
        return groups
    measured = (remade(release.measure, rows, scope) if groups.found else None) or ops.measured(
        release.measure, rows, scope
    )
    if isinstance(measured, Refusal):
        return measured
    if ops.grown(rows, scope.steps, catalog):
        return ops.TOO_MUCH
    counted, delta = None, Fraction(0)
    if groups.found:
        found = delta_of(release, rows.tables, catalog)
        if isinstance(found, Refusal):
            return found
        counted, delta = weighed(measured, len(groups.index)), found
        measured = counted.measured
    asked = rows, scope, groups, measured.parts
    return Meaning(
        rows=rows,
        scope=scope,
        groups=groups,
        measured=measured,
        counted=counted,
        delta=delta,
        held=sum(catalog.tables[source].max_rows or 0 for source in rows.tables),
        counts=whole_counts(*asked),
        sums_sql=cache(partial(sums_query, *asked)),
        tallies_sql=cache(partial(tallies_query, *asked)),
        askings=asked_of_mappers(rows, scope),
    )
