"""Each unit's first so many rows, however the slices fall: as numbered all at once, and never more for rows that come in another order."""

from typing import Any

import duckdb
import pytest
from sqlglot import exp

from ag_vault.errors import BadData
from ag_vault.loading import capped

UNITS = [1] * 7 + [2] + [3] * 23 + [4] * 2 + [5] * 3
"""Whose each row is: a heavy unit that is longer than a slice, and light ones at the slices' edges."""
MOST = 4


def kept(rows: list[tuple[int, int]], size: int, most: int = MOST) -> list[tuple[Any, ...]]:
    """Unit, draw and place of the rows that stay, of rows that lie so."""
    with duckdb.connect() as engine:
        engine.execute("CREATE TABLE rows (c0 INTEGER, u UUID, d UUID, i BIGINT)")
        values = [(d, f"{u:032x}", f"{d:032x}", number) for number, (u, d) in enumerate(rows, 1)]
        engine.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", values or [(0, None, None, -1)])

        def ask(query: exp.Expr) -> list[tuple[Any, ...]]:
            return engine.execute(query.sql("duckdb")).fetchall()

        found = []
        for part in capped.slices(ask, exp.table_("rows"), ("x",), most, size):
            found += [(int(str(unit).replace("-", ""), 16), x, place) for x, unit, place in ask(part)]
        return found


@pytest.mark.parametrize("size", [1, 2, 5, 7, 8, 100])
@pytest.mark.parametrize("most", [1, MOST, 100])
def test_the_rows_that_stay_are_the_same_however_the_slices_fall(size: int, most: int) -> None:
    rows = [(unit, number) for number, unit in enumerate(UNITS)]
    expected = [
        (unit, number, place) for number, unit in enumerate(UNITS) if (place := UNITS[: number + 1].count(unit)) <= most
    ]
    assert kept(rows, size, most) == expected


@pytest.mark.parametrize("rows", [[(1, 0), (2, 0), (1, 1), (2, 1)], [(1, 0), (1, 3), (1, 1), (1, 2)]])
def test_rows_that_lie_in_another_order_are_refused_and_never_counted_twice(rows: list[tuple[int, int]]) -> None:
    with pytest.raises(BadData, match="in their order"):
        kept(rows, 2)
