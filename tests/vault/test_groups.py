"""Sums by public keys are those of the rows that have them, whether keys are few or the column holds any: other keys and nulls are in none."""

from collections.abc import Sequence
from typing import Any

import pytest

from ag_plan.releases import GroupKey, Sum
from ag_vault.evaluate import evaluate
from tests.vault.world import COLUMNS, Row, ask, data, priced

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


def test_a_table_without_rows_has_every_group() -> None:
    plan = priced(ask(Sum(columns=("i",)), by=FEW["several"]))
    vectors = evaluate(plan, data([])).vectors
    assert len(vectors) == 2 * len(COLUMNS["s"].categories or ()) * 4
    assert set(vectors.values()) == {(0,)}
