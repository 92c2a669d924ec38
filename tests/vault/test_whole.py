"""Counts of a whole table, which the engine is asked for but once: what they are, when they are not used, and that each is charged."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ag_plan.relations import Filter, Project, Relation
from ag_plan.releases import Count, GroupKey, Measure, Nunique, Size, Sum
from ag_vault.evaluate import DuckData, evaluate
from ag_vault.ops.whole import Whole
from tests.vault import world
from tests.vault.doors import Doors, charged_before, served
from tests.vault.owners import clinic
from tests.vault.world import COLUMNS, ROWS, binary, column

NULLS: Mapping[str, Any] = {**dict.fromkeys(COLUMNS), "n": 0}
TABLE = [{**NULLS, **row} for row in ({"f": 1.0, "s": "x"}, {"f": 2.0, "b": True}, {"s": "y", "n": 3}, {})]
EVERY = Count(columns=tuple(COLUMNS))


def renamed(names: Mapping[str, str]) -> Relation:
    return Project(relation=ROWS, names=tuple(names), expressions=tuple(column(name) for name in names.values()))


@pytest.mark.parametrize(
    ("measure", "relation", "wanted"),
    [
        (Size(), ROWS, [4]),
        (Count(columns=("f",)), ROWS, [2]),
        (Count(columns=("n",)), ROWS, [4]),
        (EVERY, ROWS, [{"f": 2, "s": 2, "b": 1, "n": 4}.get(name, 0) for name in COLUMNS]),
        (Count(columns=("f", "s")), renamed({"f": "b", "s": "f"}), [1, 2]),
    ],
    ids=["rows", "a column", "a column without nulls", "every column", "columns by other names"],
)
def test_they_are_the_numbers_of_rows_and_of_values(measure: Measure, relation: Relation, wanted: list[int]) -> None:
    plan = world.priced(world.ask(measure, relation=relation))
    assert plan.counts is not None
    assert plan.sums_sql is None
    found = evaluate(plan, world.data(TABLE)).vectors
    assert [found[part, 0][0] for (part,) in plan.measured.layout] == wanted
    assert set(evaluate(plan, world.data([])).vectors.values()) == {(0,)}


@pytest.mark.parametrize(
    ("measure", "relation", "by"),
    [
        (Size(), Filter(relation=ROWS, predicate=binary("gt", column("f"), 1.5)), ()),
        (Size(), ROWS, (GroupKey(column="s"),)),
        (Count(columns=("o",)), Project(relation=ROWS, names=("o",), expressions=(binary("add", column("f"), 1),)), ()),
        (Sum(columns=("f",)), ROWS, ()),
        (Nunique(columns=("s",)), ROWS, ()),
    ],
    ids=["filtered", "grouped", "computed", "a sum", "different values"],
)
def test_whatever_else_is_asked_passes_over_the_rows(
    measure: Measure, relation: Relation, by: tuple[GroupKey, ...]
) -> None:
    assert world.priced(world.ask(measure, relation=relation, by=by)).counts is None


def test_the_engine_is_asked_once_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    read = DuckData.rows

    def watch(data: DuckData, sql: str) -> Any:
        asked.append(sql)
        return read(data, sql)

    monkeypatch.setattr(DuckData, "rows", watch)
    data = world.data(TABLE)
    for _ in range(3):
        for name in ("f", "s"):
            evaluate(world.priced(world.ask(Count(columns=(name,)))), data)
    assert len(asked) == 2
    assert data.count(Whole(table=world.KEY)) == 4
    assert len(asked) == 3


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def doors(tmp_path: Path, ledger: Path) -> Iterator[Doors]:
    with served(clinic(tmp_path), ledger) as opened:
        yield opened


def test_a_count_that_is_known_is_charged_before_it_is_looked_up_all_the_same(
    doors: Doors, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    charged = charged_before("count", ledger, monkeypatch)
    for epsilon in (1, 2, 3):
        doors.release(Size(), epsilon)
    assert charged == [1, 2, 3]
