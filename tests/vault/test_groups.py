"""Sums by public keys are those of the rows that have them, whether keys are few or the column holds any: other keys and nulls are in none."""

from collections.abc import Sequence
from typing import Any

import pytest

from ag_plan.relations import Project
from ag_plan.releases import GroupKey, Sum
from ag_vault.evaluate import evaluate
from ag_vault.space import ColumnSpace
from tests.vault import world
from tests.vault.world import COLUMNS, Row, ask, column, data, priced

ROWS: list[Row] = [
    {"i": value, "b": truth, "s": text, "t": text, "n": number, "j": whole}
    for value, truth, text, number, whole in [
        (1, True, "x", 0, -(2**63)),
        (2, False, "x", 1, 2**63 - 1),
        (3, None, "y", 1, 1),
        (4, True, None, 3, 0),
        (5, True, "never declared", 9, None),
        (6, False, "z", -1, 1),
        (7, True, "", 0, 0),
        (-5, True, "x", 0, 1),
    ]
]
FEW: dict[str, tuple[GroupKey, ...]] = {
    "categories": (GroupKey(column="s"),),
    "some categories, in another order": (GroupKey(column="s", values=("z", "x", "not there")),),
    "booleans": (GroupKey(column="b"),),
    "narrow integers": (GroupKey(column="n"),),
    "one of true and 1": (GroupKey(column="n", values=(1,)), GroupKey(column="b", values=(True,))),
    "several": (GroupKey(column="b"), GroupKey(column="s"), GroupKey(column="n")),
}
MANY: dict[str, tuple[GroupKey, ...]] = {
    "texts": (GroupKey(column="t", values=("x", "", "y")),),
    "integers of any size": (GroupKey(column="j", values=(-(2**63), 2**63 - 1, 1, 5)),),
    "a few beside any": (GroupKey(column="s"), GroupKey(column="j", values=(1, 0))),
}


def expected(by: Sequence[GroupKey], index: Sequence[tuple[Any, ...]]) -> list[int]:
    """Σi of the rows that have the key, for each key of the index."""
    return [
        sum(row["i"] for row in ROWS if tuple(row[key.column] for key in by) == values and None not in values)
        for values in index
    ]


@pytest.mark.parametrize("name", [*FEW, *MANY])
def test_each_groups_sum_is_that_of_the_rows_with_its_key(name: str) -> None:
    by = (FEW | MANY)[name]
    plan = priced(ask(Sum(columns=("i",)), by=by))
    assert bool(plan.sums_keys) is (name in FEW)
    vectors = evaluate(plan, data(ROWS)).vectors
    assert [vectors[0, group][0] for group in range(plan.groups)] == expected(by, plan.index)


def test_sums_of_keys_that_nobody_asked_for_are_only_read_where_all_there_may_be_are_few_numbers() -> None:
    """Else how many different keys the rows have would be felt in memory, by whoever asks for one key and a thousand columns."""
    columns = {**COLUMNS, "y": ColumnSpace(kind="int", lower=0, upper=999)}
    by = GroupKey(column="y", values=(5,)), GroupKey(column="n", values=(1,)), GroupKey(column="b", values=(True,))
    names = tuple(f"o{number}" for number in range(200))
    wide = Project(
        relation=world.ROWS, names=(*names, "y", "n", "b"), expressions=tuple(map(column, (*"i" * 200, "y", "n", "b")))
    )
    for measure, few in ((Sum(columns=names[:50]), True), (Sum(columns=names), False)):
        plan = priced(ask(measure, relation=wide, by=by), columns)
        assert bool(plan.sums_keys) is few
        rows = [{"i": 3, "y": y, "n": 1, "b": True} for y in (5, 5, 6, None)]
        assert set(evaluate(plan, data(rows, columns)).vectors.values()) == {(6,)}


def test_a_table_without_rows_has_every_group() -> None:
    plan = priced(ask(Sum(columns=("i",)), by=FEW["several"]))
    vectors = evaluate(plan, data([])).vectors
    assert len(vectors) == 2 * len(COLUMNS["s"].categories or ()) * 4
    assert set(vectors.values()) == {(0,)}
