"""``ag-enclave dataset add``: an owner's files, through the jailed loader, into the catalogue, or one sentence and nothing."""

import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ag_enclave import loader
from ag_enclave.catalog import FORMAT, Catalog
from ag_enclave.errors import BadData, Refusal
from ag_enclave.loader import Leash, Limits, Load, command_of, prepared
from ag_enclave.lodging import COUNT, FIRST
from ag_enclave.state import open_state
from tests import warm

METADATA = """
description: People of a village.
budget: {epsilon: 10, delta: 1.0e-6, per_analyst: {epsilon: 5}, per_call: {epsilon: 1}}
tables:
  train:
    unit: row
    columns:
      age: {type: int, lower: 0, upper: 120}
      sex: {type: str, categories: [f, m]}
views:
  train_x: {table: train, drop: [sex]}
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "m.yaml").write_text(METADATA)
    (tmp_path / "people.csv").write_text("age,sex\n30,f\n200,m\n40,x\n")
    (tmp_path / "test.csv").write_text("age\n50\n")
    return tmp_path


def add(
    files: Path, *extra: str, name: str = "Our Village", state: str = "state"
) -> "subprocess.CompletedProcess[str]":
    arguments = [name, "--metadata", "m.yaml", "--state", state, *extra]
    return warm.run("dataset", "add", *arguments, cwd=files)


def listed(files: Path) -> str:
    return warm.run("dataset", "list", "--state", "state", cwd=files, check=True).stdout


def test_files_become_a_data_set_and_its_next_version(files: Path) -> None:
    for version in ("1", "2"):
        added = add(files, "--table", "train=people.csv", "--public", "test_x=test.csv")
        assert added.returncode == 0, added.stderr
        assert "100%" in added.stderr
        assert listed(files) == f"Our Village\tour_village\tversion {version}\tPeople of a village.\n"


def test_what_another_release_loaded_is_loaded_again_or_said(files: Path) -> None:
    assert add(files, "--table", "train=people.csv").returncode == 0
    loaded = files / "state/datasets/our_village/1/catalog.json"
    assert json.loads(loaded.read_text())["format"] == FORMAT
    loaded.write_text(json.dumps({**json.loads(loaded.read_text()), "format": FORMAT - 1}))
    catalog = Catalog(files / "state/datasets")
    assert catalog.everything() == []
    with pytest.raises(Refusal, match="loaded by another release of the enclave: its owner must load it again"):
        catalog.named("Our Village")
    assert "version 1\tto be loaded again: People" in listed(files)
    assert add(files, "--table", "train=people.csv").returncode == 0
    assert catalog.named("Our Village").version == 2


def test_the_report_says_what_was_coerced_without_a_value(files: Path) -> None:
    report = add(files, "--table", "train=people.csv").stdout
    rows = [line.split()[:2] for line in report.splitlines()]
    assert ["train", "age"] in rows
    assert ["train", "sex"] in rows
    assert "200" not in report


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--table", "train=none.csv"], "There is no file none.csv."),
        (["--table", "train"], "'train' is not KEY=FILE"),
        (["--table", "a b=people.csv"], "is not KEY=FILE"),
        (["--table", "train=people.csv", "--table", "train=people.csv"], "The key train is given twice."),
        ([], "at least one private table"),
        (["--table", "other=people.csv"], "other"),
        (["--table", "train=m.yaml"], "train"),
        (["--table", "train=test.csv"], "sex"),
        (["--table", "train=people.csv", "--metadata", "people.csv"], "metadata file doesn't have the right form"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(files: Path, arguments: list[str], sentence: str) -> None:
    (files / "state").mkdir()
    refused = add(files, *arguments)
    assert refused.returncode == 1
    last = refused.stderr.strip().splitlines()[-1]
    assert last.startswith("ag-enclave: ")
    assert sentence in last
    assert "Traceback" not in refused.stderr
    assert listed(files) == ""
    assert not [path for path in (files / "state" / "datasets").rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["../up", "", "a/b", "1st", "x\ny"])
def test_a_name_that_makes_no_variable_is_refused(files: Path, name: str) -> None:
    refused = add(files, "--table", "train=people.csv", name=name)
    assert (refused.returncode, "must make a variable name" in refused.stderr) == (1, True)


@pytest.mark.parametrize("name", ["Import", "Print", "Load Dataset", "Imported"])
def test_a_name_that_cells_need_for_something_else_is_refused(files: Path, name: str) -> None:
    refused = add(files, "--table", "train=people.csv", name=name)
    assert (refused.returncode, "means something in every cell" in refused.stderr) == (1, True)


def test_the_loader_reads_nothing_but_its_files(files: Path) -> None:
    target = files / "datasets" / "x" / "1"
    target.parent.mkdir(parents=True)
    load = Load(name="X", metadata=files / "m.yaml", tables={"train": files / "people.csv"})
    key = files / "units.key"
    key.write_bytes(bytes(32))
    told = command_of(load, target, key)
    assert subprocess.run(told, capture_output=True, check=False).returncode == 0
    others = [word.replace("people.csv", "test.csv") if word.startswith("train=") else word for word in told]
    others[others.index(str(target))] = str(target.with_name("2"))
    tried = subprocess.run(others, capture_output=True, text=True, check=False)
    assert tried.returncode == 1
    assert "error" in tried.stdout
    assert not target.with_name("2").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start others' processes")
def test_a_loader_is_nobody_else_reads_what_only_root_may_and_leaves_everything_to_the_enclave(files: Path) -> None:
    for name in ("people.csv", "m.yaml"):
        (files / name).chmod(0o600)
    state = open_state(files / "state")
    load = Load(name="X", metadata=files / "m.yaml", tables={"train": files / "people.csv"})
    seen: list[int] = []

    def look(_share: float, _what: str) -> None:
        (work,) = (state.folder("datasets") / "x").iterdir()
        seen.append(work.stat().st_uid)

    with prepared(load, state, look) as draft:
        made = {path.stat().st_uid for path in (draft.loaded, *draft.loaded.rglob("*"))}
        draft.publish({})
    assert made == {0}
    assert all(FIRST <= user < FIRST + COUNT for user in seen)
    assert seen
    assert [path.name for path in (state.folder("datasets") / "x").iterdir()] == ["1"]
    assert (files / "people.csv").stat().st_uid == 0


def test_a_mock_that_is_the_data_is_refused_or_taken_with_a_reason_for_the_log(files: Path) -> None:
    given = ("--table", "train=people.csv", "--mock", "train=people.csv")
    refused = add(files, *given)
    assert refused.returncode == 1
    assert "the mock has exactly as many rows as the data (3)" in refused.stderr
    assert listed(files) == ""
    taken = add(files, *given, "--mock-override", "printed in the village's newspaper")
    assert taken.returncode == 0, taken.stderr
    assert "mock, overridden: the mock has exactly as many rows as the data" in taken.stdout
    with contextlib.closing(sqlite3.connect(next((files / "state").rglob("accounts*.sqlite*")))) as database:
        said = database.execute("SELECT action, subject, details FROM deeds WHERE action = 'mock.override'").fetchall()
    assert said == [("mock.override", "Our Village", '{"reason": "printed in the village\'s newspaper"}')]


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(seconds=2, free_bytes=0), "took longer than 2 seconds"),
        (Limits(seconds=60, free_bytes=96 << 20), "would fill the enclave's disk"),
    ],
)
def test_a_file_that_unfolds_for_too_long_or_too_far_is_ended_and_leaves_nothing(
    files: Path, monkeypatch: pytest.MonkeyPatch, limits: Limits, why: str
) -> None:
    import duckdb

    def small_disk(folder: Path) -> SimpleNamespace:
        """Of a hundred megabytes, with nothing on it but what is in this folder."""
        with contextlib.suppress(FileNotFoundError):  # the loader's own files come and go
            return SimpleNamespace(free=(100 << 20) - sum(path.stat().st_size for path in folder.rglob("*")))
        return SimpleNamespace(free=100 << 20)

    monkeypatch.setattr(loader.shutil, "disk_usage", small_disk)

    duckdb.execute(f"COPY (SELECT 1 AS age FROM range(40000000)) TO '{files / 'bomb.parquet'}' (FORMAT PARQUET)")
    (files / "m.yaml").write_text(
        "{tables: {t: {columns: {age: {type: int, lower: 0, upper: 9}}}}, budget: {epsilon: 1}}"
    )
    state = open_state(files / "state")
    load = Load(name="Bomb", metadata=files / "m.yaml", tables={"t": files / "bomb.parquet"})
    tried = prepared(load, state, lambda _share, _what: None, limits=limits)
    with pytest.raises(BadData, match=why), tried:
        pass
    assert not list(state.folder("datasets").iterdir())


def test_the_command_line_retires_restores_and_logs_with_checksums(files: Path) -> None:
    assert add(files, "--table", "train=people.csv").returncode == 0
    for deed in ("retire", "restore"):
        arguments = ["dataset", deed, "Our Village", "--reason", "a test", "--state", "state"]
        assert warm.run(*arguments, cwd=files).returncode == 0
        assert ("retired: " in listed(files)) == (deed == "retire")
    with contextlib.closing(sqlite3.connect(next((files / "state").rglob("accounts*.sqlite*")))) as database:
        said = dict(database.execute("SELECT action, details FROM deeds").fetchall())
    assert {"dataset.upload", "dataset.retire", "dataset.restore"} <= set(said)
    assert hashlib.sha256((files / "people.csv").read_bytes()).hexdigest() in said["dataset.upload"]
    (files / "m.yaml").write_text(METADATA.replace("epsilon: 10", "epsilon: 20"))
    assert "say why with a reason" in add(files, "--table", "train=people.csv").stderr
    assert add(files, "--table", "train=people.csv", "--reason", "more people").returncode == 0


def test_words_beside_the_metadata_are_said_and_changed_on_the_command_line(files: Path) -> None:
    said = ("--summary", "Who lives there", "--citation", "Doe 2020", "--url", "https://example.org/v")
    people = ("--contributor", "Ann Doe", "--contributor", "Bob Roe", "--show-rows", "train")
    assert add(files, "--table", "train=people.csv", *said, *people).returncode == 0
    known = Catalog(files / "state" / "datasets").named("Our Village").public()
    assert (known["summary"], known["citation"], known["url"]) == said[1::2]
    assert (known["contributors"], known["tables"]["train"]["rows"]) == (["Ann Doe", "Bob Roe"], 3)
    describe = ["dataset", "describe", "Our Village", "--state", "state"]
    warm.run(*describe, "--summary", "Who lived there", cwd=files, check=True)
    assert add(files, "--table", "train=people.csv").returncode == 0
    changed = Catalog(files / "state" / "datasets").named("Our Village").public()
    assert changed == {**known, "summary": "Who lived there"}
    wrong = warm.run(*describe, "--url", "javascript:alert(1)", cwd=files)
    assert (wrong.returncode, "url must be a whole address" in wrong.stderr) == (1, True)


def test_the_command_line_finds_and_shows_what_is_public_of_a_data_set(files: Path) -> None:
    given = (
        "--table",
        "train=people.csv",
        "--public",
        "test_x=test.csv",
        "--owner",
        "olga",
        "--contributor",
        "Ann Doe",
    )
    warm.run("user", "add", "olga", "--role", "owner", "--state", "state", cwd=files, check=True)
    assert add(files, *given, "--summary", "Who\nlives there").returncode == 0

    def ask(*words: str) -> str:
        return warm.run("dataset", *words, "--state", "state", cwd=files, check=True).stdout

    assert (ask("search", "DOE", "people of"), ask("search", "doe", "gold")) == (listed(files), "")
    shown = ask("show", "our_village")
    assert shown == ask("show", "Our Village")
    for line in (
        "summary\tWho lives there",
        "owners\tolga",
        "budget\tper_call\tε 1\tδ 1e-06",
        "table\ttrain\trows not public\tprotects one row",
        "column\tage\tint\t0 to 120\tmay be missing",
        "column\tsex\tstr\tf, m\tmay be missing",
        "public\ttest_x",
    ):
        assert line in shown.splitlines()
    ask("describe", "Our Village", "--show-rows", "train")
    assert "table\ttrain\t3 rows, made public\tprotects one row" in ask("show", "our_village")
    for word in ("show", "owners"):
        none = warm.run("dataset", word, "Gold", "--state", "state", cwd=files)
        assert (none.returncode, none.stderr) == (
            1, "ag-enclave: There is no data set 'Gold'; available: Our Village.\n",
        )  # fmt: skip


def test_a_loader_that_says_a_lot_on_stderr_is_heard_to_its_end_and_its_last_words_are_told(files: Path) -> None:
    say = "import json, sys; sys.stderr.write('x' * 300_000 + '\\nlast words\\n')"
    done = [sys.executable, "-c", f"{say}; print(json.dumps({{'done': True, 'report': {{}}}}))"]
    assert loader._run(done, files, lambda _share, _what: None, Limits(seconds=20), Leash()) == {}
    with pytest.raises(BadData, match="The loader failed: last words"):
        loader._run([sys.executable, "-c", say], files, lambda _share, _what: None, Limits(seconds=20), Leash())
