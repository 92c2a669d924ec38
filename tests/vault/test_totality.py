"""Whatever a row holds, no query fails: a failure would say something of a row that nobody paid for.

Each test is a question whose engine query would fail on some rows and not on others, were the vault's arithmetic not total.
"""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

import pytest

from ag_plan import expressions as words
from ag_plan.relations import Filter, Project
from ag_plan.releases import Count, GroupKey, Histogram, Mean, Measure, Quantile, Sum
from ag_vault.space import ColumnSpace
from tests.vault import world
from tests.vault.world import ROWS, binary, column

EDGE = 2**63 - 1
NULLS = {**dict.fromkeys(world.COLUMNS), "n": 0}


def computed(expression: words.Expression, measure: Measure, row: Mapping[str, Any]) -> Any:
    """The exact integers of a measure of one column ``o``, computed from a table of one row."""
    relation = Project(relation=ROWS, names=("o",), expressions=(expression,))
    return world.exact(world.ask(measure, relation=relation), [{**NULLS, **row}]).vectors[0, 0]


@pytest.mark.parametrize("index", [EDGE, EDGE - 1, -EDGE - 1])
def test_a_piece_beyond_every_text_is_null_and_not_a_failure_of_the_rows_that_ask_for_it(index: int) -> None:
    piece = words.Piece(operand=column("t"), separator=",", index=index)
    asked = words.Choose(condition=column("b"), then=piece, otherwise=words.Constant(value="x"))
    assert computed(asked, Count(columns=("o",)), {"t": "a,b", "b": True}) == (0,)
    assert computed(asked, Count(columns=("o",)), {"t": "a,b", "b": False}) == (1,)


@pytest.mark.parametrize("value", [4242334322010998294, 8723768435832128934, EDGE, -EDGE])
def test_a_remainder_of_large_numbers_stays_within_its_bounds_so_that_no_product_overflows(value: int) -> None:
    rest = words.Cast(operand=binary("mod", column("j"), 7), to="int")
    product = binary("mul", rest, 2**60)
    assert computed(product, Count(columns=("o",)), {"j": value}) == (1,)
    assert computed(product, Sum(columns=("o",)), {"j": value})[0] >= 0


@pytest.mark.parametrize(
    "measure",
    [
        Sum(columns=("o",)),
        Mean(columns=("o",)),
        Count(columns=("o",)),
        Quantile(columns=("o",), probabilities=(0.5,)),
        Histogram(column="o", edges=(0.0, 1.0, 100.0)),
    ],
    ids=lambda measure: type(measure).__name__,
)
@pytest.mark.parametrize("place", ["column", "filter", "key"])
def test_a_row_outside_its_declared_bounds_is_a_null_and_no_failure(place: str, measure: Measure) -> None:
    """The last wall: should bounds ever be wrong, what can't be computed is null on that row, and other rows don't notice."""
    columns = {"i": ColumnSpace(kind="int", lower=0, upper=9), "n": ColumnSpace(kind="int", lower=0, upper=3)}
    impossible = binary("mul", column("i"), EDGE // 9)
    o = impossible if place == "column" else column("i")
    relation: Any = Project(relation=ROWS, names=("o", "p"), expressions=(o, impossible))
    if place == "filter":
        relation = Filter(relation=relation, predicate=binary("ge", binary("mul", column("o"), EDGE // 9), 0))
    by = (GroupKey(column="p", values=(0, EDGE // 9)),) if place == "key" else ()
    release = world.ask(measure, relation=relation, by=by)
    world.exact(release, [{"i": 1}, {"i": 10**12}], columns)


EQUAL = [(operator, name, name) for name in "fgijdbs" for operator in ("eq", "ne")]
ORDER = [(operator, *pair) for pair in ("gi", "ig", "jb", "dd") for operator in ("lt", "le", "gt", "ge")]
SURE: dict[str, words.Expression] = {
    **{
        f"{one} {operator} {other}": binary(operator, column(one), column(other))
        for operator, one, other in EQUAL + ORDER
    },
    "truths": binary(
        "or", binary("and", column("b"), binary("ne", column("t"), "x")), binary("xor", column("b"), None)
    ),
    "nothing": words.Unary(operator="not", operand=words.Unary(operator="is_null", operand=column("t"))),
}
WILD: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys("fg", (None, 0.0, -0.0, 5e-324, 1.7976931348623157e308, float("inf"), float("-inf"), float("nan"))),
    **dict.fromkeys("ijd", (None, 0, EDGE, -EDGE - 1)),
    **dict.fromkeys("st", (None, "", "\u0130\U0001f600", "x" * 10_000)),
    "b": (None, False, True),
}


@pytest.mark.parametrize("asked", SURE.values(), ids=SURE)
def test_what_stands_without_the_last_wall_has_a_result_on_every_row(asked: words.Expression) -> None:
    """Comparisons and truths: the engine is asked for them as they are, on values that no file may hold, too."""
    rows = [{**NULLS, **dict(zip(WILD, row, strict=True))} for row in zip_longest(*WILD.values())]
    relation = Project(relation=ROWS, names=("o",), expressions=(asked,))
    release = world.ask(Sum(columns=("o",)), relation=relation)
    assert "TRY" not in str(world.priced(release).sums_sql)
    world.exact(release, rows)


def test_a_comparison_of_what_can_fail_is_behind_the_last_wall() -> None:
    columns = {"i": ColumnSpace(kind="int", lower=0, upper=9)}
    asked = binary("ge", binary("mul", column("i"), EDGE // 9), column("i"))
    relation = Project(relation=ROWS, names=("o",), expressions=(asked,))
    found = world.exact(world.ask(Sum(columns=("o",)), relation=relation), [{"i": 1}, {"i": 10**12}], columns)
    assert found.vectors[0, 0] == (1,)
