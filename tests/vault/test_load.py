"""After loading, every value conforms; before it, everything that doesn't fit is one clear sentence and nothing is left behind."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ag_vault.catalog import FILE_NAME, read_catalog, read_dataset
from ag_vault.errors import BadCatalog, BadData
from tests.vault.owners import (
    COLUMNS,
    GOOD_ROW,
    HEADER,
    asked,
    clinic,
    load,
    metadata,
    stored,
    write_csv,
    write_metadata,
)

GOOD = [GOOD_ROW] * 20
MICROS_2026 = 1_767_225_600_000_000


def one(tmp_path: Path, column: str, raw: str, declared: dict[str, Any] | None = None) -> Any:
    """What a single raw cell becomes, among enough good ones not to look like another column."""
    entry = declared or COLUMNS[column]
    good = GOOD_ROW.split(",")[HEADER.split(",").index(column)] if declared is None else "1"
    rows = [*([good] * 20), f'"{raw}"']
    load(tmp_path, metadata({column: entry}), write_csv(tmp_path, *rows, header=column))
    found = [value for (value,) in stored(tmp_path, column)]
    typical = max(set(found), key=found.count)
    odd = [value for value in found if value != typical]
    return odd[0] if odd else typical


@pytest.mark.parametrize(
    ("column", "raw", "kept"),
    [
        ("age", "41", 41),
        ("age", " 41 ", 41),
        ("age", "1e2", 100),
        ("age", "41.6", 42),
        ("age", "-5", 0),
        ("age", "9000000000000000000000", None),
        ("age", "200", 120),
        ("age", "old", None),
        ("age", "", None),
        ("height", "NaN", None),
        ("height", "inf", None),
        ("height", "-inf", None),
        ("height", "1e400", None),
        ("height", "-0.0", 0.0),
        ("height", "5e-324", 5e-324),
        ("height", "251", 250.0),
        ("height", "tall", None),
        ("sex", "m", "m"),
        ("sex", "M", None),
        ("sex", "x' OR 1=1 --", None),
        ("smokes", "F", False),
        ("smokes", "0", False),
        ("smokes", "maybe", None),
        ("seen", "2030-01-01", MICROS_2026),
        ("seen", "2025-12-31T23:00:00-05:00", MICROS_2026),
        ("seen", "1970-01-01", 1_577_836_800_000_000),
        ("seen", "infinity", None),
        ("seen", "yesterday", None),
    ],
)
def test_every_cell_becomes_a_value_of_its_column_or_null(tmp_path: Path, column: str, raw: str, kept: Any) -> None:
    assert one(tmp_path, column, raw) == kept


def test_integers_beyond_a_double_survive(tmp_path: Path) -> None:
    assert one(tmp_path, "n", "9007199254740993", {"type": "int"}) == 9007199254740993


def test_the_report_counts_what_was_coerced(tmp_path: Path) -> None:
    rows = [*GOOD, "130,170,f,true,2021-01-01", "x,NaN,q,true,2021-01-01", "40.5,170,f,true,2021-01-01"]
    report = load(tmp_path, metadata(), write_csv(tmp_path, *rows))
    assert report["train"] == {
        "": {"rows": 23},
        "age": {"unreadable": 1, "rounded": 1, "clamped": 1, "null": 1},
        "height": {"unreadable": 1, "null": 1},
        "sex": {"unknown category": 1, "null": 1},
    }


def test_texts_longer_than_declared_are_cut_and_counted(tmp_path: Path) -> None:
    columns = {"note": {"type": "str", "max_length": 5}}
    report = load(tmp_path, metadata(columns), write_csv(tmp_path, "abcde", "äbcdefg", "x", header="note"))
    assert report["train"]["note"] == {"cut": 1}
    assert sorted(value for (value,) in stored(tmp_path, "note")) == ["abcde", "x", "äbcde"]
    assert read_dataset(tmp_path / "out").tables["train"].columns["note"].characters == 5


def test_texts_that_are_longer_than_usual_need_their_owner_s_word(tmp_path: Path) -> None:
    columns = {"note": {"type": "str"}}
    load(tmp_path / "whole", metadata(columns), write_csv(tmp_path, "x" * 256, header="note"))
    with pytest.raises(
        BadData, match=r"1 of 2 texts of column train.note have more than 256 characters: say .* max_length: 2000"
    ):
        load(tmp_path, metadata(columns), write_csv(tmp_path, "x" * 257, "y", header="note"))


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"n": {"type": "str", "max_length": 0}}, "must lie between 1 and 65,536, not 0"),
        ({"n": {"type": "str", "max_length": 65_537}}, "must lie between 1 and 65,536, not 65,537"),
        ({"n": {"type": "int", "max_length": 5}}, "for text without categories"),
        ({"n": {"type": "str", "max_length": 5, "categories": ["a"]}}, "for text without categories"),
        ({"n": {"type": "str", "max_length": "5"}}, "must be a whole number"),
        ({f"n{i}": {"type": "str", "max_length": 40_000} for i in range(2)}, "may have 80,000 characters together"),
    ],
)
def test_a_length_that_no_column_can_have_is_said_where_it_is(tmp_path: Path, columns: Any, sentence: str) -> None:
    with pytest.raises(BadData, match=sentence):
        load(tmp_path, metadata(columns), write_csv(tmp_path, "1", header=",".join(columns)))


def test_typed_parquet_conforms_like_text(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    select = (
        "SELECT 130::UTINYINT AS age, 'nan'::FLOAT AS height, 'm' AS sex, 1.0::DOUBLE AS smokes, "
        "DATE '2030-01-01' AS seen FROM range(20)"
    )
    duckdb.connect().execute(f"COPY ({select}) TO '{path}'")
    with pytest.raises(BadData, match="height"):
        load(tmp_path, metadata(), path)
    duckdb.connect().execute(f"COPY ({select.replace(chr(39) + 'nan' + chr(39), '300')}) TO '{path}'")
    load(tmp_path, metadata(), path)
    assert set(stored(tmp_path, "age, height, sex, smokes, seen")) == {(120, 250.0, "m", True, MICROS_2026)}


def test_the_index_that_pandas_writes_is_dropped(tmp_path: Path) -> None:
    rows = [f"{i},{GOOD_ROW}" for i in range(5)]
    report = load(tmp_path, metadata(), write_csv(tmp_path, *rows, header=f"Unnamed: 0,{HEADER}"))
    assert report["train"]["Unnamed: 0"] == {"dropped": 5}
    assert list(read_dataset(tmp_path / "out").tables["train"].columns) == list(COLUMNS)


def test_rows_lie_in_a_new_secret_order_after_each_load(tmp_path: Path) -> None:
    orders = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        rows = write_csv(tmp_path / name, *(str(i) for i in range(100)), header="n")
        load(tmp_path / name, metadata({"n": {"type": "int"}}), rows)
        orders.append([n for (n,) in stored(tmp_path / name, "n", "__order")])
        assert sorted(orders[-1]) == list(range(100))
        lying = asked(tmp_path / name / "out" / "train.duckdb", "SELECT n FROM rows")
        assert [n for (n,) in lying] == orders[-1]
    assert orders[0] != orders[1]
    assert orders[0] != sorted(orders[0])


def test_a_table_of_no_rows_loads(tmp_path: Path) -> None:
    load(tmp_path, metadata(), write_csv(tmp_path))
    assert stored(tmp_path) == []


def test_public_tables_keep_their_order_and_get_the_kinds_of_the_private_ones(tmp_path: Path) -> None:
    dataset = read_dataset(clinic(tmp_path))
    assert {name: space.kind for name, space in dataset.public["test_x"].columns.items()} == {
        "age": "int",
        "height": "float",
        "sex": "str",
    }
    found = duckdb.connect().execute(f"SELECT * FROM read_parquet('{tmp_path}/out/public/test_x.parquet')").fetchall()
    assert found == [(50, 180.5, "m"), (60, None, "f")]


BAD_FILES = {
    "a missing column": ("age,height,sex,smokes", ["40,170,f,true"], "lacks the column 'seen'"),
    "a surplus column": (f"{HEADER},name", [f"{GOOD_ROW},Ann"], "has the column 'name'"),
    "a column of another kind": (HEADER, ["f,170,40,true,2021-01-01"] * 5, "5 of 5 values of column train.age"),
    "a ragged row": (HEADER, [GOOD_ROW, f"{GOOD_ROW},1,2,3", GOOD_ROW], "train"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_does_not_fit_is_one_sentence_and_nothing_is_left(tmp_path: Path, name: str) -> None:
    header, rows, why = BAD_FILES[name]
    with pytest.raises(BadData, match=why) as caught:
        load(tmp_path, metadata(), write_csv(tmp_path, *rows, header=header))
    assert "\n" not in str(caught.value)
    assert {p.name for p in tmp_path.iterdir()} == {"metadata.yaml", "train.csv"}


@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe" * 100, b"PAR1 but not for long"])
@pytest.mark.parametrize("name", ["train.parquet", "train.csv", "train.xlsx"])
def test_a_damaged_file_is_one_sentence_and_nothing_is_left(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadData) as caught:
        load(tmp_path, metadata(), tmp_path / name)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.tmp").exists()


@pytest.mark.parametrize("kind", ["int", "str"])
def test_lists_in_lists_are_refused_before_a_value_is_read(tmp_path: Path, kind: str) -> None:
    """The engine takes twice as long for each list around the others: of a hundred, four kilobytes, it never made a text."""
    value, path = "[" * 100 + "1" + "]" * 100, tmp_path / "train.parquet"
    duckdb.execute(f"COPY (SELECT {value} AS deep, 1 AS flat) TO '{path}' (FORMAT PARQUET)")
    with pytest.raises(BadData, match="nested values in the column 'deep'"):
        load(tmp_path, metadata({"deep": {"type": kind}, "flat": {"type": "int"}}), path)


def test_nulls_in_a_column_declared_without_are_refused(tmp_path: Path) -> None:
    columns = {"age": {"type": "int", "lower": 0, "upper": 120, "nullable": False}}
    with pytest.raises(BadData, match="not nullable"):
        load(tmp_path, metadata(columns), write_csv(tmp_path, "1", '""', *["2"] * 20, header="age"))


def test_more_rows_than_the_public_size_class_are_refused(tmp_path: Path) -> None:
    content = metadata()
    content["tables"]["train"]["max_rows"] = 10
    with pytest.raises(BadData, match="max_rows"):
        load(tmp_path, content, write_csv(tmp_path, *GOOD))


def with_column(**entry: Any) -> dict[str, Any]:
    return metadata({"x": entry})


BAD_METADATA: dict[str, Any] = {
    "no YAML": "tables: [",
    "not a mapping": "just text",
    "nothing": "",
    "an unknown word": metadata() | {"bugdet": {}},
    "no budget": {"tables": metadata()["tables"]},
    "a negative budget": metadata(budget={"epsilon": -1}),
    "an infinite budget": metadata(budget={"epsilon": float("inf")}),
    "a budget of NaN": metadata(budget={"epsilon": float("nan")}),
    "a delta of one": metadata(budget={"epsilon": 1, "delta": 1}),
    "an unknown type": with_column(type="complex"),
    "one bound": with_column(type="float", lower=0),
    "reversed bounds": with_column(type="float", lower=1, upper=0),
    "infinite bounds": with_column(type="float", lower=0, upper=float("inf")),
    "bounds of NaN": with_column(type="float", lower=float("nan"), upper=1),
    "fractional bounds of integers": with_column(type="int", lower=0.5, upper=2),
    "huge bounds of integers": with_column(type="int", lower=0, upper=2**64),
    "bounds of text": with_column(type="str", lower="a", upper="b"),
    "bounds that are no dates": with_column(type="datetime", lower="soon", upper="later"),
    "no categories": with_column(type="str", categories=[]),
    "categories twice": with_column(type="str", categories=["a", "a"]),
    "categories of another type": with_column(type="str", categories=["a", 1]),
    "categories of floats": with_column(type="float", categories=[1]),
    "categories outside the bounds": with_column(type="int", lower=0, upper=10, categories=[1, 1000]),
    "categories beyond 64 bits": with_column(type="int", categories=[1, 2**63]),
    "columns that differ in case only": metadata({"age": {"type": "int"}, "Age": {"type": "int"}}),
    "the vault's own column in capitals": metadata({"__ORDER": {"type": "int"}}),
    "no columns": metadata({}),
    "the vault's own column": metadata({"__order": {"type": "int"}}),
    "another unit": metadata(tables={"train": {"unit": ["id"], "columns": COLUMNS}}),
    "a view of no table": metadata(views={"v": {"table": "test"}}),
    "a view of no column": metadata(views={"v": {"table": "train", "column": "weight"}}),
    "a view that drops all": metadata(views={"v": {"table": "train", "drop": list(COLUMNS)}}),
    "a view of two minds": metadata(views={"v": {"table": "train", "column": "age", "drop": ["sex"]}}),
    "another table": metadata(tables={"test": {"columns": COLUMNS}}),
    "deep nesting": "[" * 5000,
}


@pytest.mark.parametrize("name", BAD_METADATA)
def test_malformed_metadata_is_one_sentence_and_nothing_is_left(tmp_path: Path, name: str) -> None:
    table = write_csv(tmp_path, *GOOD)
    with pytest.raises(BadData) as caught:
        load(tmp_path, BAD_METADATA[name], table)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.tmp").exists()


@pytest.mark.parametrize("name", ["", "1", "a-b", "x;y", "../up", "scratch", "Scratch"])
def test_a_name_that_makes_no_variable_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadData, match="name"):
        load(tmp_path, metadata(), write_csv(tmp_path, *GOOD), name=name)


def test_views_default_to_one_per_table_and_follow_the_owner(tmp_path: Path) -> None:
    views = {"train_x": {"table": "train", "drop": ["sex"]}, "train_y": {"table": "train", "column": "sex"}}
    load(tmp_path, metadata(views=views), write_csv(tmp_path, *GOOD))
    found = {view.key: (view.kind, view.columns) for view in read_dataset(tmp_path / "out").views}
    assert found == {"train_x": ("frame", ("age", "height", "smokes", "seen")), "train_y": ("series", ("sex",))}


def test_budgets_arrive_exactly_and_an_analyst_of_whom_nothing_is_said_has_none(tmp_path: Path) -> None:
    load(tmp_path, metadata(budget={"epsilon": 0.1, "per_call": {"epsilon": 0.05}}), write_csv(tmp_path, *GOOD))
    budget = read_dataset(tmp_path / "out").budget
    assert [str(cap.epsilon) for cap in (budget.everyone, budget.per_analyst, budget.per_call)] == [
        "1/10",
        "0",
        "1/20",
    ]


def test_two_data_sets_of_one_name_make_no_catalogue(tmp_path: Path) -> None:
    folder = clinic(tmp_path)
    with pytest.raises(BadCatalog):
        read_catalog([folder, folder])


def test_two_data_sets_of_one_variable_make_no_catalogue_whatever_they_are_called(tmp_path: Path) -> None:
    folder = clinic(tmp_path)
    (tmp_path / "other").mkdir()
    record = json.loads((folder / FILE_NAME).read_text()) | {"name": "Other"}
    (tmp_path / "other" / FILE_NAME).write_text(json.dumps(record))
    assert read_dataset(tmp_path / "other").name == "Other"
    with pytest.raises(BadCatalog, match="a second data set"):
        read_catalog([folder, tmp_path / "other"])


@pytest.mark.parametrize("elsewhere", ["../other/train.duckdb", "/other/train.duckdb", "mock/../../train.duckdb"])
@pytest.mark.parametrize("mine", ["train.duckdb", "mock/train.duckdb", "mock/train.parquet"])
def test_a_catalogue_lends_no_file_of_another_data_set(tmp_path: Path, mine: str, elsewhere: str) -> None:
    """What a loader writes that a hostile file has got hold of: another one's rows would be read under a budget of its own."""
    folder = clinic(tmp_path)
    whole = (folder / FILE_NAME).read_text()
    assert f'"{mine}"' in whole
    (folder / FILE_NAME).write_text(whole.replace(f'"{mine}"', f'"{elsewhere}"'))
    with pytest.raises(BadCatalog, match="lies elsewhere"):
        read_dataset(folder)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"format": 3}', b"[" * 100_000])
