"""Neighbouring tables: declared sensitivities hold on the exact integers, and with noise frozen nothing else differs.

A neighbour has one row more, anywhere. Rows conform, as the loader makes them, but are as nasty as conforming allows; the same
measures also run after expressions that make NaN, infinities and overflow if anything can.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_plan import expressions as words
from ag_plan.relations import Filter, Project, Relation
from ag_plan.releases import (
    Corr,
    Count,
    Cov,
    Describe,
    GroupKey,
    Histogram,
    JointHistogram,
    Kurt,
    Mean,
    Measure,
    Moments,
    Nunique,
    Quantile,
    Release,
    Size,
    Skew,
    Std,
    Sum,
    Var,
)
from ag_vault.answer import Answer, answer
from ag_vault.evaluate import evaluate
from ag_vault.ledger import Receipt
from ag_vault.mechanisms import exponential, nested
from ag_vault.mechanisms.exponential import Aim, Domain, Tally
from ag_vault.parts import Lifted, Noised, Ranks
from ag_vault.price import Priced
from ag_vault.space import ColumnSpace
from tests.vault import world
from tests.vault.lifting import least
from tests.vault.tallies import probabilities
from tests.vault.world import ROWS, Frozen, binary, column

SPACES = world.COLUMNS | {
    "wide": ColumnSpace(kind="float", lower=-1e139, upper=1e139),
    "narrow": ColumnSpace(kind="float", lower=1.0, upper=1.0000001),
    "point": ColumnSpace(kind="float", lower=2.5, upper=2.5),
    "big": ColumnSpace(kind="int", lower=-(2**62), upper=2**62 - 1),
}
NUMERIC = ("f", "i", "b", "wide", "narrow", "point", "big", "n")

ROW = st.fixed_dictionaries(
    {
        "f": st.none() | st.sampled_from([-2.0, 3.0, -0.0, 5e-324, 1.0]) | st.floats(-2, 3),
        "g": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "i": st.none() | st.integers(-5, 7),
        "j": st.none() | st.integers(-(2**63), 2**63 - 1),
        "b": st.none() | st.booleans(),
        "s": st.none() | st.sampled_from(["x", "y", "z"]),
        "t": st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=3),
        "d": st.none() | st.integers(0, 10**15),
        "n": st.integers(0, 3),
        "wide": st.none() | st.floats(-1e139, 1e139),
        "narrow": st.none() | st.floats(1.0, 1.0000001),
        "point": st.none() | st.just(2.5),
        "big": st.none() | st.integers(-(2**62), 2**62 - 1),
    }
)
TABLES = st.lists(ROW, max_size=6)

DERIVED: Relation = Project(
    relation=Filter(relation=ROWS, predicate=binary("or", binary("gt", column("f"), -1.0), column("b"))),
    names=("f", "i", "s", "n"),
    expressions=(
        words.Clamp(operand=binary("div", column("g"), column("f")), lower=-10, upper=1e6),
        binary("mod", binary("mul", column("i"), column("i")), column("n")),
        words.Choose(condition=column("b"), then=column("s"), otherwise=words.Constant(value=None)),
        words.Clamp(
            operand=words.Cast(operand=words.Unary(operator="exp", operand=column("g")), to="int"), lower=0, upper=9
        ),
    ),
)
MEASURES: dict[str, Measure] = {
    "size": Size(),
    "count": Count(columns=("f", "s", "n", "i")),
    "nunique": Nunique(columns=("f", "s", "i")),
    "sum": Sum(columns=("f", "i", "n")),
    "mean": Mean(columns=("f", "i", "n")),
    "var": Var(columns=("f", "i", "n"), ddof=0),
    "std": Std(columns=("i",)),
    "moments": Moments(columns=("i", "f")),
    "quantile": Quantile(columns=("f", "i"), probabilities=(0.5, 0.1, 1.0, 0.0)),
    "skew": Skew(columns=("f", "n")),
    "kurt": Kurt(columns=("i",)),
    "cov of two": Cov(columns=("f", "i")),
    "cov of two alone": Cov(columns=("f", "n"), own=False),
    "cov of three": Cov(columns=("f", "i", "n")),
    "corr of three": Corr(columns=("f", "i", "n")),
    "describe": Describe(columns=("f", "n")),
    "histogram": Histogram(column="f", edges=(-2.0, -1.0, 0.0, 0.25, 3.0)),
    "joint histogram": JointHistogram(columns=("f", "i"), edges=((-2.0, -1.0, 0.0, 0.25, 3.0), (-5.0, 0.0, 5.0))),
}
GROUPINGS: dict[str, tuple[GroupKey, ...]] = {
    "whole": (),
    "by category": (GroupKey(column="s"),),
    "by list": (GroupKey(column="s", values=("z", "w")), GroupKey(column="n")),
}


def apart(part: Noised, one: Sequence[int], other: Sequence[int]) -> int:
    """L1, of the vectors or of the hidden integers of which they are the image."""
    change = [a - b for a, b in zip(one, other, strict=True)]
    if isinstance(part, Lifted):
        return sum(map(abs, least(part, change)))
    return sum(map(abs, change))


def distance(plan: Priced, one: Any, other: Any) -> None:
    """Fails unless two tables' exact integers are as near as every part declares, all parts and groups together."""
    loss = Fraction(0)
    for number, part in enumerate(plan.parts):
        for group in range(plan.groups):
            key = number, group
            if isinstance(part, Noised):
                moved = apart(part, one.vectors[key], other.vectors[key])
                assert moved <= part.l1
                loss += Fraction(moved) / Fraction(plan.scales[number])
            elif isinstance(part, Ranks):
                rows = abs(int(one.tallies[key].counts.sum()) - int(other.tallies[key].counts.sum()))
                assert rows <= 1
                loss += rows * plan.epsilons[number]
    assert loss <= plan.release.spend.fraction


