"""Record and replay: on neighbouring databases exact integers are as near as declared, and with noise frozen nothing at all can be told apart.

Neighbours differ in a whole unit, light or heavy, or in a row; rows hold NaN, infinities, zeros below zero, subnormals, nulls and what
their column's metadata rules out; databases are empty, of one row, all equal, or any. Each word of the plan has a case in ``cases``.
"""

import os
import typing
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ag_plan import expressions as words
from ag_plan.codec import decode_message
from ag_plan.expressions import EXPRESSIONS
from ag_plan.messages import REPLIES, Refused, Released
from ag_plan.relations import RELATIONS, GroupUnit, Join, Project, Relation
from ag_plan.releases import MEASURES, Count, Epsilon, Measure, Release, Rho, Spend, Sum
from ag_vault import descent, evaluate, ops
from ag_vault.errors import Refusal
from ag_vault.evaluate import Exact
from ag_vault.mechanisms import nested
from ag_vault.parts import Lifted, Noised, Ranks
from ag_vault.price import Priced, price
from ag_vault.space import ColumnSpace
from tests.vault import cases, neighbours, replay, world
from tests.vault.cases import Columns
from tests.vault.lifting import least
from tests.vault.neighbours import PAIRS, Pair

DEPTH = int(os.environ.get("AG_PROOF_DEPTH", "1"))
"""How many times as many examples as usual; ``make proof`` sets it."""


