"""Whole releases: what is refused before any charge, what an answer looks like, and that it is about right."""

import math
import statistics
from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import pytest

from ag_plan import expressions as words
from ag_plan.relations import Filter, Project, Source
from ag_plan.releases import (
    Count,
    Describe,
    GroupKey,
    Histogram,
    Mean,
    Measure,
    Moments,
    Nunique,
    Quantile,
    Release,
    Size,
    Std,
    Sum,
    Var,
)
from ag_vault.answer import Answer, answer
from ag_vault.errors import EngineFailed, Refusal
from ag_vault.evaluate import DuckData
from ag_vault.ledger import Ledger, Receipt
from ag_vault.noise import OpenDPNoise
from ag_vault.price import Forecast, Priced, preview
from ag_vault.space import ColumnSpace
from ag_vault.till import Till
from tests.vault import world
from tests.vault.ledgers import budget, claim
from tests.vault.world import ROWS, Frozen, ask, binary, column, schema

EVERY: list[Measure] = [
    Size(),
    Count(columns=("f", "s")),
    Sum(columns=("f",)),
    Mean(columns=("f", "n")),
    Var(columns=("f",)),
    Std(columns=("f",)),
    Moments(columns=("f", "i")),
    Quantile(columns=("f", "d"), probabilities=(0.5, 0.25)),
    Describe(columns=("f", "i")),
    Histogram(column="f", edges=(0.0, 1.0, 2.0)),
]


class Purse:
    """A ledger that remembers what it was asked to charge, and says no when told to."""

    def __init__(self, *, empty: bool = False) -> None:
        self.charged: list[Priced] = []
        self.empty = empty

    def charge(self, plan: Priced) -> Receipt | Refusal:
        self.charged.append(plan)
        if self.empty:
            return Refusal(code="budget", why="there is nothing left")
        return Receipt(sequence=len(self.charged), event=plan.event)


class Untouchable:
    """Rows that must not be read."""

    def rows(self, sql: object) -> Any:
        raise AssertionError(sql)

    arrays = count = rows


def released(release: Release, rows: list[Any], noise: Any = None) -> Answer:
    purse = Purse()
    found = answer(
        release, catalog=world.catalog(), charge=purse.charge, data=world.data(rows), noise=noise or Frozen()
    )
    assert isinstance(found, Answer), found
    assert len(purse.charged) == 1
    return found


