"""Counting in coarse steps first changes no probability: every quantile's runs and weights are those of the whole tally."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_plan.releases import Describe, Quantile
from ag_vault import descent, evaluate
from ag_vault.descent import Range
from ag_vault.mechanisms import exponential, nested
from ag_vault.mechanisms.exponential import Domain, Integers
from tests.vault import world
from tests.vault.tallies import tally

POINTS = 2**40


class Counted:
    """Values that are counted as the engine counts them; remembers how many rows were looked at one by one."""

    def __init__(self, values: Sequence[int]) -> None:
        self.values = np.array(values, np.int64)
        self.asked: list[int] = []

    def __call__(self, shift: int, ranges: Sequence[Range]) -> tuple[Integers, Integers]:
        assert 1 <= len(ranges) <= descent.MOST_RANGES
        inside = np.zeros(len(self.values), bool)
        for each in ranges:
            inside |= (self.values >= each.low) & (self.values <= each.high)
        self.asked.append(int(inside.sum()))
        steps, counts = np.unique(self.values[inside] >> shift, return_counts=True)
        return steps, counts.astype(np.int64)


CLUSTERS = st.lists(
    st.tuples(st.integers(0, POINTS), st.sampled_from([1, 2**10, 2**30]), st.integers(1, 40)), min_size=1, max_size=5
).map(lambda drawn: [min(start + step * k, POINTS) for start, step, rows in drawn for k in range(rows)])
ASKED = st.lists(st.sampled_from([Fraction(q, 10) for q in range(11)]), min_size=1, max_size=11)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    values=CLUSTERS | st.just([]),
    asked=ASKED,
    epsilon=st.sampled_from([Fraction(1), Fraction(100), Fraction(4000)]),
    few=st.sampled_from([0, 20, 1000]),
    bits=st.sampled_from([3, 9]),
    ends=st.tuples(st.integers(0, POINTS), st.integers(0, POINTS), st.booleans()),
)
def test_every_quantile_has_the_runs_of_the_whole_tally(
    *, values: list[int], asked: list[Fraction], epsilon: Fraction, few: int, bits: int, ends: tuple[int, int, bool]
) -> None:
    aims = nested.aims(asked, epsilon)
    whole, found = tally(values), descent.tally(Counted(values), POINTS, aims, few=few, bits=bits)
    assert found.total == whole.total
    for aim in aims:
        for domain in (Domain(low=0, high=POINTS), Domain(low=min(ends[:2]), high=max(ends[:2]), floored=ends[2])):
            one, other = (exponential.runs_of(column, domain, aim) for column in (whole, found))
            assert _points(one) == _points(other)


def _points(runs: exponential.Runs) -> list[tuple[int, int, int]]:
    """Runs that hold a point, those of one score side by side as one."""
    joined: list[tuple[int, int, int]] = []
    for start, length, score in zip(runs.starts.tolist(), runs.lengths.tolist(), runs.scores.tolist(), strict=True):
        if joined and joined[-1][2] == score:
            before = joined.pop()
            joined.append((before[0], before[1] + length, score))
        elif length:
            joined.append((start, length, score))
    return joined


def test_only_rows_near_the_quantiles_are_looked_at_one_by_one() -> None:
    values = np.random.default_rng(3).integers(0, POINTS, 200_000)
    counted = Counted(values.tolist())
    found = descent.tally(counted, POINTS, nested.aims([Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)], Fraction(1)))
    assert len(found.positions) < 5_000
    assert counted.asked[0] == 200_000
    assert len(counted.asked) == 2


@pytest.mark.parametrize(
    "measure", [Quantile(columns=("f", "i"), probabilities=(0.5, 0.1, 0.99)), Describe(columns=("f", "n", "i"))]
)
def test_releases_are_the_same_either_way(measure: Quantile | Describe, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    rows: list[dict[str, float | None]] = [
        {"f": float(f), "i": int(i), "n": int(n)}
        for f, i, n in zip(
            rng.normal(0, 1, 500).clip(-2, 3), rng.integers(-5, 8, 500), rng.integers(0, 4, 500), strict=True
        )
    ]
    rows += [{"f": None, "i": None, "n": 1}] * 20
    plan = world.priced(world.ask(measure, eps=200), world.COLUMNS)
    aims = {
        number: nested.aims(part.probabilities, plan.epsilons[number])
        for number, part in enumerate(plan.parts)
        if hasattr(part, "probabilities")
    }
    whole = evaluate.evaluate(plan, world.data(rows))
    monkeypatch.setattr(evaluate, "MANY", 100)
    found = evaluate.evaluate(plan, world.data(rows))
    assert found.vectors == whole.vectors
    assert found.tallies.keys() == whole.tallies.keys()
    for (number, group), column in whole.tallies.items():
        for aim in aims[number]:
            domain = Domain(low=0, high=plan.parts[number].grid.points)  # type: ignore[union-attr]
            pair = [exponential.runs_of(each, domain, aim) for each in (column, found.tallies[number, group])]
            assert _points(pair[0]) == _points(pair[1])
