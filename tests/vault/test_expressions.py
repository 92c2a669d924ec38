"""Expressions mean in the engine what they mean in Python, on every pair of a small nasty domain, and stay in their spaces."""

import itertools
import math
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_plan import expressions as words
from ag_plan.relations import Project
from ag_vault import ops
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope
from ag_vault.ops.rows import select, stages_of
from ag_vault.space import ColumnSpace
from tests.vault import world
from tests.vault.reference import value_of
from tests.vault.world import binary, column

DOMAIN: dict[str, list[Any]] = {
    "f": [None, -2.0, -1.5, -0.5, -0.0, 0.5, 1.0, 2.5, 3.0, 5e-324],
    "g": [None, -1.7976931348623157e308, -3.5, 0.0, 1e-300, 0.49999999999999994, 2.5, 1e17, 1.7976931348623157e308],
    "i": [None, -5, -3, -1, 0, 2, 7],
    "j": [None, -(2**63), -7, 0, 3, 2**63 - 1],
    "b": [None, False, True],
    "s": [None, "x", "y", "z"],
    "t": [None, "", "12", "2020-01-02", "nan", "true", "o'brien -- %s"],
    "d": [None, 0, 86_400_000_000, 10**15],
    "n": [0, 1, 2, 3],
}
UNARY = ["neg", "abs", "floor", "ceil", "round", "sqrt", "exp", "log"]
ARITHMETIC = ["add", "sub", "mul", "div", "floordiv", "mod", "pow", "least", "greatest"]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"]


def computed(expression: words.Expression, rows: list[dict[str, Any]]) -> tuple[ColumnSpace, list[Any]] | Refusal:
    """The space of an expression and its values on the rows, by the vault's own stages."""
    found = ops.rows_of(Project(relation=world.ROWS, names=("out",), expressions=(expression,)), world.catalog())
    if isinstance(found, Refusal):
        return found
    import sqlglot.expressions as exp

    term = found.columns["out"]
    query = select(
        (*found.stages, *stages_of(Scope(columns={}, steps=found.scope().steps).steps)), exp.select(term.sql)
    )
    return term.space, [row[0] for row in world.data(rows).rows(query.sql("duckdb"))]


def same(found: Any, expected: Any) -> bool:
    """Equal to within what two mathematical libraries may differ by; null exactly where null is meant."""
    if found is None or expected is None:
        return found is expected
    if isinstance(expected, float) or isinstance(found, float):
        return math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-300)
    return bool(found == expected) and isinstance(found, bool) == isinstance(expected, bool)


def inside(space: ColumnSpace, value: Any) -> bool:
    if value is None:
        return space.nullable
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if space.categories is not None and value not in space.categories:
        return False
    if space.bounds is None or space.kind == "bool":
        return True
    slack = 1e-9 * max(1.0, abs(value)) if isinstance(value, float) else 0
    return bool(space.bounds[0] - slack <= value <= space.bounds[1] + slack)


def check(expression: words.Expression, rows: list[dict[str, Any]]) -> None:
    outcome = computed(expression, rows)
    assert not isinstance(outcome, Refusal), outcome
    space, found = outcome
    expected = [value_of(expression, row) for row in rows]
    if space.kind != "bool":
        expected = [int(value) if isinstance(value, bool) else value for value in expected]
    wrong = [
        (row, f, e) for row, f, e in zip(rows, found, expected, strict=True) if not same(f, e) or not inside(space, f)
    ]
    assert wrong == [], (space, wrong[:3])


def table(*names: str) -> list[dict[str, Any]]:
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*(DOMAIN[name] for name in names))]


@pytest.mark.parametrize("name", ["f", "g", "i", "j"])
@pytest.mark.parametrize("operator", UNARY)
def test_a_unary_operator_means_what_python_means(operator: Any, name: str) -> None:
    check(words.Unary(operator=operator, operand=column(name)), table(name))


@pytest.mark.parametrize(
    ("base", "exponent", "interval"),
    [
        ((2, 2), (0, 10), (1.0, 1024.0)),
        ((2, 2), (-3, 3), (0.125, 8.0)),
        ((0.5, 3), (-3, 2), (1 / 27, 9.0)),
        ((0, 0.5), (0, 2), (0.0, 1.0)),
        ((0, 3), (1, 2), (0.0, 9.0)),
        ((-2, 3), (2, 2), (0.0, 9.0)),
        ((-2, 3), (3, 3), (-8.0, 27.0)),
        ((0, 3), (-1, 2), None),
        ((-1, 3), (1, 2), None),
        ((2, 2), (0, 2000), None),
    ],
)
def test_a_power_has_bounds_wherever_it_exists_between_those_of_its_operands(
    base: tuple[float, float], exponent: tuple[float, float], interval: tuple[float, float] | None
) -> None:
    power = binary(
        "pow",
        words.Clamp(operand=column("f"), lower=base[0], upper=base[1]),
        words.Clamp(operand=column("g"), lower=exponent[0], upper=exponent[1]),
    )
    check(power, table("f", "g"))
    outcome = computed(power, [])
    assert not isinstance(outcome, Refusal)
    assert outcome[0].bounds == interval


