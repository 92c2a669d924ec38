"""``load_dataset`` gives what an owner published: a frame with views, or a dict of frames; public parts are plain pandas."""

import pandas as pd
import pytest

import op_pandas
from ag_plan.messages import DatasetSchema, View
from op_pandas import PrivateDataFrame, PrivateDataset, PrivateSeries
from op_pandas.dataset import Tables
from tests.private_pandas import clinic


@pytest.mark.parametrize("name", ["The Clinic", "clinic"])
def test_a_data_set_is_found_by_its_name_or_variable(name: str) -> None:
    clinic.vault()
    assert isinstance(op_pandas.load_dataset(name), PrivateDataset)


def test_an_unknown_name_lists_what_there_is() -> None:
    clinic.vault()
    with pytest.raises(ValueError, match="available: The Clinic"):
        op_pandas.load_dataset("nope")


def test_every_data_set_is_bound_by_its_variable() -> None:
    clinic.vault()
    assert list(op_pandas.datasets()) == ["clinic"]


def test_views_come_before_columns() -> None:
    data = clinic.private()
    assert list(data.keys()) == ["train_x", "train_y", "test_x"]
    assert isinstance(data["train_x"], PrivateDataFrame)
    assert list(data["train_x"].columns) == ["age", "weight"]
    assert isinstance(data["train_y"], PrivateSeries)
    assert data["train_y"].name == "sex"
    assert data["weight"].name == "weight"
    assert "train_x" in data
    with pytest.raises(AttributeError, match=r"train_x is a key of this data set, not a column: write \['train_x'\]"):
        _ = data.train_x
    assert "weight" in data
    assert "nope" not in data


def test_a_data_set_is_gone_through_by_the_keys_of_its_views() -> None:
    data = clinic.private()
    assert list(data) == ["train_x", "train_y", "test_x"]
    kinds = {key: type(value).__name__ for key, value in data.items()}
    assert kinds == {"train_x": "PrivateDataFrame", "train_y": "PrivateSeries", "test_x": "DataFrame"}
    assert list(dict(data)) == list(data)


def test_the_whole_table_is_there_too() -> None:
    data = clinic.private()
    assert list(data.columns) == list(clinic.plain().columns)
    assert data.groupby("sex").mean(eps=0.5).loc["f", "age"] == 40.0
    assert type(data[["age", "sex"]]) is PrivateDataFrame
    assert data["train_x"][data["sex"] == "f"]["age"].sum(eps=1) == 120


def test_a_public_part_is_a_plain_frame() -> None:
    public = clinic.private()["test_x"]
    expected = pd.DataFrame({"age": [20, 30], "seen": pd.to_datetime(["1970-01-01", None])})
    pd.testing.assert_frame_equal(public, expected, check_dtype=False)
    assert public["seen"].dtype.kind == "M"
    public["age"] = 0
    assert clinic.private()["test_x"]["age"].sum() == 50


def test_a_relational_set_is_a_dict_of_frames() -> None:
    vault = clinic.vault()
    vault.schemas["shop/items"] = vault.schemas[clinic.TABLE]
    views = (
        View(key="people", kind="frame", table=clinic.TABLE),
        View(key="items", kind="frame", table="items"),
        View(key="prices", kind="public"),
    )
    vault.public["prices"] = clinic.PUBLIC
    vault.catalog = [DatasetSchema(name="Shop", variable="shop", tables=(clinic.TABLE, "shop/items"), views=views)]
    shop = op_pandas.load_dataset("Shop")
    assert list(shop) == ["people", "items", "prices"]
    assert isinstance(shop["people"], PrivateDataFrame)
    assert isinstance(shop["prices"], pd.DataFrame)
    for picture in (repr(shop), shop._repr_html_()):
        assert "3 tables" in picture
        assert "PrivateDataFrame, rows are private" in picture
        assert "DataFrame (public)" in picture


def test_a_data_set_says_its_keys() -> None:
    data = clinic.private()
    for picture in (repr(data), data._repr_html_()):
        assert "keys train_x, train_y, test_x" in picture


def test_without_a_session_nothing_can_be_loaded() -> None:
    from op_pandas import vault

    before, vault._bound[:] = list(vault._bound), []
    try:
        with pytest.raises(RuntimeError, match="session"):
            op_pandas.load_dataset("The Clinic")
    finally:
        vault._bound[:] = before


def test_a_table_that_a_data_set_has_not_is_said_with_those_that_it_has() -> None:
    tables = Tables("Clinic", {"patients": 1, "visits": 2})
    with pytest.raises(KeyError, match=r"Clinic has no table 'patient'; did you mean patients\?"):
        _ = tables["patient"]
    with pytest.raises(KeyError, match="Clinic has no table 'x'; it has patients, visits"):
        _ = tables["x"]
    with pytest.raises(AttributeError, match=r"visits is a table of this data set: write \['visits'\]"):
        _ = tables.visits
    with pytest.raises(AttributeError, match="Clinic has no nurses; its tables are patients, visits"):
        _ = tables.nurses
    assert tables.get("x") is None
    assert "x" not in tables
