"""The demo's bounds are honest: they hold every row, and they are not the data's own minimum and maximum."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
import yaml

from ag_enclave.demo.register import METADATA, NAMES, load_of
from tests.demo_data import demo_files

DEFINED = {"pixel": "0 to 16 by the format", "sex": "1 and 2 by the source's code"}


if TYPE_CHECKING:
    from ag_enclave.demo.frames import Frames


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_files(tmp_path_factory)


def frames(name: str) -> "Frames":
    """A data set anew. What makes it takes a second to import, which most workers need not spend."""
    from ag_enclave.demo.make import FRAMES

    return FRAMES[name]()


def _columns(folder: Path, name: str) -> Iterator[tuple[str, dict[str, Any], "pd.Series[Any]"]]:
    load = load_of(name, folder)
    metadata = yaml.safe_load(load.metadata.read_text())
    for key, table in metadata["tables"].items():
        frame = pd.read_csv(load.tables[key])
        ids = [] if table["unit"] == "row" else table["unit"]["id"]
        assert list(frame.columns) == [*ids, *table["columns"]]
        for column, declared in table["columns"].items():
            yield column, declared, frame[column]


@pytest.mark.parametrize("name", NAMES)
def test_the_metadata_fits_every_row(folder: Path, name: str) -> None:
    for column, declared, values in _columns(folder, name):
        present = values.dropna()
        assert column.isidentifier()
        assert declared.get("nullable", False) or len(present) == len(values), column
        if "categories" in declared:
            assert set(present.astype(str)) <= set(declared["categories"]), column
        elif "lower" in declared and declared["type"] != "datetime":
            assert present.between(declared["lower"], declared["upper"]).all(), column


@pytest.mark.parametrize("name", NAMES)
def test_no_bound_is_the_data_s_own(folder: Path, name: str) -> None:
    for column, declared, values in _columns(folder, name):
        if column.split("_")[0] in DEFINED or declared["type"] not in ("int", "float"):
            continue
        share = (values.max() - values.min()) / (declared["upper"] - declared["lower"])
        assert share < 0.9, column
        assert (values.min(), values.max()) != (declared["lower"], declared["upper"])


@pytest.mark.parametrize("name", NAMES)
def test_no_description_tells_how_many_rows_there_are(folder: Path, name: str) -> None:
    load = load_of(name, folder)
    sizes = {str(len(pd.read_csv(path))) for path in load.tables.values()}
    text = load.metadata.read_text()
    assert not [size for size in sizes if size in text.split()]


def test_the_split_is_the_same_each_time_and_leaves_no_row_twice() -> None:
    first, second = frames("iris"), frames("iris")
    pd.testing.assert_frame_equal(first.tables["train"], second.tables["train"])
    train, test = first.tables["train"], first.public["test_x"]
    assert len(train) + len(test) == 150
    assert not set(train.index) & set(test.index)
    assert "species" not in test.columns


def test_the_clinic_has_what_real_tables_have() -> None:
    tables = frames("clinic").tables
    visits, patients = tables["visits"], tables["patients"]
    counts = visits["patient_id"].value_counts()
    assert counts.max() > 50 * counts.median()
    assert set(visits["patient_id"]) <= set(patients["patient_id"])
    assert patients["bmi"].isna().any()
    assert visits["systolic"].isna().any()
    assert patients["patient_id"].is_unique


def test_the_clinic_protects_patients_and_truncates_the_heaviest() -> None:
    tables = yaml.safe_load((METADATA / "clinic.yaml").read_text())["tables"]
    assert {table["unit"]["space"] for table in tables.values()} == {"patients"}
    counts = frames("clinic").tables["visits"]["patient_id"].value_counts()
    assert tables["patients"]["unit"]["max_rows"] == 1
    assert counts.median() < tables["visits"]["unit"]["max_rows"] < counts.max() / 50


def test_each_data_set_has_its_metadata() -> None:
    from ag_enclave.demo.make import FRAMES

    assert {path.stem for path in METADATA.glob("*.yaml")} == set(FRAMES)