REFUSED: dict[str, tuple[Release, str]] = {
    "no such table": (ask(Size(), relation=Source(table="demo/other")), "KeyError"),
    "no such column": (ask(Count(columns=("nope",))), "ValueError"),
    "no columns": (ask(Mean(columns=())), "ValueError"),
    "a column twice": (ask(Mean(columns=("f", "f"))), "ValueError"),
    "unbounded float": (ask(Sum(columns=("g",))), "ValueError"),
    "unbounded integer": (ask(Mean(columns=("j",))), "ValueError"),
    "unbounded quantile": (ask(Quantile(columns=("g",), probabilities=(0.5,))), "ValueError"),
    "mean of strings": (ask(Mean(columns=("s",))), "TypeError"),
    "describe of strings": (ask(Describe(columns=("f", "s"))), "TypeError"),
    "histogram of strings": (ask(Histogram(column="s", edges=(0.0, 1.0))), "TypeError"),
    "too many bins": (ask(Histogram(column="f", edges=tuple(map(float, range(10_002))))), "ValueError"),
    "filter by a number": (ask(Size(), relation=Filter(relation=ROWS, predicate=column("f"))), "TypeError"),
    "group by a float": (ask(Size(), by=(GroupKey(column="f"),)), "ValueError"),
    "group by free text": (ask(Size(), by=(GroupKey(column="t"),)), "ValueError"),
    "group by nothing known": (ask(Size(), by=(GroupKey(column="nope"),)), "ValueError"),
    "keys of another kind": (ask(Size(), by=(GroupKey(column="s", values=(1, 2)),)), "TypeError"),
    "null as a key": (ask(Size(), by=(GroupKey(column="s", values=("x", None)),)), "TypeError"),
    "too many groups": (
        ask(
            Size(), by=(GroupKey(column="j", values=tuple(range(300))), GroupKey(column="i", values=tuple(range(300))))
        ),
        "ValueError",
    ),
    "too many numbers": (
        ask(Histogram(column="f", edges=tuple(map(float, range(9000)))), by=(GroupKey(column="i"),)),
        "ValueError",
    ),
    "too small an epsilon": (ask(Mean(columns=("f",)), eps=Fraction(1, 2**60)), "ValueError"),
    "too large an epsilon": (ask(Size(), eps=10**7), "ValueError"),
    "a strange ddof": (ask(Var(columns=("f",), ddof=-1)), "ValueError"),
    "sum of moments in time": (ask(Sum(columns=("d",))), "TypeError"),
    "a division without bounds": (
        ask(
            Sum(columns=("q",)),
            relation=Project(relation=ROWS, names=("q",), expressions=(binary("div", column("f"), column("i")),)),
        ),
        "ValueError",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_be_refused_is_refused_before_a_charge(name: str) -> None:
    release, error = REFUSED[name]
    purse = Purse()
    found = answer(release, catalog=world.catalog(), charge=purse.charge, data=Untouchable(), noise=Frozen())
    assert isinstance(found, Refusal)
    assert found.error == error
    assert found.why
    assert purse.charged == []
    forecast = preview(release, world.catalog())
    assert forecast == found


def test_an_empty_purse_reads_no_row_and_draws_no_noise() -> None:
    purse, noise = Purse(empty=True), Frozen()
    found = answer(ask(Size()), catalog=world.catalog(), charge=purse.charge, data=Untouchable(), noise=noise)
    assert isinstance(found, Refusal)
    assert len(purse.charged) == 1
    assert noise.asked == []


def test_a_till_takes_no_charge_for_another_account() -> None:
    ledger = Ledger.in_memory()
    till = Till(ledger, budget(), claim(dataset="another"), ())
    with pytest.raises(ValueError, match="demo"):
        till.charge(world.priced(ask(Size())))
    assert ledger.verify() == 0


@pytest.mark.parametrize("measure", [Size(), Mean(columns=("f",))], ids=["known", "computed"])
def test_the_charge_comes_before_the_first_row(measure: Measure) -> None:
    purse = Purse()
    with pytest.raises(AssertionError):
        answer(ask(measure), catalog=world.catalog(), charge=purse.charge, data=Untouchable(), noise=Frozen())
    assert len(purse.charged) == 1


@pytest.mark.parametrize("measure", EVERY, ids=lambda measure: type(measure).__name__)
@pytest.mark.parametrize("by", [(), (GroupKey(column="s"),), (GroupKey(column="b"), GroupKey(column="n"))])
def test_an_answer_is_a_full_grid_of_groups_and_labels(measure: Measure, by: tuple[GroupKey, ...]) -> None:
    found = released(ask(measure, by=by), [])
    groups = math.prod({"s": 3, "b": 2, "n": 4}[key.column] for key in by)
    assert len(found.index) == len(found.values) == len(found.half_widths) == len(set(found.index))
    assert len(found.index) % groups == 0
    assert {len(row) for row in (*found.values, *found.half_widths)} == {len(found.columns)}
    assert found.scale > 0
    forecast = preview(ask(measure, by=by), world.catalog())
    assert isinstance(forecast, Forecast)
    assert (forecast.index, forecast.columns, forecast.mechanism) == (found.index, found.columns, found.mechanism)
    assert [len(row) for row in forecast.half_widths] == [len(row) for row in found.half_widths]


def test_every_key_appears_and_rows_of_no_key_go_nowhere() -> None:
    rows = [{"s": "x", "n": 1}, {"s": "x", "n": 2}, {"s": None, "n": 1}, {"s": "z", "n": 3}]
    found = released(ask(Size(), by=(GroupKey(column="s"),)), rows)
    assert dict(zip(found.index, found.values, strict=True)) == {("x",): (2,), ("y",): (0,), ("z",): (1,)}
    listed = released(ask(Size(), by=(GroupKey(column="s", values=("w", "z")),)), rows)
    assert dict(zip(listed.index, listed.values, strict=True)) == {("w",): (0,), ("z",): (1,)}
    flags = released(ask(Size(), by=(GroupKey(column="b"),)), [{"b": True, "n": 0}, {"b": None, "n": 0}])
    assert dict(zip(flags.index, flags.values, strict=True)) == {(False,): (0,), (True,): (1,)}
    both = released(ask(Size(), by=(GroupKey(column="s"), GroupKey(column="n"))), rows)
    assert len(both.index) == 12
    assert dict(zip(both.index, both.values, strict=True))["z", 3] == (1,)


def test_without_noise_every_measure_is_the_plain_statistic() -> None:
    rng = np.random.default_rng(3)
    rows = [
        {"f": float(f), "i": int(i), "n": 0}
        for f, i in zip(rng.uniform(-2, 3, 400), rng.integers(-5, 8, 400), strict=True)
    ]
    rows += [{"f": None, "i": None, "n": 1}] * 50
    f, i = [row["f"] for row in rows[:400]], [row["i"] for row in rows[:400]]

    def of(measure: Measure) -> tuple[Any, ...]:
        return released(ask(measure), rows).values[0]

    assert of(Size()) == (450,)
    assert of(Count(columns=("f", "n"))) == (400, 450)
    assert of(Sum(columns=("i",))) == (sum(i),)
    assert of(Sum(columns=("f",))) == pytest.approx((sum(f),), abs=1e-6)
    assert of(Mean(columns=("f", "i"))) == pytest.approx((statistics.fmean(f), statistics.fmean(i)), abs=1e-7)
    assert of(Var(columns=("f", "i"))) == pytest.approx((statistics.variance(f), statistics.variance(i)), abs=1e-6)
    assert of(Std(columns=("f",))) == pytest.approx((statistics.stdev(f),), abs=1e-6)
    together = released(ask(Moments(columns=("f",))), rows)
    assert [label for (label,) in together.index] == ["count", "mean", "std"]
    truth = [400, statistics.fmean(f), statistics.stdev(f)]
    assert [row[0] for row in together.values] == pytest.approx(truth, abs=1e-6)
    assert of(Var(columns=("f",), ddof=0)) == pytest.approx((statistics.pvariance(f),), abs=1e-6)
    histogram = released(ask(Histogram(column="i", edges=(-5.0, 0.0, 2.5, 7.0))), rows)
    assert [row[0] for row in histogram.values] == np.histogram(i, [-5, 0, 2.5, 7])[0].tolist()
    # At so large an ε the quartiles have no say in the moments.
    describe = released(ask(Describe(columns=("f",)), eps=10**6), rows)
    assert [label for (label,) in describe.index] == ["count", "mean", "std", "min", "25%", "50%", "75%", "max"]
    assert [row[0] for row in describe.values[:3]] == pytest.approx(
        [400, statistics.fmean(f), statistics.stdev(f)], abs=1e-6
    )


def test_quantiles_come_in_the_order_asked_and_never_cross() -> None:
    noise = OpenDPNoise()
    rows = [{"f": value / 100, "n": 0} for value in range(-200, 300)]
    for _ in range(20):
        found = released(ask(Quantile(columns=("f",), probabilities=(0.9, 0.1, 0.5)), eps=Fraction(1, 50)), rows, noise)
        high, low, middle = (row[0] for row in found.values)
        assert low <= middle <= high
        assert found.index == ((0.9,), (0.1,), (0.5,))


def test_a_release_after_expressions_and_filters_is_of_what_is_left() -> None:
    relation = Project(
        relation=Filter(relation=ROWS, predicate=binary("gt", column("i"), 0)),
        names=("double", "word"),
        expressions=(binary("mul", column("i"), 2), column("s")),
    )
    rows = [{"i": value, "s": "x", "n": 0} for value in (-5, 1, 2, 3, None)]
    found = released(ask(Sum(columns=("double",)), relation=relation), rows)
    assert found.values == ((12,),)
    space = schema(relation, world.catalog())
    assert not isinstance(space, Refusal)
    assert (space.columns["double"].lower, space.columns["double"].upper) == (-10, 14)
    assert space.columns["word"].categories == ("x", "y", "z")


@pytest.mark.parametrize(
    ("measure", "truth"),
    [
        (Mean(columns=("f",)), 0.5),
        (Std(columns=("f",)), 1.0),
        (Sum(columns=("f",)), 500.0),
        (Count(columns=("f",)), 1000),
    ],
)
def test_a_95_percent_interval_covers_about_so_often(measure: Measure, truth: float) -> None:
    """300 releases; a right 95 % interval misses more than 30 times with probability below 1e-4, and at least twice but once in 1e5."""
    values = np.random.default_rng(1).normal(0, 1, 1000)
    values = (values - values.mean()) / values.std(ddof=1) + 0.5
    rows = [{"f": float(value), "n": 0} for value in values]
    wide = {**world.COLUMNS, "f": ColumnSpace(kind="float", lower=-8.0, upper=8.0)}
    noise, data, missed = OpenDPNoise(), world.data(rows, wide), 0
    for _ in range(300):
        found = answer(
            ask(measure, eps=Fraction(1, 2)), catalog=world.catalog(wide), charge=Purse().charge, data=data, noise=noise
        )
        assert isinstance(found, Answer)
        value, width = found.values[0][0], found.half_widths[0][0]
        assert value is not None
        assert width is not None
        missed += abs(value - truth) > width
    assert 1 < missed <= 30


def test_costs_are_the_whole_epsilon_and_less_in_the_concentrated_measure() -> None:
    def event(measure: Measure, by: tuple[GroupKey, ...] = ()) -> Any:
        return world.priced(ask(measure, by=by)).event

    assert event(Size()).epsilon == 1
    assert event(Size()).concentrated == Fraction(1, 2)
    assert event(Mean(columns=("f", "i"))).concentrated == Fraction(1, 4)
    assert event(Quantile(columns=("f",), probabilities=(0.5,))).concentrated == Fraction(1, 8)
    assert event(Size(), by=(GroupKey(column="s"),)) == event(Size())
    assert all(sum(world.priced(ask(measure)).epsilons) <= 1 for measure in EVERY)


def test_counts_without_nulls_are_one_count() -> None:
    strict = {name: ColumnSpace(kind="int", lower=0, upper=9, nullable=False) for name in "abcd"}
    plan = world.priced(ask(Count(columns=("a", "b", "c", "d"))), strict)
    assert len(plan.parts) == 1
    assert plan.epsilons == (Fraction(1),)
    assert plan.measured.layout == ((0,),) * 4


def test_values_stay_within_what_is_possible_whatever_the_noise() -> None:
    for shift in (-(2**63), -(2**33), -1, 0, 1, 2**33, 2**63 - 1):
        for measure in EVERY:
            found = released(ask(measure), [{"f": 1.0, "n": 0, "i": 2, "d": 5}], Frozen(shift=shift))
            numbers = [value for row in found.values for value in row if value is not None]
            assert all(math.isfinite(value) for value in numbers)
            if isinstance(measure, Mean):
                assert all(-2.0 <= value <= 3.0 for value in numbers)
            if isinstance(measure, Var | Std):
                assert all(value >= 0 for value in numbers)
            widths = [width for row in found.half_widths for width in row if width is not None]
            assert all(math.isfinite(width) and width >= 0 for width in widths)


def test_the_widest_bounds_that_are_admitted_never_overflow() -> None:
    wide = {"f": ColumnSpace(kind="float", lower=-4e139, upper=4e139), "n": world.COLUMNS["n"]}
    for measure in (
        Sum(columns=("f",)),
        Mean(columns=("f",)),
        Var(columns=("f",), ddof=1000),
        Describe(columns=("f",)),
    ):
        for shift in (-(2**63), 2**33, 1000 * 2**32 + 1, 2**63 - 1):
            found = answer(
                ask(measure),
                catalog=world.catalog(wide),
                charge=Purse().charge,
                data=world.data([{"f": 4e139, "n": 0}], wide),
                noise=Frozen(shift=shift),
            )
            assert isinstance(found, Answer)
            assert all(math.isfinite(value) for row in found.values for value in row if value is not None)


def test_an_engine_that_fails_says_nothing_of_a_row() -> None:
    with pytest.raises(EngineFailed) as failure:
        DuckData(duckdb.connect()).rows("SELECT CAST('a secret' AS BIGINT)")
    assert "secret" not in str(failure.value)
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__


@pytest.mark.parametrize("name", ["o'b", 'a"b', "select", "c0", "v0", "cell", "é", "a.b", "", " "])
def test_columns_may_have_any_name(name: str) -> None:
    columns = {
        name: ColumnSpace(kind="int", lower=0, upper=9),
        "k;--": ColumnSpace(kind="str", categories=("'; DROP", '"')),
    }
    rows = [{name: 4, "k;--": "'; DROP"}, {name: 5, "k;--": '"'}]
    if name:
        found = answer(
            ask(Sum(columns=(name,)), by=(GroupKey(column="k;--"),)),
            catalog=world.catalog(columns),
            charge=Purse().charge,
            data=world.data(rows, columns),
            noise=Frozen(),
        )
        assert isinstance(found, Answer)
        assert found.values == ((4,), (5,))


def test_words_of_the_plan_in_text_are_only_text() -> None:
    tricky = "\\'); DROP TABLE x; --"
    relation = Filter(relation=ROWS, predicate=binary("eq", column("t"), tricky))
    assert released(ask(Size(), relation=relation), [{"t": tricky, "n": 0}, {"t": "x", "n": 0}]).values == ((1,),)
    nul = Filter(relation=ROWS, predicate=binary("eq", column("t"), words.Constant(value="a\x00b")))
    assert isinstance(schema(nul, world.catalog()), Refusal)


@pytest.mark.parametrize(("shift", "found"), [(-50, (0, 0, 0, 0)), (50, (3, 13, 2, 50))])
def test_a_number_of_different_values_lies_between_none_and_all_that_there_may_be(
    shift: int, found: tuple[int, ...]
) -> None:
    assert released(ask(Nunique(columns=("s", "i", "b", "t"))), [], Frozen(shift=shift)).values == (found,)