def examples(count: int) -> settings:
    return settings(
        max_examples=count * DEPTH,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@cache
def columns_of(name: str) -> dict[str, ColumnSpace]:
    space = world.schema(cases.RELATIONS[name], neighbours.catalog())
    assert not isinstance(space, Refusal), (name, space)
    return dict(space.columns)


def priced(release: Release) -> Priced:
    found = price(release, neighbours.catalog())
    assert isinstance(found, Priced), found
    return found


def check(release: Release, pairs: tuple[Pair, Pair]) -> None:
    """Both halves of the proof, for one release on one pair of neighbours."""
    pair = pairs[neighbours.ROWS in cases.said(release.relation)]
    seed = zlib.crc32(repr(pair).encode())
    spends = list(cases.SPENDS.values())
    release = msgspec.structs.replace(release, spend=spends[seed % len(spends)])
    recorded, replayed = replay.alike(release, pair.one, pair.other, seed=seed)
    replies = [decode_message(reply, REPLIES) for reply in recorded.replies]
    assert not any(isinstance(reply, Refused) for reply in replies), replies
    first, again = replies[2:4]
    assert isinstance(first, Released)
    assert isinstance(again, Released)
    assert again == msgspec.structs.replace(first, id=again.id, repeated=True)
    near(priced(release), recorded.exact, replayed.exact)
    assert recorded == replayed
    assert len(recorded.ledger["events"]) == 1


# (a) What is declared -----------------------------------------------------------------------------------------


def near(plan: Priced, whole: Exact | None, less: Exact | None) -> None:
    """Fails unless the exact integers are within every declared norm, all groups of a part together, and cost no more than is spent."""
    assert whole is not None
    assert less is not None
    relation = ops.rows_of(plan.release.relation, neighbours.catalog())
    assert not isinstance(relation, Refusal)
    rows = relation.stability
    cost = _COSTS[type(plan.release.spend)]
    loss = Fraction(0)
    for number, part in enumerate(plan.parts):
        keys = [(number, group) for group in range(plan.groups)]
        if isinstance(part, Noised):
            moved = [
                abs(a - b) for key in keys for a, b in zip(whole.vectors[key], less.vectors[key], strict=True) if a != b
            ]
            if isinstance(part, Lifted):
                moved = [abs(each) for key in keys for each in least(part, apart(whole, less, key))]
                assert sum(moved) <= rows * part.l1
            else:
                norms(part, moved, rows)
            loss += cost.noised(moved, Fraction(plan.scales[number]))
        elif isinstance(part, Ranks):
            ranks = sum(_apart(whole.tallies[key], less.tallies[key]) for key in keys)
            assert ranks <= rows
            loss += cost.ranked(part, ranks * plan.epsilon(number))
        else:
            pytest.fail(f"no norm is known for {type(part).__name__}")
    assert loss <= plan.release.spend.fraction


@dataclass(frozen=True)
class Cost:
    """What a move of a vector costs at a scale of noise, and a move of ranks that is worth so much ε."""

    noised: Callable[[list[int], Fraction], Fraction]
    ranked: Callable[[Ranks, Fraction], Fraction]


_COSTS: dict[type[Any], Cost] = {
    Epsilon: Cost(noised=lambda moved, scale: sum(moved) / scale, ranked=lambda _, epsilon: epsilon),
    Rho: Cost(
        noised=lambda moved, scale: sum(value**2 for value in moved) / (2 * scale**2),
        ranked=lambda part, epsilon: nested.rho(part.probabilities, epsilon),
    ),
}


def apart(one: Exact, other: Exact, key: tuple[int, int]) -> list[int]:
    return [a - b for a, b in zip(one.vectors[key], other.vectors[key], strict=True)]


def norms(part: Noised, moved: list[int], rows: int) -> None:
    """L0, L1, L2 and L∞ of what moved: so many rows' worth of what one row may do, which L1 and the vector's length bound."""
    assert len(moved) <= rows * min(part.size, part.l1)
    assert sum(moved) <= rows * part.l1
    assert sum(value * value for value in moved) <= rows**2 * part.l2_squared
    assert max(moved, default=0) <= rows * part.l1


def _apart(one: Any, other: Any) -> int:
    counts = [dict(zip(t.positions.tolist(), t.counts.tolist(), strict=True)) for t in (one, other)]
    return sum(abs(counts[0].get(at, 0) - counts[1].get(at, 0)) for at in counts[0].keys() | counts[1].keys())


# (b) Every word -----------------------------------------------------------------------------------------------

WAYS = [(kind, way) for kind, ways in cases.MEASURES.items() for way in range(len(ways))]


def release_of(relation: str, measure: type[Measure], way: int, grouping: str) -> Release:
    """The release; whole where the measure can't be had by group, of a size where the columns don't allow it."""
    columns = columns_of(relation)
    by = cases.grouping(columns, grouping)
    keys = {key.column for key in by}
    its = Columns.of({name: space for name, space in columns.items() if name not in keys})
    asked = cases.MEASURES[measure][way](its)
    return world.ask(asked, relation=cases.RELATIONS[relation], by=by)


@pytest.mark.parametrize("relation", cases.RELATIONS)
@examples(3)
@given(pairs=PAIRS, asked=st.sampled_from(WAYS), grouping=st.sampled_from(cases.GROUPINGS))
def test_after_every_relation_word_neighbours_give_the_same_bytes(
    relation: str, pairs: tuple[Pair, Pair], asked: tuple[type[Measure], int], grouping: str
) -> None:
    release = release_of(relation, *asked, grouping)
    if isinstance(price(release, neighbours.catalog()), Refusal):
        release = world.ask(cases.MEASURES[next(iter(cases.MEASURES))][0](Columns(numbers=(), every=())))
        release = msgspec.structs.replace(release, relation=cases.RELATIONS[relation])
    check(release, pairs)


@pytest.mark.parametrize("grouping", cases.GROUPINGS)
@pytest.mark.parametrize(("measure", "way"), WAYS)
@examples(2)
@given(pairs=PAIRS, relation=st.sampled_from(["units", "rows", "truncated", "filtered"]))
def test_every_measure_of_neighbours_gives_the_same_bytes(
    measure: type[Measure], way: int, grouping: str, pairs: tuple[Pair, Pair], relation: str
) -> None:
    check(release_of(relation, measure, way, grouping), pairs)


@pytest.mark.parametrize("kind", cases.EXPRESSIONS, ids=lambda kind: kind.__name__)
@examples(3)
@given(pairs=PAIRS, asked=st.sampled_from(WAYS), rows=st.booleans())
def test_after_every_expression_word_neighbours_give_the_same_bytes(
    kind: type[words.Expression], pairs: tuple[Pair, Pair], asked: tuple[type[Measure], int], rows: bool
) -> None:
    relation = cases.computed(kind, neighbours.ROWS if rows else neighbours.VISITS)
    columns = world.schema(relation, neighbours.catalog())
    assert not isinstance(columns, Refusal), columns
    its = Columns.of(columns.columns, most=40)
    measure, way = asked
    release = world.ask(cases.MEASURES[measure][way](its), relation=relation)
    if isinstance(price(release, neighbours.catalog()), Refusal):
        release = world.ask(cases.MEASURES[WAYS[1][0]][0](its), relation=relation)
    check(release, pairs)


@examples(8)
@given(pairs=PAIRS, measure=st.sampled_from([0, 1]))
def test_how_many_rows_a_table_has_decides_how_it_is_counted_and_nothing_that_is_seen(
    pairs: tuple[Pair, Pair], measure: int
) -> None:
    """Neighbours on either side of the size from which on columns are counted in coarse steps."""
    release = release_of("rows", words_with_ranks()[measure], 0, "whole")
    with pytest.MonkeyPatch.context() as patched:
        rows = sum(table == neighbours.ROWS.table for table, _, _ in pairs[1].one)
        patched.setattr(evaluate, "MANY", max(rows - 1, 0))
        patched.setattr(descent, "FEW", 2)
        check(release, pairs)


def words_with_ranks() -> list[type[Measure]]:
    found = [
        kind
        for kind in cases.MEASURES
        if any(isinstance(part, Ranks) for part in priced(release_of("rows", kind, 0, "whole")).parts)
    ]
    assert len(found) >= 2
    return found


@pytest.mark.parametrize("relation", cases.RELATIONS)
@examples(3)
@given(pairs=PAIRS, seed=st.integers(0, 99))
def test_where_rows_lie_changes_no_exact_integer(relation: str, pairs: tuple[Pair, Pair], seed: int) -> None:
    """Not even for a moment: what differs by the order of rows would make a unit move those of others."""
    columns = columns_of(relation)
    for measure in (Sum, Count):
        asked = cases.MEASURES[measure][0](Columns.of(columns, most=9))
        release = world.ask(asked, relation=cases.RELATIONS[relation])
        plan = price(release, neighbours.catalog())
        if isinstance(plan, Priced):
            for database in (pairs[0].one, pairs[0].other):
                first = evaluate.evaluate(plan, neighbours.put(database)).vectors
                assert first == evaluate.evaluate(plan, neighbours.put(database, shuffled=seed)).vectors


def test_the_first_of_a_units_rows_is_the_same_wherever_they_lie() -> None:
    rows = [{"f": value, "i": number, "b": number == 1, "n": 0} for number, value in enumerate((-2.0, 3.0, 0.5))]
    database = tuple((neighbours.VISITS.table, 1, row) for row in rows)
    relation = cases.RELATIONS["grouped by unit: first"]
    plan = priced(world.ask(Sum(columns=("first_f", "first_i")), relation=relation))
    found = {
        tuple(evaluate.evaluate(plan, neighbours.put(database, shuffled=seed)).vectors.values()) for seed in range(20)
    }
    assert len(found) == 1


# No word without a case ---------------------------------------------------------------------------------------


def test_every_word_of_the_plan_has_a_case() -> None:
    assert set(cases.MEASURES) == set(MEASURES) == set(ops.MEASURES)
    assert set(cases.EXPRESSIONS) == set(EXPRESSIONS)
    assert set(cases.SPENDS) == set(_COSTS) == set(typing.get_args(Spend))
    said = [word for relation in cases.RELATIONS.values() for word in cases.said(relation)]
    assert {type(word) for word in said if isinstance(word, Relation)} == set(RELATIONS)
    assert {word.how for word in said if isinstance(word, Join)} == set(cases.HOWS)
    assert {function for word in said if isinstance(word, GroupUnit) for function in word.functions} == set(
        cases.AGGREGATES
    )


def test_every_case_of_a_word_says_that_word_in_every_way() -> None:
    for kind, each in cases.EXPRESSIONS.items():
        assert all(any(type(word) is kind for word in cases.said(expression)) for expression in each)
        assert isinstance(cases.computed(kind), Project)