def test_not_and_is_null_mean_what_sql_means() -> None:
    check(words.Unary(operator="not", operand=column("b")), table("b"))
    for name in DOMAIN:
        check(words.Unary(operator="is_null", operand=column(name)), table(name))


@pytest.mark.parametrize("names", [("f", "f2"), ("f", "i"), ("i", "n"), ("i", "f"), ("b", "i"), ("n", "b")])
@pytest.mark.parametrize("operator", ARITHMETIC + COMPARISONS)
def test_a_binary_operator_means_what_python_means(operator: Any, names: tuple[str, str]) -> None:
    left, right = names[0], names[1].rstrip("2")
    other = words.Clamp(operand=column("g"), lower=-9.0, upper=9.0) if left == right else column(right)
    rows = list(table(left, "g" if left == right else right))
    check(binary(operator, column(left), other), rows)


@pytest.mark.parametrize("operator", ["add", "sub", "mul", "div", "pow", "least", "greatest", *COMPARISONS])
def test_unbounded_floats_never_leave_the_doubles(operator: Any) -> None:
    check(binary(operator, column("g"), column("f")), table("g", "f"))


@pytest.mark.parametrize("operator", ["add", "sub", "mul", "floordiv", "mod", "least", "greatest"])
def test_unbounded_integers_never_overflow(operator: Any) -> None:
    outcome = computed(binary(operator, column("j"), column("i")), table("j", "i"))
    assert not isinstance(outcome, Refusal)
    space, found = outcome
    assert all(inside(space, value) for value in found)


@pytest.mark.parametrize("operator", ["and", "or", "xor"])
def test_logic_is_three_valued(operator: Any) -> None:
    rows = [{"b": one, "n": other} for one in (None, True, False) for other in (0, 1)]
    other = words.Choose(condition=binary("eq", column("n"), 0), then=words.Constant(value=None), otherwise=column("b"))
    check(binary(operator, column("b"), other), rows)
    check(binary(operator, column("b"), binary("gt", column("n"), 0)), rows)


@pytest.mark.parametrize("constant", [0, 1, -3, 2, 0.0, 0.1, -1e308, 7.0, True])
@pytest.mark.parametrize("operator", [*ARITHMETIC, *COMPARISONS])
def test_a_constant_operand_is_as_good_as_a_column(operator: Any, constant: Any) -> None:
    check(binary(operator, column("f"), constant), table("f"))
    check(binary(operator, column("i"), constant), table("i"))


def test_strings_and_moments_compare_with_their_own_kind_only() -> None:
    check(binary("eq", column("s"), "x"), table("s"))
    check(binary("ne", column("t"), "o'brien -- %s"), table("t"))
    check(binary("lt", column("d"), words.Instant(micros=5)), table("d"))
    check(binary("sub", column("d"), words.Instant(micros=5)), table("d"))
    for wrong in (
        binary("lt", column("s"), "x"),
        binary("eq", column("s"), 1),
        binary("add", column("d"), column("d")),
    ):
        outcome = computed(wrong, [])
        assert isinstance(outcome, Refusal)
        assert outcome.error == "TypeError"


@pytest.mark.parametrize("values", [(), (None,), (1, 2.5), (True,), ("x", 3, None), (2**63 - 1, -5, 0)])
def test_is_in_is_never_null(values: tuple[Any, ...]) -> None:
    for name in ("f", "i", "j", "b", "s", "t"):
        check(words.IsIn(operand=column(name), values=values), table(name))


def test_choose_takes_otherwise_for_false_and_null() -> None:
    for one, other in itertools.product(("f", "i", "n", "b"), repeat=2):
        names = dict.fromkeys(("b", one, other))
        check(words.Choose(condition=column("b"), then=column(one), otherwise=column(other)), table(*names))
    check(words.Choose(condition=column("b"), then=column("s"), otherwise=words.Constant(value="w")), table("b", "s"))
    check(words.Choose(condition=column("b"), then=words.Constant(value=None), otherwise=column("d")), table("b", "d"))


def test_coalesce_and_clamp_mean_what_they_say() -> None:
    check(words.Coalesce(operand=column("f"), fallback=column("i")), table("f", "i"))
    check(words.Coalesce(operand=column("s"), fallback=words.Constant(value="?")), table("s"))
    for lower, upper in [(-1, 1), (-0.5, 2.5), (0.2, 0.4), (-1e300, 1e300), (2, 2)]:
        for name in ("f", "g", "i", "j"):
            check(words.Clamp(operand=column(name), lower=lower, upper=upper), table(name))


CASTS = [
    ("f", "int"),
    ("f", "bool"),
    ("g", "int"),
    ("g", "bool"),
    ("i", "float"),
    ("i", "str"),
    ("i", "bool"),
    ("b", "int"),
]


@pytest.mark.parametrize(
    ("name", "to"), [*CASTS, ("b", "str"), ("b", "float"), ("d", "int"), ("t", "datetime"), ("t", "bool")]
)
def test_a_cast_is_null_where_it_cannot_be(name: str, to: Any) -> None:
    check(words.Cast(operand=column(name), to=to), table(name))