def test_a_damaged_catalogue_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "catalog.json").write_bytes(content)
    with pytest.raises(BadCatalog):
        read_dataset(tmp_path)


def run_loader(tmp_path: Path, *more: str) -> tuple[int, list[dict[str, Any]]]:
    command = [sys.executable, "-m", "ag_vault.load", "--name", "Clinic", "--out", str(tmp_path / "out"), *more]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_the_command_speaks_json_lines(tmp_path: Path) -> None:
    path = write_metadata(tmp_path, metadata())
    table = write_csv(tmp_path, *GOOD)
    status, lines = run_loader(tmp_path, "--metadata", str(path), "--table", f"train={table}")
    assert status == 0
    assert lines[-1] == {"done": True, "report": {"train": {"": {"rows": 20}}}}
    assert [line["progress"] for line in lines[:-1]] == sorted(line["progress"] for line in lines[:-1])
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    status, lines = run_loader(tmp_path, "--metadata", str(path), "--table", f"train={table}")
    assert (status, list(lines[-1])) == (1, ["error"])


def test_many_rows_pass_through_little_memory(tmp_path: Path) -> None:
    """Four million rows of four columns: 128 MB as the engine holds them, and the engine may take 1 GB."""
    big = tmp_path / "train.parquet"
    duckdb.connect().execute(
        f"COPY (SELECT i AS a, i AS b, i / 7 AS c, i % 9 AS d FROM range(4000000) t(i)) TO '{big}' (FORMAT parquet)"
    )
    columns = {name: {"type": "float", "lower": 0, "upper": 1e7} for name in "abcd"}
    report = load(tmp_path, metadata(columns), big)
    assert report["train"][""] == {"rows": 4_000_000}
    assert stored(tmp_path, "sum(a), count(*)") == [(sum(range(4_000_000)), 4_000_000)]
