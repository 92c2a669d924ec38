"""No private object shows, counts, walks or tests rows, neither by Python's ways nor by pandas'."""

import copy
import json
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from op_pandas import PrivateDataset
from op_pandas.private import Private
from tests.private_pandas import clinic


def objects() -> list[Any]:
    frame = clinic.private()
    return [frame, frame["train_x"], frame["age"], frame.groupby("sex"), frame.groupby("sex")["age"]]


@pytest.mark.parametrize("private", objects(), ids=lambda o: type(o).__name__)
def test_rows_are_never_counted_walked_tested_or_converted(private: Any) -> None:
    keyed = isinstance(private, PrivateDataset)  # its keys are public: see test_dataset
    for use in (bool, len, iter, list, float, int, np.asarray, pd.Series, json.dumps, pickle.dumps, "{:.2f}".format):
        if keyed and use in (iter, list):
            continue
        with pytest.raises((TypeError, ValueError, AttributeError)):
            use(private)
    with pytest.raises(TypeError):
        _ = private and 1
    with pytest.raises(TypeError):
        hash(private)


def test_the_errors_say_what_to_do_instead() -> None:
    frame = clinic.private()
    for use, instead in ((bool, "where"), (len, "count"), (iter, "release")):
        with pytest.raises(TypeError, match=instead):
            use(frame["age"])
    with pytest.raises(TypeError, match="columns"):
        iter(frame["train_x"])


@pytest.mark.parametrize("private", objects(), ids=lambda o: type(o).__name__)
def test_everything_private_bears_the_marker(private: Any) -> None:
    assert isinstance(private, Private)


def test_a_picture_shows_the_schema_and_never_a_row() -> None:
    frame = clinic.private()
    for picture in (repr(frame), frame._repr_html_(), repr(frame["age"]), frame["age"]._repr_html_(), str(frame)):
        assert "rows are private" in picture
        assert "0 to 120" in picture
        assert not any(str(row["age"]) in picture for row in clinic.ROWS)


def test_a_picture_escapes_what_an_owner_or_analyst_wrote() -> None:
    frame = clinic.private().rename(columns={"age": "<script>alert(1)</script>"})
    assert "<script>" not in frame._repr_html_()


def test_info_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    clinic.private().info()
    assert "weight" in capsys.readouterr().out


def test_copies_are_independent_and_share_no_state() -> None:
    frame = clinic.private()["train_x"]
    for other in (frame.copy(), copy.copy(frame), copy.deepcopy(frame)):
        other["twice"] = other["age"] * 2
        assert "twice" not in frame.columns


@pytest.mark.parametrize(
    "public", [pd.Series([1, 2]), pd.DataFrame({"a": [1]}), np.array([1, 2]), [1, 2], (1,), {"a": 1}], ids=repr
)
def test_public_lists_have_no_row_in_common_with_private_rows(public: Any) -> None:
    frame = clinic.private()
    for use in (
        lambda: frame["age"] + public,
        lambda: public + frame["age"],
        lambda: frame["train_x"] * public,
        lambda: frame.__setitem__("new", public),
    ):
        with pytest.raises(TypeError):
            use()


def test_groups_say_what_they_are_grouped_by_and_never_a_row() -> None:
    frame = clinic.private()
    for picture in (repr(frame.groupby("sex")), frame.groupby("sex")._repr_html_()):
        assert "grouped by sex (3 keys), rows are private" in picture
    assert "keys to be found" in repr(frame.groupby("note", delta=1e-9)["age"])


def test_a_picture_of_many_columns_and_long_names_fits_a_hundred_columns_of_text() -> None:
    frame = clinic.private().rename(columns={"age": "a\x1b[31m" * 60})
    assert max(map(len, repr(frame).splitlines())) <= 100
    assert "\x1b" not in repr(frame) + frame._repr_html_()