def test_strings_become_numbers_where_they_are_some() -> None:
    rows = [{"t": text} for text in ("12", "-3.5", "1e400", "nan", "inf", "abc", "", None)]
    space, found = computed(words.Cast(operand=column("t"), to="float"), rows)  # type: ignore[misc]
    assert found == [12.0, -3.5, None, None, None, None, None, None]
    assert space.nullable
    _, whole = computed(words.Cast(operand=column("t"), to="int"), rows)  # type: ignore[misc]
    assert whole[0] == 12
    assert whole[2:] == [None] * 6


# Trees ----------------------------------------------------------------------------------------------------

NUMBERS = st.deferred(lambda: _leaves | _numeric)
TRUTHS = st.deferred(lambda: _flags | _logical)
_finite = st.floats(allow_nan=False, allow_infinity=False)
_leaves = st.one_of(
    st.sampled_from(["f", "g", "i", "j", "n"]).map(column),
    st.one_of(st.integers(-(2**63), 2**63 - 1), _finite, st.none()).map(lambda v: words.Constant(value=v)),
)
_numeric = st.one_of(
    st.builds(words.Unary, operator=st.sampled_from(UNARY), operand=NUMBERS),
    st.builds(words.Binary, operator=st.sampled_from(ARITHMETIC), left=NUMBERS, right=NUMBERS),
    st.builds(words.Choose, condition=TRUTHS, then=NUMBERS, otherwise=NUMBERS),
    st.builds(words.Coalesce, operand=NUMBERS, fallback=NUMBERS),
    st.builds(words.Cast, operand=NUMBERS, to=st.sampled_from(["int", "float", "bool"])).map(
        lambda cast: words.Cast(operand=cast, to="int")
    ),
)
_flags = st.just(column("b"))
_logical = st.one_of(
    st.builds(words.Binary, operator=st.sampled_from(COMPARISONS), left=NUMBERS, right=NUMBERS),
    st.builds(words.Binary, operator=st.sampled_from(["and", "or", "xor"]), left=TRUTHS, right=TRUTHS),
    st.builds(
        words.IsIn, operand=NUMBERS, values=st.lists(st.one_of(st.integers(-9, 9), _finite), max_size=3).map(tuple)
    ),
)
NASTY = [{name: values[number % len(values)] for name, values in DOMAIN.items()} for number in range(12)]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(expression=NUMBERS)
def test_no_tree_of_words_can_fail_on_a_row(expression: words.Expression) -> None:
    outcome = computed(expression, NASTY)
    if isinstance(outcome, Refusal):
        assert outcome.why
        return
    space, found = outcome
    wild = [v for v in found if isinstance(v, float) and not math.isfinite(v)]
    assert wild == []
    if space.kind == "int" and space.bounds is not None:
        assert all(value is None or space.bounds[0] <= value <= space.bounds[1] for value in found)
    assert space.nullable or None not in found


def test_deep_and_shared_plans_stay_small() -> None:
    deep: words.Expression = column("f")
    for _ in range(50):
        deep = words.Unary(operator="round", operand=binary("mod", deep, 3.0))
    assert not isinstance(computed(deep, NASTY), Refusal)
    shared: words.Expression = column("i")
    for _ in range(60):
        shared = words.Clamp(operand=binary("add", shared, shared), lower=-9, upper=9)
    outcome = computed(shared, NASTY)
    assert not isinstance(outcome, Refusal)
    assert {value for value in outcome[1] if value} <= {-9, 9}


def test_the_engine_has_no_words_of_its_own_for_rows() -> None:
    with pytest.raises(duckdb.Error):
        duckdb.connect().execute("SELECT CAST('secret' AS BIGINT)").fetchall()


DENSE = {
    "int": tuple(key * key for key in range(-20, 20)),
    "float": tuple(None if key % 3 == 0 else key / 7 for key in range(-20, 20)),
    "str": tuple(None if key % 5 == 0 else f"it's {key}" for key in range(-20, 20)),
    "bool": tuple(key % 2 == 0 for key in range(-20, 20)),
}


@pytest.mark.parametrize("kind", DENSE)
@pytest.mark.parametrize("name", ["i", "j"])
@pytest.mark.parametrize("step", [1, 2])
def test_a_table_of_many_whole_numbers_is_read_at_its_place(kind: str, name: str, step: int) -> None:
    keys = tuple(key * step for key in range(-20, 20))
    word = words.Recode(operand=column(name), keys=keys, values=DENSE[kind])
    values = [*DOMAIN[name], *range(-45, 45), 2**63 - 1, -(2**63)]
    outcome = computed(word, [{name: value} for value in values])
    assert not isinstance(outcome, Refusal)
    table = dict(zip(keys, DENSE[kind], strict=True))
    # what lies outside the column's bounds never comes; the engine is asked all the same
    assert [table.get(value) for value in values] == outcome[1]
    assert all(inside(outcome[0], value) for value in outcome[1])
