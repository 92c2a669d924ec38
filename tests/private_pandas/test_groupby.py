"""Groups come by public keys, every one of them, labelled as pandas does, and booleans as 0 and 1."""

from typing import Any

import pandas as pd
import pytest

from ag_plan.codec import decode_plan
from ag_plan.messages import AskRelease
from ag_plan.releases import Release
from tests.private_pandas import clinic

NUMBERS = ["age", "weight"]
SEXES = pd.Index(["f", "m", "x"], name="sex")


@pytest.mark.parametrize("name", ["sum", "mean", "std", "var", "median", "min", "max"])
def test_groups_of_a_column_are_pandas_with_the_empty_ones(name: str) -> None:
    released = getattr(clinic.private().groupby("sex"), name)(eps=0.5)[NUMBERS]
    expected = getattr(clinic.plain().groupby("sex")[NUMBERS], name)().reindex(SEXES).astype("float64")
    if name == "sum":
        expected = expected.fillna(0.0)
    pd.testing.assert_frame_equal(released, expected, check_index_type=False, check_column_type=False)


def test_counts_of_groups_are_whole() -> None:
    released = clinic.private().groupby("sex").count(eps=1)
    assert released.loc["m"].to_dict() == {"age": 3, "weight": 2, "smoker": 3, "note": 2}
    assert set(released.dtypes) == {pd.Series([1]).dtype}


def test_a_boolean_key_is_shown_as_0_and_1() -> None:
    frame = clinic.private()
    old = frame["age"] > 40
    released = frame.groupby(old).mean(eps=1)
    assert list(released.index) == [0, 1]
    assert released.loc[1, "age"] == clinic.plain()[clinic.plain()["age"] > 40]["age"].mean()


def test_a_list_of_keys_gives_levels() -> None:
    frame = clinic.private()
    released = frame.groupby(["sex", frame["age"] > 40])["weight"].mean(eps=1)
    assert list(released.columns) == [0]
    assert released.index.nlevels == 2
    assert released.index.names == ["sex", "age"]
    assert released.loc[("f", 1), 0] == 74.0
    assert len(released) == 6


def test_one_series_has_the_column_0() -> None:
    frame = clinic.private()
    for groups in (frame.groupby("sex")["age"], frame.groupby("sex").age, frame["age"].groupby(frame["sex"])):
        released = groups.mean(eps=1)
        assert list(released.columns) == [0]
        assert released.loc["f", 0] == 40.0


def test_columns_are_selected_and_keys_left_out() -> None:
    groups = clinic.private().groupby("smoker")
    assert list(groups.mean(eps=1).columns) == NUMBERS
    assert list(groups[["weight"]].mean(eps=1).columns) == ["weight"]


def test_quantiles_and_describe_add_a_level() -> None:
    groups = clinic.private().groupby("sex")
    assert groups.quantile(1, 0.5).loc["f", "age"] == 31.0
    assert groups.quantile(eps=1, q=[0.25, 0.5]).loc[("f", 0.5), "age"] == 31.0
    assert groups.percentile(1, [25, 50]).loc[("f", 50.0), "age"] == 31.0
    assert groups.describe(eps=1).loc[("m", "max"), "age"] == 58.0


def test_sizes_count_rows() -> None:
    assert clinic.private().groupby("sex").size(eps=1).to_dict() == {"f": 3, "m": 3, "x": 0}


def test_a_key_of_an_ancestor_fits_filtered_rows() -> None:
    frame = clinic.private()
    kept = frame[frame["age"] > 40]
    assert kept.groupby(frame["sex"]).size(eps=1).to_dict() == {"f": 1, "m": 2, "x": 0}


def test_a_call_by_group_is_one_release_at_the_whole_eps() -> None:
    frame = clinic.private()
    frame.groupby("sex").mean(eps=0.5)
    vault: Any = frame.rows.vault
    (asked,) = [each for each in vault.asked if isinstance(each, AskRelease)]
    release = decode_plan(asked.release, Release)
    assert release.spend.fraction == 0.5
    assert asked.library == "op_pandas"


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        ("weight", r"weight is not a categorical column\. Cut it into bins: groupby\('weight', bins="),
        ("nope", "Column nope does not exist"),
        ([], "at least one key"),
        (3, "Column 3 does not exist"),
        (["sex", "weight"], "weight is not a categorical column."),
    ],
)
def test_a_key_without_public_values_is_refused(by: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        clinic.private().groupby(by)


def test_a_series_that_is_no_key_is_refused() -> None:
    frame = clinic.private()
    with pytest.raises(ValueError, match="not a categorical column"):
        frame.groupby(frame["weight"])
    with pytest.raises(ValueError, match="not a categorical column"):
        frame["age"].groupby(frame["age"] * 0.5)


def test_grouped_objects_say_what_they_have() -> None:
    groups: Any = clinic.private().groupby("sex")
    with pytest.raises(AttributeError, match="use count, size, sum"):
        groups.cumsum()
