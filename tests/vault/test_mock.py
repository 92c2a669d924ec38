"""Mocks: made from the metadata alone or brought, public; a dry run reads them and nothing private, and costs nothing."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from ag_plan.messages import (
    AskIngest,
    AskOdometer,
    AskPublic,
    AskRelease,
    ColumnValues,
    Ingested,
    PublicTable,
    Refused,
    Released,
)
from ag_plan.releases import Count, Mean
from ag_vault.catalog import ColumnRecord, read_catalog, read_dataset
from ag_vault.data import open_mocks
from ag_vault.errors import BadData, EngineFailed
from ag_vault.loading import mock
from tests.vault.doors import Doors, released, served
from tests.vault.owners import COLUMNS, GOOD_ROW, HEADER, clinic, load, metadata, write_csv

COUNT = Count(columns=("age",))

COLUMN_TYPES: tuple[ColumnRecord, ...] = (
    ColumnRecord(name="x", kind="float", lower=-1e300, upper=1e300),
    ColumnRecord(name="y", kind="float", lower=0.0, upper=5e-324),
    ColumnRecord(name="n", kind="int", lower=-(2**63), upper=2**63 - 1, nullable=False),
    ColumnRecord(name="free", kind="int"),
    ColumnRecord(name="real", kind="float"),
    ColumnRecord(name="b", kind="bool"),
    ColumnRecord(name="s", kind="str"),
    ColumnRecord(name="c", kind="str", categories=("f", "m")),
    ColumnRecord(name="t", kind="datetime"),
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clinic(tmp_path_factory.mktemp("clinic"))


@pytest.fixture
def doors(dataset: Path, tmp_path: Path) -> Iterator[Doors]:
    with served(dataset, tmp_path / "ledger.sqlite") as opened:
        yield opened


def dry(doors: Doors, measure: Any, **more: Any) -> Any:
    return doors.ask(AskRelease(id=3, release=released(measure, **more), mock=True))


def test_a_made_up_mock_depends_on_version_and_metadata_and_on_no_row(tmp_path: Path) -> None:
    wanted = mock.Wanted(key="train", columns=COLUMN_TYPES, units=None, given=None, version="v")
    again = mock.Wanted(key="train", columns=COLUMN_TYPES, units=None, given=None, version="v")
    other = mock.Wanted(key="train", columns=COLUMN_TYPES, units=None, given=None, version="w")
    assert mock.columns_of(wanted) == mock.columns_of(again) != mock.columns_of(other)
    assert None not in mock.columns_of(wanted)["n"]


def test_a_made_up_mock_conforms_to_the_metadata(dataset: Path) -> None:
    made = read_dataset(dataset).mock["train"]
    with duckdb.connect() as engine:
        rows = engine.execute("SELECT age, height, sex FROM read_parquet($1)", [str(made.path)]).fetchall()
    assert len(rows) == mock.ROWS
    assert all(age is None or COLUMNS["age"]["lower"] <= age <= COLUMNS["age"]["upper"] for age, _, _ in rows)
    assert {sex for _, _, sex in rows} <= {*COLUMNS["sex"]["categories"], None}


def test_a_mock_may_be_brought_and_must_fit(tmp_path: Path) -> None:
    brought = write_csv(tmp_path, "50,160.25,m,false,2020-01-01", "51,161.25,f,true,2020-01-02", name="mock.csv")
    wrong = write_csv(tmp_path, "1", header="age", name="wrong.csv")
    table = write_csv(tmp_path, *[GOOD_ROW] * 9)
    load(tmp_path, metadata(), table, mock=brought)
    public = read_dataset(tmp_path / "out").mock["train"]
    with duckdb.connect() as engine:
        found = engine.execute("SELECT age FROM read_parquet($1) ORDER BY age", [str(public.path)]).fetchall()
    assert found == [(50,), (51,)]
    for bad, sentence in ((wrong, "lacks the column"), (write_csv(tmp_path, name="none.csv"), "0 rows")):
        with pytest.raises(BadData, match=sentence):
            load(tmp_path / "other", metadata(), table, mock=bad)


def test_a_mock_of_units_has_ids_and_keeps_their_cap(tmp_path: Path) -> None:
    unit = {"id": ["patient"], "space": "patients", "max_rows": 2}
    content = metadata()
    content["tables"]["train"]["unit"] = unit
    rows = [f"{20 + i % 40},170.5,f,true,2021-05-06 07:08:09,{i // 3}" for i in range(30)]
    load(tmp_path, content, write_csv(tmp_path, *rows, header=f"{HEADER},patient"))
    public = read_dataset(tmp_path / "out").mock["train"]
    assert next(iter(public.columns)) == "patient"
    with duckdb.connect() as engine:
        ((most,),) = engine.execute(
            "SELECT max(n) FROM (SELECT count(*) n FROM read_parquet($1) GROUP BY patient)", [str(public.path)]
        ).fetchall()
    assert 1 <= most <= 2


def test_a_dry_run_is_free_is_marked_and_answers_from_the_mock(doors: Doors, dataset: Path) -> None:
    answers = [dry(doors, COUNT, epsilon=9) for _ in range(3)]
    assert all(isinstance(answer, Released) and answer.mock for answer in answers)
    assert all(abs(answer.values[0][0] - mock.ROWS) < 20 for answer in answers)  # 200 rows are private; e^-180
    balances = doors.ask(AskOdometer(id=1)).balances
    assert [balance.epsilon_spent for balance in balances] == [0.0]


def test_a_dry_run_costs_as_much_in_words_as_the_real_one(doors: Doors) -> None:
    rehearsed, real = dry(doors, Mean(columns=("age",))), doors.release(Mean(columns=("age",)))
    assert rehearsed.cost == real.cost
    assert rehearsed.mechanism == real.mechanism
    assert not real.mock


def test_a_dry_run_is_refused_as_the_real_call_would_be(doors: Doors) -> None:
    """Ten is the limit of one call; the sum of dry runs has none."""
    assert isinstance(dry(doors, COUNT, epsilon=11), Refused)
    assert all(isinstance(dry(doors, COUNT, epsilon=10 - n % 3), Released) for n in range(25))


def test_the_engine_of_mocks_can_reach_no_private_file(dataset: Path) -> None:
    catalog = read_catalog([dataset])
    rows = open_mocks(catalog, memory_bytes=1 << 27)
    private = catalog.tables["clinic/train"].path
    with pytest.raises(EngineFailed):
        rows.rows(f"ATTACH '{private}' AS stolen (READ_ONLY)")
    rows.close()


def test_a_guests_own_tables_take_part_in_dry_runs(doors: Doors) -> None:
    def bring(name: str) -> str:
        values = tuple(Random(name).random() for _ in range(500))
        column = ColumnValues(name="age", kind="float", lower=0.0, upper=1.0, values=values)
        reply = doors.ask(AskIngest(id=2, columns=(column,)))
        assert isinstance(reply, Ingested)
        return reply.table

    for table in (bring("before"), bring("before, too")):
        assert isinstance(dry(doors, COUNT, table=table), Released)
    later = dry(doors, COUNT, table=bring("after"), epsilon=9)
    assert abs(later.values[0][0] - 500) < 20


def test_so_do_a_guests_own_tables_of_units(doors: Doors) -> None:
    """Those that there were before the first dry run are brought over from the real engine, under whatever name the id has there."""
    values = tuple(n / 500 for n in range(500))
    ids, ages = (
        ColumnValues(name="who", kind="int", values=tuple(range(500))),
        ColumnValues(name="age", kind="float", lower=0.0, upper=1.0, values=values),
    )
    for _ in range(2):
        brought = doors.ask(AskIngest(id=2, columns=(ids, ages), unit="who"))
        answer = dry(doors, COUNT, table=brought.table, epsilon=9)
        assert abs(answer.values[0][0] - 500) < 20


@pytest.mark.parametrize("rehearsed", [True, False])
def test_a_frame_too_large_for_the_engine_of_mocks_ends_dry_runs_and_nothing_else(
    dataset: Path, tmp_path: Path, rehearsed: bool
) -> None:
    large = tuple(
        ColumnValues(name=f"c{number}", kind="float", values=tuple(n / 7 for n in range(200_000)))
        for number in range(4)
    )
    with served(dataset, tmp_path / "ledger.sqlite", memory_bytes=48 << 20) as doors:
        if rehearsed:
            assert isinstance(dry(doors, COUNT), Released)
        assert isinstance(doors.ask(AskIngest(id=2, columns=large)), Ingested)
        assert [dry(doors, COUNT).code for _ in range(2)] == ["memory", "memory"]
        assert isinstance(doors.ask(AskIngest(id=2, columns=(large[0],))), Ingested)
        assert isinstance(doors.release(COUNT), Released)


def test_mocks_are_public_tables_and_private_tables_stay_none(doors: Doors) -> None:
    table = doors.ask(AskPublic(id=1, dataset="Clinic", key="train", mock=True))
    assert isinstance(table, PublicTable)
    assert len(table.columns[0].values) == mock.ROWS
    assert isinstance(doors.ask(AskPublic(id=1, dataset="Clinic", key="train")), Refused)


def test_a_data_set_without_mocks_refuses_dry_runs(tmp_path: Path) -> None:
    folder = clinic(tmp_path)
    (folder / "mock" / "train.duckdb").unlink()
    with served(folder, tmp_path / "ledger.sqlite") as doors:
        assert dry(doors, COUNT).code == "no_mock"
