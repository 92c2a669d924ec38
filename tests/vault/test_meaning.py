"""Meanings of plans, which are kept for a while: what is kept is never another question's, and never much."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ag_plan.relations import Append, Filter, Relation
from ag_plan.releases import Count, Cov, Delta, Describe, GroupKey, Mean, Measure, Release, Size, Sum
from ag_vault import meaning
from ag_vault.catalog import Catalog
from ag_vault.ops.mean import Averaged
from ag_vault.price import Priced, price
from ag_vault.space import ColumnSpace
from tests.vault import test_sensitivity as sensitivity
from tests.vault import world
from tests.vault.world import ROWS, ask, binary, column


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    meaning._kept.clear()
    yield
    meaning._kept.clear()


def priced(release: Release, catalog: Catalog) -> Priced:
    found = price(release, catalog)
    assert isinstance(found, Priced), found
    return found


def said(plan: Priced) -> tuple[object, ...]:
    """All that a price says, queries written out."""
    return (
        plan.event,
        plan.scales,
        plan.epsilons,
        plan.index,
        plan.sums_sql,
        plan.tallies_sql(),
        plan.counts,
        plan.parts,
    )


@pytest.mark.parametrize("grouping", sensitivity.GROUPINGS)
@pytest.mark.parametrize("measure", sensitivity.MEASURES)
def test_a_price_is_the_same_whether_or_not_the_meaning_was_known(measure: str, grouping: str) -> None:
    catalog, other = world.catalog(sensitivity.SPACES), world.catalog(sensitivity.SPACES)
    asked = [ask(sensitivity.MEASURES[measure], by=sensitivity.GROUPINGS[grouping], eps=eps) for eps in (1, 2, 1)]
    anew = [said(priced(release, replace(other))) for release in asked]
    assert [said(priced(release, catalog)) for release in asked] == anew
    assert anew[0] != anew[1]


def test_another_catalogue_with_the_same_plan_has_a_meaning_of_its_own() -> None:
    release = ask(Mean(columns=("f",)))
    near, far = (world.catalog({"f": ColumnSpace(kind="float", lower=0.0, upper=upper)}) for upper in (1.0, 100.0))
    found = [priced(release, each).parts[0] for each in (near, far, near)]
    assert [part.grid.upper for part in found if isinstance(part, Averaged)] == [1.0, 100.0, 1.0]


def test_plans_that_differ_in_anything_but_what_they_spend_are_told_apart() -> None:
    catalog = world.catalog()
    kept = Filter(relation=ROWS, predicate=binary("gt", column("f"), 1.5))
    found = (GroupKey(column="i", found=True),)
    plans = [
        ask(Size()),
        ask(Count(columns=("f",))),
        ask(Count(columns=("g",))),
        ask(Size(), relation=kept),
        ask(Size(), by=(GroupKey(column="s"),)),
        *(replaced(ask(Size(), by=found), Delta(numerator=1, denominator=10**power)) for power in (5, 9)),
    ]
    assert len({str(said(priced(plan, catalog))) + str(priced(plan, catalog).finding) for plan in plans}) == len(plans)


def replaced(release: Release, delta: Delta | None, relation: Relation | None = None) -> Release:
    rows = release.relation if relation is None else relation
    return Release(relation=rows, measure=release.measure, spend=release.spend, by=release.by, delta=delta)


def test_no_more_are_kept_than_so_many_and_no_large_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = world.catalog()
    for limit in range(2 * meaning._MOST_KEPT):
        priced(ask(Size(), relation=Filter(relation=ROWS, predicate=binary("gt", column("f"), limit))), catalog)
    assert len(meaning._kept) == meaning._MOST_KEPT
    meaning._kept.clear()
    many = tuple(range(meaning._MOST_GROUPS + 1))
    large: list[tuple[Measure, tuple[GroupKey, ...]]] = [
        (Size(), (GroupKey(column="j", values=many),)),
        (Size(), (GroupKey(column="t", values=("x" * (meaning._MOST_BYTES + 1),)),)),
    ]
    for measure, by in large:
        priced(ask(measure, by=by), catalog)
    assert not meaning._kept
    priced(ask(Sum(columns=("f",))), catalog)
    assert len(meaning._kept) == 1


WIDE = {f"c{number}": ColumnSpace(kind="float", lower=0.0, upper=1.0) for number in range(60)}
HEAVY = {
    "sums of many columns": ask(Mean(columns=tuple(WIDE))),
    "places of many columns": ask(Describe(columns=tuple(WIDE))),
    "pairs": ask(Cov(columns=tuple(WIDE)[:20])),
    "columns of several tables": ask(Size(), relation=Append(left=Append(left=ROWS, right=ROWS), right=ROWS)),
}


def above(release: Release, limit: float) -> Release:
    """The same of other rows, so that it is another plan."""
    kept = Filter(relation=release.relation, predicate=binary("gt", column("c0"), limit))
    return replaced(release, None, kept)


@pytest.mark.parametrize("name", HEAVY)
def test_short_plans_that_say_much_are_weighed_by_what_they_say(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = world.catalog(WIDE)
    plans = [above(HEAVY[name], limit / 8) for limit in range(5)]
    priced(plans[0], catalog)
    (kept,) = meaning._kept.values()
    assert kept.weight > 10 * 60
    for limit, left in ((2 * kept.weight, 2), (kept.weight - 1, 0)):
        monkeypatch.setattr(meaning, "_MOST_WEIGHT", limit)
        for plan in plans:
            priced(plan, catalog)
        assert len(meaning._kept) == left


@pytest.mark.parametrize("name", HEAVY)
def test_a_weight_is_less_than_a_kilobyte(name: str) -> None:
    catalog = world.catalog(WIDE)
    priced(above(HEAVY[name], 0.5), catalog)  # what is learnt once and for all
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for limit in range(2):
            priced(above(HEAVY[name], limit), catalog).tallies_sql()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    weight = sum(each.weight for each in list(meaning._kept.values())[-2:])
    assert 0 < after - before < 1000 * weight
