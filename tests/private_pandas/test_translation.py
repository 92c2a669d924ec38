"""A translated function gives what Python gives, on every value that hypothesis thinks of."""

import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlglot.expressions as exp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ag_plan.expressions import Column
from ag_plan.messages import ColumnSchema
from ag_plan.relations import Project
from ag_vault import ops
from ag_vault.errors import Refusal
from ag_vault.ops.rows import select, stages_of
from op_pandas.rows import Term
from op_pandas.translation import translated
from tests.private_pandas.function_cases import CASES
from tests.vault import world
from tests.vault.test_expressions import DOMAIN, inside

ALPHABET = st.sampled_from(list("aabbcAB 12,-_./\t\nßéΣİſ٣\x1c\u2003😀"))
TEXTS = st.one_of(
    st.text(ALPHABET, max_size=8),
    st.sampled_from(["ab,c d,e", "2020-02-30", "2020-02-03", "2021-12-31 10:11:12", "03/11/2020", "12-34", "1_0", " 7 ", "+4", "-2.5e3", "inf", "AB", "abc", "a\n"]),
)  # fmt: skip
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "f": st.floats(-2, 3) | st.sampled_from([0.0, -0.0, 1.0, 0.5, 1.5, 2.5, -0.5, 0.125, 2.675, 1.005, 0.285]),
    "g": st.floats(-1e6, 1e6) | st.floats(allow_nan=False, allow_infinity=False),
    "i": st.integers(-5, 7),
    "j": st.integers(-(2**63), 2**63 - 1) | st.integers(-10, 10),
    "b": st.booleans(),
    "s": st.sampled_from(["x", "y", "z"]),
    "t": TEXTS,
    "d": st.integers(0, 10**15),
    "n": st.integers(0, 3),
}
BEYOND = {"t", "g", "j"}
"""Columns on which a null is right where Python gives a value: what no column holds, or Unicode beyond what is surely the same."""


def term(name: str) -> Term:
    space = world.COLUMNS[name]
    schema = ColumnSchema(
        name=name,
        kind=space.kind,
        nullable=space.nullable,
        lower=space.lower,
        upper=space.upper,
        categories=space.categories,
    )
    return Term(expression=Column(name=name), schema=schema)


def seen(name: str, value: Any) -> Any:
    """What pandas hands to a function."""
    kind = world.COLUMNS[name].kind
    if kind == "datetime":
        return pd.NaT if value is None else pd.Timestamp(value, unit="us")
    return math.nan if value is None and kind in ("float", "int") else value


def plain(value: Any) -> Any:
    """A result as a column holds it."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.item()
    if value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return (value - pd.Timestamp(0)) // pd.Timedelta(microseconds=1)
    return None if isinstance(value, complex) else value


def called(function: Any, argument: Any) -> Any:
    try:
        return plain(function(argument))
    except Exception:  # noqa: BLE001 - whatever the function raises is null
        return None


def agrees(found: Any, expected: Any) -> bool:
    if found is None or expected is None:
        return found is expected
    if isinstance(found, str) or isinstance(expected, str):
        return bool(found == expected)
    return math.isclose(float(found), float(expected), rel_tol=1e-12, abs_tol=1e-300)


def argument(name: str) -> Any:
    return {each: term(each) for each in world.COLUMNS} if name == "row" else term(name)


def expected(function: Any, name: str, row: dict[str, Any]) -> Any:
    if name != "row":
        return called(function, seen(name, row[name]))
    return called(function, pd.Series({each: seen(each, value) for each, value in row.items()}, dtype="object"))


def problems(name: str, rows: list[dict[str, Any]]) -> list[Any]:
    """Where translation and Python differ, over all functions of a column at once."""
    names = tuple(f"o{number}" for number in range(len(CASES[name])))
    short = world.catalog({**world.COLUMNS, "t": replace(world.COLUMNS["t"], longest=64)})  # all functions are one plan
    found = ops.rows_of(Project(relation=world.ROWS, names=names, expressions=expressions(name)), short)
    assert not isinstance(found, Refusal), found
    columns = [found.columns[each] for each in names]
    query = select((*found.stages, *stages_of(found.scope().steps)), exp.select(*[each.sql for each in columns]))
    answers = world.data(rows).rows(query.sql("duckdb"))
    return [
        (number, row.get(name, row), answer[number], wanted)
        for row, answer in zip(rows, answers, strict=True)
        for number, function in enumerate(CASES[name])
        if (
            not agrees(answer[number], wanted := expected(function, name, row))
            and not (name in BEYOND and answer[number] is None)
        )
        or not inside(columns[number].space, answer[number])
    ]


@cache
def expressions(name: str) -> tuple[Any, ...]:
    """The translations of a column's functions."""
    return tuple(translated(each, argument(name)) for each in CASES[name])


def test_there_are_many_functions() -> None:
    assert sum(map(len, CASES.values())) > 200


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
def test_a_translated_function_gives_what_python_gives(name: str) -> None:
    @settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(
            st.fixed_dictionaries({each: st.none() | values for each, values in VALUES.items()}),
            min_size=20,
            max_size=40,
        )
    )
    def check(rows: list[dict[str, Any]]) -> None:
        rows = [{**row, "n": row["n"] or 0} for row in rows]
        rows += [{each: values[place % len(values)] for each, values in DOMAIN.items()} for place in range(12)]
        assert problems(name, rows) == []

    check()


@pytest.mark.parametrize("name", sorted(BEYOND))
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
def test_null_in_place_of_a_value_is_the_exception(name: str) -> None:
    """On values well inside, the translation is exact also where it is free to give null."""
    usual: dict[str, list[Any]] = {
        "g": [-7.5, 0.25, 3.0, 1e5],
        "j": [-7, 0, 5, 10**6],
        "t": ["ab,c", "Ab c", " 12 ", "2020-02-03"],
    }
    rows = [{each: values[0] for each, values in DOMAIN.items()} | {"n": 0, name: value} for value in usual[name]]
    BEYOND.discard(name)
    try:
        assert problems(name, rows) == []
    finally:
        BEYOND.add(name)