@pytest.mark.parametrize("grouping", GROUPINGS)
@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=6, deadline=None, derandomize=True)
@given(rows=TABLES, extra=ROW, place=st.integers(0, 6), derived=st.booleans(), placed=st.booleans())
def test_one_row_moves_the_exact_integers_by_at_most_what_is_declared(
    *, measure: str, grouping: str, rows: list[Any], extra: Any, place: int, derived: bool, placed: bool
) -> None:
    relation = DERIVED if derived else ROWS
    release = world.ask(MEASURES[measure], relation=relation, by=GROUPINGS[grouping], eps=Fraction(1, 3))
    plan = world.priced(release, SPACES, placed=placed)
    more = [*rows[:place], extra, *rows[place:]]
    distance(plan, *(evaluate(plan, world.data(each, SPACES, placed=placed)) for each in (rows, more)))


@settings(max_examples=16, deadline=None, derandomize=True)
@given(rows=TABLES, extra=ROW, placed=st.booleans())
@pytest.mark.parametrize("kind", [Sum, Mean, Var, Skew, Kurt, Cov])
def test_odd_bounds_keep_their_sensitivity(*, kind: Any, rows: list[Any], extra: Any, placed: bool) -> None:
    plan = world.priced(world.ask(kind(columns=NUMERIC)), SPACES, placed=placed)
    distance(plan, *(evaluate(plan, world.data(each, SPACES, placed=placed)) for each in (rows, [*rows, extra])))


def heavy(name: str, value: Any) -> list[dict[str, Any]]:
    return [{**dict.fromkeys(SPACES), "n": 0, name: value}]


@pytest.mark.parametrize(
    ("name", "placed"),
    [
        *((name, False) for name in ("f", "wide", "narrow", "big", "i", "n")),
        *((name, True) for name in ("f", "wide", "narrow")),
    ],
)
@pytest.mark.parametrize("kind", [Sum, Mean, Var, Skew, Kurt])
def test_the_declared_sensitivity_is_reached_and_not_merely_safe(*, kind: Any, name: str, placed: bool) -> None:
    plan = world.priced(world.ask(kind(columns=(name,))), SPACES, placed=placed)
    part = plan.parts[0]
    assert isinstance(part, Noised)
    low, high = SPACES[name].bounds or (0, 0)
    moved = [
        sum(map(abs, evaluate(plan, world.data(heavy(name, value), SPACES, placed=placed)).vectors[0, 0]))
        for value in (low, high, (low + high) / 2)
    ]
    assert part.l1 * 0.999 <= max(moved) <= part.l1


@pytest.mark.parametrize("beyond", [1e300, -1e300, float("inf"), float("-inf"), float("nan"), 4.0])
@pytest.mark.parametrize("kind", [Sum, Mean, Var, Describe, Skew, Kurt])
@pytest.mark.parametrize("placed", [False, True])
def test_a_row_that_should_not_exist_is_clamped_all_the_same(*, kind: Any, beyond: float, placed: bool) -> None:
    plan = world.priced(world.ask(kind(columns=("f",))), SPACES, placed=placed)
    distance(plan, *(evaluate(plan, world.data(each, SPACES, placed=placed)) for each in ([], heavy("f", beyond))))


