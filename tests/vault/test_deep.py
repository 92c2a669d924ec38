"""Plans that would keep their vault busy by their shape alone are refused before anything is charged; the deepest that pass are quick."""

import time
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from ag_plan.codec import MAX_VALUES, decode_plan, encode_plan
from ag_plan.errors import MalformedPlan
from ag_plan.expressions import Binary, Choose, Column, Constant, Expression, IsIn
from ag_plan.relations import Append, Distinct, Filter, Project, Relation
from ag_plan.releases import Describe, Release
from ag_vault.errors import Refusal
from ag_vault.evaluate import evaluate
from ag_vault.price import Priced, price
from tests.vault.world import COLUMNS, ROWS, ask, catalog, data

SHORT = {**COLUMNS, "t": replace(COLUMNS["t"], longest=64)}
"""So that no plan here is refused for its texts."""

F, WHOLE = Column(name="f"), Column(name="i")
ALL = tuple(COLUMNS)
SECONDS = 8.0
"""Of processor time, all threads: ten times what the slowest takes on an idle machine."""


def with_f(relation: Relation, computed: Expression) -> Relation:
    return Project(
        relation=relation, names=ALL, expressions=tuple(computed if n == "f" else Column(name=n) for n in ALL)
    )


def repeated(times: int, step: Callable[[Relation], Relation]) -> Relation:
    relation: Relation = ROWS
    for _ in range(times):
        relation = step(relation)
    return relation


def layers(times: int, width: int) -> Relation:
    """Columns computed from all before, layer by layer."""
    names = ("f", *(f"c{k}" for k in range(1, width)))
    relation: Relation = Project(relation=ROWS, names=names, expressions=(F,) * width)
    for _ in range(times):
        sums = tuple(Binary(operator="add", left=Column(name=name), right=F) for name in names)
        relation = Project(relation=relation, names=names, expressions=sums)
    return relation


def chosen(times: int, values: int) -> Relation:
    found: Expression = F
    for k in range(times):
        found = Choose(condition=IsIn(operand=WHOLE, values=tuple(range(k, k + values))), then=found, otherwise=F)
    return with_f(ROWS, found)


REFUSED = {
    "distinct": repeated(240, lambda r: Distinct(relation=r, columns=ALL)),
    "layers": layers(200, 6),
}
ANSWERED = {
    "filters": repeated(
        250, lambda r: Filter(relation=r, predicate=Binary(operator="gt", left=F, right=Constant(value=-3.0)))
    ),
    "projections": repeated(100, lambda r: with_f(r, Binary(operator="add", left=F, right=WHOLE))),
    "distinct": repeated(30, lambda r: Distinct(relation=r, columns=ALL)),
    "tables": repeated(5, lambda r: Append(left=r, right=r)),
    "layers": layers(40, 20),
    "choices": chosen(100, 20),
    "members": chosen(1, 5000),
}


def travelled(relation: Relation) -> Release:
    return decode_plan(encode_plan(ask(Describe(columns=("f",)), relation=relation)), Release)


@pytest.mark.parametrize("name", REFUSED)
def test_a_plan_that_is_costly_by_its_shape_is_refused_before_any_charge(name: str) -> None:
    found = price(travelled(REFUSED[name]), catalog(SHORT))
    assert isinstance(found, Refusal)
    assert found.code == "too_deep"


@pytest.mark.parametrize("name", ANSWERED)
def test_the_deepest_plans_that_pass_are_priced_and_answered_quickly(name: str) -> None:
    rows, release = data([{"f": 0.5, "i": 3, "n": 1}] * 20), travelled(ANSWERED[name])
    began = time.process_time()
    found = price(release, catalog(SHORT))
    assert isinstance(found, Priced), found
    evaluate(found, rows)
    assert time.process_time() - began < SECONDS


def test_a_plan_lists_so_many_public_values_however_they_are_spread() -> None:
    many = chosen(1, MAX_VALUES + 1)
    spread = chosen(7, MAX_VALUES // 7 + 1)
    for relation in (many, spread):
        with pytest.raises(MalformedPlan, match="public values"):
            encode_plan(relation)
    assert encode_plan(chosen(7, MAX_VALUES // 7 - 10))
