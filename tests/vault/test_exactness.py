"""What is released is an exact integer vector on a public grid: sums are of integers, declared norms are reached, numbers lie on their grids."""

from fractions import Fraction

import pytest

from ag_plan.releases import Mean, Measure, Var
from ag_vault.evaluate import evaluate
from ag_vault.parts import Noised
from ag_vault.space import ColumnSpace
from tests.vault import cases, neighbours, world
from tests.vault.test_replay import WAYS, columns_of, priced, release_of

INTEGERS = {"BIGINT", "HUGEINT", "INTEGER", "UBIGINT", "UHUGEINT"}


@pytest.mark.parametrize(("measure", "way"), WAYS)
def test_the_engine_adds_integers_and_never_doubles(measure: type[Measure], way: int) -> None:
    data = neighbours.put(())
    for relation in ("units", "grouped by unit: mean", "inner join"):
        if not cases.Columns.of(columns_of(relation)).numbers:
            continue
        plan = priced(release_of(relation, measure, way, "whole"))
        for sql in (plan.sums_sql, plan.tallies_sql()):
            types = {str(row[1]) for row in data.rows(f"DESCRIBE {sql}")} if sql else set()
            assert types <= INTEGERS


M = 2**31
REACHED: dict[str, tuple[Measure, float, list[float], float]] = {
    # Both remainders are one short of the step, so that both sums round up: ⌈a/g⌉ + ⌈b/g⌉ = M/g + 1.
    "mean": (Mean(columns=("x",)), 2.0**40, [255.0], 1.0),
    # Squares leave a quarter, a half and a quarter of a step: with the fourth row all three sums round up.
    "var": (Var(columns=("x",)), float(M), [2.0**14] * 3, 2.0**14),
}


@pytest.mark.parametrize("name", REACHED)
def test_all_that_rounding_can_add_to_a_sensitivity_is_declared_and_does_happen(name: str) -> None:
    measure, upper, rows, extra = REACHED[name]
    columns = {"x": ColumnSpace(kind="float", lower=0.0, upper=upper)}
    plan = world.priced(world.ask(measure), columns)
    part = plan.parts[0]
    assert isinstance(part, Noised)
    less, more = (
        evaluate(plan, world.data([{"x": value} for value in values], columns)).vectors[0, 0]
        for values in (rows, [*rows, extra])
    )
    assert sum(abs(a - b) for a, b in zip(less, more, strict=True)) == part.l1
    assert Fraction(plan.scales[0]) >= part.l1