@pytest.mark.parametrize("columns", ["xf", "fx", "xif", "xabcdefghjkl"])
@pytest.mark.parametrize("kind", [Cov, Corr])
def test_a_null_where_a_rule_says_that_none_is_moves_no_moments_by_more_than_a_row(kind: Any, columns: str) -> None:
    """The last wall makes null whatever can't be computed: were a rule wrong, a row that was chosen for it would count twice."""
    spaces = {name: ColumnSpace(kind="float", lower=-2.0, upper=3.0, nullable=name == "l") for name in "fabcdeghjkl"}
    spaces["i"] = ColumnSpace(kind="int", lower=0, upper=1, nullable=False)
    overflowing = binary("mul", column("i"), 2**62)
    relation = Project(relation=ROWS, names=("x", *spaces), expressions=(overflowing, *map(column, spaces)))
    row = {**dict.fromkeys(spaces, 3.0), "i": 10**9}
    for asked in (columns, f"{columns[:-1]}l"):
        plan = world.priced(world.ask(kind(columns=tuple(dict.fromkeys(asked))), relation=relation), spaces)
        distance(plan, *(evaluate(plan, world.data(each, spaces)) for each in ([], [row])))


def released(release: Release, rows: list[Any], noise: Frozen) -> Answer:
    found = answer(
        release,
        catalog=world.catalog(SPACES),
        charge=lambda plan: Receipt(sequence=1, event=plan.event),
        data=world.data(rows, SPACES),
        noise=noise,
    )
    assert isinstance(found, Answer)
    return found


@pytest.mark.parametrize("grouping", GROUPINGS)
@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=4, deadline=None, derandomize=True)
@given(rows=TABLES, others=TABLES, shift=st.sampled_from([0, -(2**63), 2**63 - 1, 2**40, -(2**34)]))
def test_shape_order_types_and_draws_never_depend_on_rows(
    measure: str, grouping: str, rows: list[Any], others: list[Any], shift: int
) -> None:
    release = world.ask(MEASURES[measure], by=GROUPINGS[grouping])
    noises = Frozen(shift=shift), Frozen(shift=shift)
    answers = [released(release, table, noise) for table, noise in zip((rows, others), noises, strict=True)]
    assert noises[0].asked == noises[1].asked
    blank = [replace(found, values=(), half_widths=()) for found in answers]
    assert blank[0] == blank[1]
    for one, other in zip(answers[0].values, answers[1].values, strict=True):
        pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
        assert all(type(a) is type(b) for a, b in pairs)


@settings(max_examples=4, deadline=None, derandomize=True)
@given(rows=TABLES, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_is_of_no_consequence(rows: list[Any], seed: Any) -> None:
    shuffled = seed.sample(rows, len(rows))
    for measure in MEASURES.values():
        first, second = (released(world.ask(measure), table, Frozen()) for table in (rows, shuffled))
        assert first == second


def test_the_mechanism_behind_ranks_is_the_exponential_one() -> None:
    plan = world.priced(world.ask(MEASURES["quantile"]), SPACES)
    assert plan.mechanism == exponential.NAME


@pytest.mark.parametrize("place", [Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(1)])
@pytest.mark.parametrize(
    "measure", [Quantile(columns=("i", "n"), probabilities=(0.5, 0.1, 1.0, 0.0)), Describe(columns=("n",))]
)
def test_all_quantiles_of_a_release_lose_no_more_than_its_epsilon_together(
    measure: Measure, place: Fraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst output of each draw, from the draws' exact probabilities on two neighbours, multiplied up over the release.

    What is drawn is made to be the same on both, as each draw is private given those before it.
    """
    drawn: list[dict[int, Fraction]] = []

    def watched(tally: Tally, domain: Domain, aim: Aim, noise: Any) -> int:
        assert isinstance(noise, Frozen)
        drawn.append(probabilities(tally, domain, aim))
        return domain.low + int((domain.high - domain.low) * place)

    monkeypatch.setattr(nested, "choose", watched)
    rows = [{**dict.fromkeys(SPACES), "i": 3, "n": 1} for _ in range(9)]
    for extra in ({"i": -5, "n": 0}, {"i": 7, "n": 3}, {"i": 3, "n": 1}):
        drawn.clear()
        release = world.ask(measure, eps=2)
        released(release, rows, Frozen())
        released(release, [*rows, {**dict.fromkeys(SPACES), **extra}], Frozen())
        half = len(drawn) // 2
        assert half > 1
        loss = 1.0
        for one, other in zip(drawn[:half], drawn[half:], strict=True):
            loss *= float(max(max(p / other[g], other[g] / p) for g, p in one.items()))
        assert 1 < loss <= math.exp(2) * (1 + 1e-9)
