"""Whatever a row holds, no query fails: a failure would say something of a row that nobody paid for.

Each test is a question whose engine query would fail on some rows and not on others, were the vault's arithmetic not total.
"""

from collections.abc import Mapping
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
