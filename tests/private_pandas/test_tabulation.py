"""Functions that can't be translated, over columns whose values are public: evaluated in the guest, compared with pandas through a real vault."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ag_plan.codec import encode_plan
from ag_plan.expressions import Column
from ag_plan.messages import ColumnSchema
from op_pandas import PrivateDataset
from op_pandas.errors import Untranslatable
from op_pandas.rows import Term
from op_pandas.tabulation import MOST_POINTS, domain, tabulated
from op_pandas.vault import SocketVault
from tests.private_pandas.test_end_to_end import EPS, folder, near, people, private, vault

__all__ = ["folder", "private", "vault"]

CALLS: list[object] = []


def collatz(n):
    steps = 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def vowels(text):
    return sum(1 for letter in text if letter in "aeiou")


def noting(value):
    CALLS.append(value)
    return value


def counting(value):
    CALLS.append(value)
    return len(CALLS)


def picky(value):
    while value == 40:
        raise KeyError(value)
    return float(value)


def rowwise(row):
    score = 0
    while score < 3:
        score += 1 + row["smoker"]
    return score * (2 if row.sex == "f" else 1)


def birthday(age):
    while age >= 0:
        return pd.Timestamp(2026 - age, 1, 1)
    return None


SUMS: list[Any] = [
    lambda d: d["age"].map(collatz),
    lambda d: d["sex"].map(lambda s: sum(ord(letter) for letter in s)),
    lambda d: d["age"].map(lambda x: len(str(collatz(x)))),
    lambda d: d.apply(rowwise, axis=1),
    lambda d: d["age"].map(birthday).map(lambda t: t.year - 2000),
    lambda d: d[["age"]].map(collatz)["age"],
]


@pytest.mark.parametrize("number", range(len(SUMS)))
def test_a_table_means_what_the_function_means(private: PrivateDataset, number: int) -> None:
    near(SUMS[number](private).sum(eps=EPS), float(SUMS[number](people()).sum()))


def test_bounds_and_categories_follow_and_nothing_is_spent(private: PrivateDataset, vault: SocketVault) -> None:
    vault.charges()
    assert private["age"].map(collatz).metadata == (0, 118)
    assert private["sex"].map(lambda s: "".join(reversed(s * 2)) + f"{vowels(s):03d}").categorical_metadata == [
        "ff000",
        "mm000",
        "xx000",
    ]
    assert vault.charges() == ()


def test_the_function_meets_every_public_value_once_and_no_private_one(private: PrivateDataset) -> None:
    CALLS.clear()
    private["age"].map(noting)
    assert CALLS[:121] == list(range(121))
    assert len(CALLS[122:]) <= 122  # the missing value is there too, and some are called again


@pytest.mark.parametrize("function", [counting, lambda value: np.random.default_rng().random() + value])
def test_what_depends_on_more_than_the_value_is_refused(private: PrivateDataset, function: Any) -> None:
    with pytest.raises(Untranslatable, match="different results for one value"):
        private["age"].map(function)


def test_an_error_is_a_null_on_its_value(private: PrivateDataset) -> None:
    mapped = private["age"].map(picky)
    there = int((people()["age"] != 40).sum())
    assert abs(mapped.count(eps=EPS) - there) <= 1


def test_an_error_on_every_value_is_told() -> None:
    with pytest.raises(Untranslatable, match="broken raises KeyError on every value"):
        tabulated(broken, BOOLS)


def broken(value):
    raise KeyError(value)


BOOLS = Term(expression=Column(name="b"), schema=ColumnSchema(name="b", kind="bool", nullable=True))
INTS = Term(expression=Column(name="i"), schema=ColumnSchema(name="i", kind="int", nullable=False, lower=0, upper=3))


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda x: [x], "list"),
        (lambda x: pd.Timedelta(1), "Timedelta"),
        (lambda x: "a" if x else 1.5, "several kinds"),
    ],
)
def test_a_result_that_no_column_holds_is_refused(function: Any, what: str) -> None:
    with pytest.raises(Untranslatable, match=what):
        tabulated(function, BOOLS)


def test_results_of_one_family_are_brought_together() -> None:
    assert _values(tabulated({0: True, 1: 2, 2: 2.5, 3: math.inf}.get, INTS)) == (1.0, 2.0, 2.5, None)
    assert _values(tabulated({0: True, 1: 2, 2: 2**70, 3: None}.get, INTS)) == (1, 2, None, None)
    assert _values(tabulated({0: np.int8(1), 1: np.float64(2), 2: math.nan}.get, INTS)) == (1.0, 2.0, None, None)


def _values(expression: Any) -> Any:
    return expression.values


@pytest.mark.parametrize(
    ("schema", "size"),
    [
        (ColumnSchema(name="c", kind="bool"), 3),
        (ColumnSchema(name="c", kind="int", nullable=False, lower=-2, upper=5), 8),
        (ColumnSchema(name="c", kind="str", categories=("a", "b")), 3),
        (ColumnSchema(name="c", kind="int", lower=0, upper=MOST_POINTS), None),
        (ColumnSchema(name="c", kind="int", lower=-(2**63), upper=2**63 - 1), None),
        (ColumnSchema(name="c", kind="int"), None),
        (ColumnSchema(name="c", kind="float", lower=0.0, upper=1.0), None),
        (ColumnSchema(name="c", kind="str"), None),
        (ColumnSchema(name="c", kind="datetime", lower=0, upper=10), None),
    ],
)
def test_only_few_public_values_are_a_domain(schema: ColumnSchema, size: int | None) -> None:
    found = domain(Term(expression=Column(name="c"), schema=schema))
    assert (found and len(found)) == size


def test_a_row_function_is_asked_for_the_columns_it_reads_alone() -> None:
    wide = Term(expression=Column(name="f"), schema=ColumnSchema(name="f", kind="float"))
    table = tabulated(lambda row: row["i"] if row.b else row.get("z", 7), {"f": wide, "i": INTS, "b": BOOLS})
    assert table is not None
    assert b"\x01f" not in encode_plan(table)
    assert tabulated(lambda row: row["f"] if row.b else 0, {"f": wide, "b": BOOLS}) is None
    assert tabulated(lambda row: len([*row]), {"f": wide, "b": BOOLS}) is None
