"""Bins by arithmetic and bins by comparison are the same bins, at every edge, beside it and between."""

import bisect
import itertools
import math
import random
from collections.abc import Sequence

import duckdb
import numpy as np
import pytest
from sqlglot import exp

from ag_vault.expressions.term import Scope, Steps, Term, identifier
from ag_vault.ops import histogram
from ag_vault.ops.rows import Stage, named, select, stages_of
from ag_vault.ops.text import text
from ag_vault.space import ColumnSpace

STRANGE = [None, math.nan, math.inf, -math.inf, 1e308, -1e308, 0.0, -0.0, 5e-324]
EVEN = {
    "halves": [i / 2 for i in range(51)],
    "tenths, added": [0.1 * i for i in range(101)],
    "tenths, divided": [i / 10 for i in range(101)],
    "thirds far from zero": [1e6 + i / 3 for i in range(31)],
    "below zero": [-1e9 + 0.1 * i for i in range(8)],
    "one bin": [-3.0, 7.5],
    "tiny": [1e-300 * i for i in range(6)],
}
PARTED = {
    "halves": EVEN["halves"],
    "twos": [2.0 * i for i in range(51)],
    "tens from fifty": [50.0 + 10 * i for i in range(6)],
    "from zero to a tenth": [0.0, 0.1],
}
"""Even edges that arithmetic tells apart without a comparison."""
UNEVEN = {
    "uneven": [0.0, 1.0, 1.5, 10.0],
    "too near": [0.0, 5e-324, 1e-323],
    "too far apart": [-1.7e308, 0.0, 1.7e308],
    "one edge moved": [0.0, 1.0, 2.0 + 2.0**-9, 3.0],
}


def found(values: Sequence[float | None], edges: Sequence[float]) -> list[tuple[int | None, float | None]]:
    """The engine's bin of each value."""
    scope = Scope(columns={"x": Term(space=ColumnSpace(kind="float"), sql=identifier("x"))}, steps=Steps())
    place = histogram.place("x", scope.columns["x"], edges, scope)
    assert isinstance(place, Term)
    source = Stage(source="t", columns=(named("x", identifier("x")),))
    query = select([source, *stages_of(scope.steps)], exp.select(place.sql.copy(), identifier("x")))
    with duckdb.connect() as engine:
        engine.execute("CREATE TABLE t AS SELECT unnest($1::DOUBLE[]) AS x", [list(values)])
        return engine.execute(text(query)).fetchall()


def expected(value: float | None, edges: Sequence[float]) -> int | None:
    if value is None or math.isnan(value) or not edges[0] <= value <= edges[-1]:
        return None
    return min(bisect.bisect_right(edges, value) - 1, len(edges) - 2)


ALL = EVEN | PARTED | UNEVEN


@pytest.mark.parametrize("edges", ALL.values(), ids=ALL)
def test_every_value_is_in_the_bin_that_comparisons_put_it_in(edges: list[float]) -> None:
    draw = random.Random(5)
    beside = [math.nextafter(edge, way) for edge in edges for way in (-math.inf, math.inf)]
    between = [draw.uniform(one, other) for one, other in itertools.pairwise(edges) for _ in range(20)]
    values = [*edges, *beside, *between, *STRANGE]
    wrong = [(value, bin_) for bin_, value in found(values, edges) if bin_ != expected(value, edges)]
    assert wrong == []


def test_even_edges_take_the_short_way_and_others_do_not() -> None:
    assert all(histogram._even(edges) is not None for edges in EVEN.values())
    assert all(histogram._even(edges) is None for edges in UNEVEN.values())


def test_edges_are_parted_where_the_double_before_each_lands_below_its_number() -> None:
    factors = {name: histogram._even(edges) for name, edges in ALL.items()}
    parted = {name for name, factor in factors.items() if factor is not None and histogram._parted(ALL[name], factor)}
    assert parted >= set(PARTED)
    assert parted.isdisjoint({"tenths, added", "tenths, divided", "below zero"})


@pytest.mark.parametrize("seed", range(3))
def test_edges_that_numpy_draws_between_any_bounds_have_numpys_bins(seed: int) -> None:
    draw = np.random.default_rng(seed)
    for _ in range(12):
        lower, width = draw.normal() * 10.0 ** draw.integers(-3, 4), 10.0 ** draw.uniform(-3, 4)
        edges = np.linspace(lower, lower + width, int(draw.integers(2, 60))).tolist()
        beside = [math.nextafter(edge, way) for edge in edges for way in (-math.inf, math.inf)]
        values = [*edges, *beside, *draw.uniform(lower, lower + width, 50).tolist()]
        assert [bin_ for bin_, _ in found(values, edges)] == [expected(value, edges) for value in values]
