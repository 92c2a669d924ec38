"""Value counts and what follows from them, and groups whose keys are found: pandas' own answers where there is no noise."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

import op_pandas
from ag_kernel.export import Encoder
from ag_plan.codec import decode_plan
from ag_plan.messages import AskRelease
from ag_plan.releases import Release
from ag_vault.noise import OpenDPNoise
from op_pandas import PrivateDataFrame
from op_pandas.results import provenance
from tests.private_pandas import direct
from tests.private_pandas.test_keys import EPS, PEOPLE

CITIES = PEOPLE["city"].value_counts()
FOUND = ["Ulm", "Bonn", "Kiel"]
"""The cities that more people live in than the floor at EPS, most first; Jena has three."""
SEXES = {"sex": ["f", "m", "x"]}


@pytest.fixture
def frame() -> PrivateDataFrame:
    direct.vault()
    return PrivateDataFrame(PEOPLE, metadata={"stars": (0, 6)}, categorical_metadata=SEXES)


@pytest.fixture
def noisy() -> PrivateDataFrame:
    direct.vault(OpenDPNoise())
    return PrivateDataFrame(PEOPLE, categorical_metadata=SEXES)


@pytest.mark.parametrize("given", [{}, {"ascending": True}, {"sort": False}, {"normalize": True}], ids=str)
def test_value_counts_of_categories_are_those_of_pandas(frame: PrivateDataFrame, given: dict[str, Any]) -> None:
    plain = pd.Categorical(PEOPLE["sex"], SEXES["sex"])
    expected = pd.Series(plain, name="sex").value_counts(**given)
    released = frame["sex"].value_counts(eps=EPS, **given)
    expected.index = pd.Index(list(expected.index), name="sex")
    pd.testing.assert_series_equal(released, expected, check_index_type=False)
    assert (released.ag.half_widths > 0).all()


def test_value_counts_of_bins_and_lists(frame: PrivateDataFrame) -> None:
    expected = PEOPLE["age"].value_counts(bins=[18, 30, 60, 95])
    released = frame["age"].value_counts(eps=EPS, bins=[18, 30, 60, 95])
    assert released.to_dict() == {str(interval): count for interval, count in expected.items()}
    assert frame["city"].value_counts(eps=EPS, keys=["Jena", "Rome"]).to_dict() == {"Jena": CITIES["Jena"], "Rome": 0}


def test_values_that_nobody_listed_are_found_and_rare_ones_are_not(frame: PrivateDataFrame) -> None:
    released = frame["city"].value_counts(eps=1)
    assert released.to_dict() == {city: CITIES[city] for city in FOUND}
    assert list(released.index) == FOUND
    assert released.ag.delta > 0
    assert released.ag.mechanism == "discrete Laplace + threshold"
    shares = frame["city"].value_counts(eps=2, normalize=True)
    assert shares.sum() == pytest.approx(1)


def test_value_counts_of_a_frame_have_levels(frame: PrivateDataFrame) -> None:
    released = frame.value_counts(eps=EPS, subset=["sex", "smoker"])
    expected = PEOPLE[["sex", "smoker"]].value_counts()
    assert released.name == "count"
    assert released.index.names == ["sex", "smoker"]
    assert {key: count for key, count in released.items() if count} == expected.to_dict()
    assert frame.value_counts(eps=1, subset=["city"]).to_dict() == {city: CITIES[city] for city in FOUND}


def test_the_values_that_are_there(frame: PrivateDataFrame) -> None:
    assert frame["sex"].unique(eps=1).tolist() == ["f", "m"]
    assert frame["city"].unique(eps=1).tolist() == sorted(FOUND)
    found = frame["smoker"].unique(eps=1)
    assert (found.dtype, found.tolist()) == (np.dtype(bool), [False, True])
    assert found.ag.cost == {"epsilon": "1", "delta": 0.0}
    assert provenance(found) is found.ag
    assert type(found == found) is type(found[:1]) is np.ndarray  # noqa: PLR0124 - what is computed is plain
    assert Encoder().encode(found)["ag"]["mechanism"] == "discrete Laplace"


def test_no_value_that_nobody_has_is_listed_but_in_one_of_twenty_cases(noisy: PrivateDataFrame) -> None:
    """60 draws of 'x'; more than 12 mistakes would come with a probability below 1e-6."""
    mistakes = sum("x" in noisy["sex"].unique(eps=1 + number / 1000) for number in range(60))
    assert mistakes <= 12


def test_numbers_of_different_values(frame: PrivateDataFrame) -> None:
    for name in ("age", "weight", "sex", "smoker", "city", "seen"):
        assert frame[name].nunique(eps=EPS) == PEOPLE[name].nunique()
    assert frame.nunique(eps=EPS).to_dict() == PEOPLE.nunique().to_dict()
    expected = PEOPLE.groupby("sex")["city"].nunique()
    assert frame.groupby("sex")["city"].nunique(eps=EPS)[0].to_dict() == {**expected.to_dict(), "x": 0}


def test_the_most_frequent_value(frame: PrivateDataFrame) -> None:
    for name in ("sex", "smoker", "stars", "city"):
        released = frame[name].mode(eps=1)
        assert released.tolist() == PEOPLE[name].mode().tolist()[:1]
        assert released.name == name
        assert released.ag.epsilon == 1


def test_categories_are_described_as_pandas_does(frame: PrivateDataFrame) -> None:
    for name in ("sex", "smoker"):
        released = frame[name].describe(eps=EPS)
        expected = PEOPLE[name].describe()
        assert released.to_dict() == expected.to_dict()
        assert list(released.index) == ["count", "unique", "top", "freq"]


def test_a_frame_with_categories_is_described_as_pandas_does(frame: PrivateDataFrame) -> None:
    columns = ["age", "sex", "stars", "smoker"]
    released, expected = frame[columns].describe(eps=EPS, include="all"), PEOPLE[columns].describe(include="all")
    assert list(released.index) == list(expected.index)
    assert list(released.columns) == columns
    for name in ("sex", "smoker"):
        assert released[name].dropna().to_dict() == expected[name].dropna().to_dict()
    assert released.loc["mean", ["age", "stars"]].tolist() == pytest.approx(
        expected.loc["mean", ["age", "stars"]].tolist(), rel=1e-4
    )
    assert released["age"].dtype == np.dtype("float64")
    assert released.ag.epsilon == EPS
    assert released.ag.mechanism == "discrete Laplace + exponential mechanism"
    assert list(frame[["sex"]].describe(eps=1).index) == ["count", "unique", "top", "freq"]
    assert list(frame[columns].describe(eps=1, include="object").columns) == ["sex", "smoker"]
    assert list(frame[columns].describe(eps=1).columns) == ["age", "stars"]
    assert frame[columns].describe.preview(eps=1, include="all").epsilon == 1
    with pytest.raises(ValueError, match="include must be"):
        frame.describe(eps=1, include="dates")
    with pytest.raises(TypeError, match="eps= or rho="):
        frame[["sex"]].describe(accuracy=3)


def test_statistics_of_found_groups_are_those_of_pandas(frame: PrivateDataFrame) -> None:
    groups = frame.groupby("city")
    plain = PEOPLE[PEOPLE["city"].isin(FOUND)].groupby("city")
    for name in ("mean", "std", "var", "sum"):
        released = getattr(groups[["age", "weight"]], name)(eps=2)
        expected = getattr(plain[["age", "weight"]], name)().astype("float64")
        pd.testing.assert_frame_equal(released, expected, rtol=1e-6, check_index_type=False)
    assert groups.size(eps=2).to_dict() == plain.size().to_dict()
    assert groups["weight"].count(eps=2)[0].to_dict() == plain["weight"].count().to_dict()
    medians = groups["age"].median(eps=2)
    assert (medians[0] - plain["age"].median()).abs().max() <= 5
    assert groups["age"].describe(eps=2).loc[("Ulm", "count"), 0] == CITIES["Ulm"]
    assert groups.quantile(eps=2, q=[0.25, 0.75]).index.nlevels == 2


def test_found_keys_go_with_public_ones(frame: PrivateDataFrame) -> None:
    released = frame.groupby(["smoker", "city", "sex"])["age"].mean(eps=2)
    assert [*released.index] == [(s, c, x) for s in (0, 1) for c in sorted(FOUND) for x in SEXES["sex"]]
    expected = PEOPLE.groupby(["smoker", "city", "sex"])["age"].mean()
    for (smoker, city, sex), mean in expected.items():
        if city != "Jena":
            assert released.loc[(int(smoker), city, sex), 0] == pytest.approx(mean)


def test_where_nothing_is_found_the_answer_is_empty_and_has_its_columns(frame: PrivateDataFrame) -> None:
    rare = frame[frame["city"] == "Jena"]
    assert list(rare.groupby("city").mean(eps=1).columns) == ["age", "stars", "weight", "smoker"]
    assert len(rare.groupby(["city", "sex"]).size(eps=1)) == 0
    assert rare["city"].value_counts(eps=1).to_dict() == {}
    assert rare["city"].value_counts(eps=1, normalize=True).to_dict() == {}
    assert rare["city"].unique(eps=1).tolist() == []
    assert rare["city"].mode(eps=1).tolist() == []
    assert rare.groupby("city").describe(eps=1).empty
    assert rare.groupby("city")["age"].quantile(eps=1, q=[0.1, 0.9]).empty


def test_a_delta_can_be_said_with_the_groups_or_with_the_call(frame: PrivateDataFrame) -> None:
    vault: Any = frame.rows.vault
    calls = (
        lambda: frame.groupby("city", delta=1e-9).size(eps=1),
        lambda: frame.groupby("city", delta=1e-5).mean(eps=1, delta=1e-9),
        lambda: frame["city"].value_counts(eps=1, delta=1e-9),
        lambda: frame["city"].unique(eps=1, delta=1e-9),
    )
    for call in calls:
        assert call() is not None
        release = decode_plan(
            next(each for each in reversed(vault.asked) if isinstance(each, AskRelease)).release, Release
        )
        assert release.delta is not None
        assert release.delta.fraction == pytest.approx(1e-9)


def test_a_delta_beyond_the_budget_is_refused_and_costs_nothing(frame: PrivateDataFrame) -> None:
    vault: Any = frame.rows.vault
    before = vault.session.balances()
    with pytest.raises(ValueError, match="Maximum delta or epsilon exceeded per query"):
        frame.groupby("city").size(eps=1, delta=0.5)
    assert vault.session.balances() == before


def test_data_without_a_delta_say_what_to_do_instead() -> None:
    direct.vault(delta=direct.DELTA * 0)
    frame = PrivateDataFrame(PEOPLE)
    with pytest.raises(ValueError, match=r"city has no public keys.*list the keys|no public keys") as caught:
        frame.groupby("city").size(eps=1)
    assert "groupby(column, keys=[…])" in str(caught.value)
    assert "Ulm" not in str(caught.value)
    assert frame.groupby("city", keys=["Ulm"]).size(eps=1).to_dict() == {"Ulm": CITIES["Ulm"]}


def test_the_odometer_counts_delta(frame: PrivateDataFrame) -> None:
    vault: Any = frame.rows.vault
    (before,) = vault.session.balances()
    frame.groupby("city").size(eps=1, delta=1e-5)
    (after,) = vault.session.balances()
    assert after.delta_left == pytest.approx(before.delta_left - 1e-5)


def test_previews_of_found_groups_show_no_key(frame: PrivateDataFrame) -> None:
    seen = frame.groupby("city").size.preview(eps=1)
    assert seen.delta > 0
    assert "Ulm" not in repr(seen)
    assert frame["city"].value_counts.preview(eps=1).epsilon == 1
    wide = frame.groupby("city").size(accuracy=30)
    assert float(wide.ag.half_widths.max()) <= 30


def test_keys_made_by_a_function_are_found_like_others(frame: PrivateDataFrame) -> None:
    """Whatever a key tells of a row, enough rows must share it."""
    frame["crafted"] = frame["city"].map(lambda name: name[:1] + "!")
    assert frame.groupby("crafted").size(eps=1).to_dict() == {
        "B!": CITIES["Bonn"],
        "K!": CITIES["Kiel"],
        "U!": CITIES["Ulm"],
    }
    frame["telling"] = frame.apply(lambda row: str(row["age"]) + row["city"], axis=1)
    assert len(frame.groupby("telling").size(eps=0.5)) == 0


def test_a_frames_mode_is_that_of_each_column_with_public_values(frame: PrivateDataFrame) -> None:
    released = frame.mode(eps=1)
    chosen = [name for name in frame.columns if name in released]
    assert chosen
    for name in chosen:
        assert released[name].tolist() == PEOPLE[name].mode().tolist()[:1]
    assert released.ag.epsilon == 1
    with pytest.raises(TypeError, match="eps= or rho="):
        frame.mode(accuracy=1)


@pytest.mark.parametrize("name", ["unique", "mode", "value_counts", "nunique"])
def test_what_spends_needs_eps(frame: PrivateDataFrame, name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} needs eps"):
        getattr(frame["city"], name)()


def test_null_is_no_group_of_its_own(frame: PrivateDataFrame) -> None:
    with pytest.raises(ValueError, match="fillna"):
        frame["sex"].value_counts(eps=1, dropna=False)
    with pytest.raises(ValueError, match="weight is not a categorical column"):
        frame["weight"].value_counts(eps=1)
    assert op_pandas.cut(frame["weight"], [0, 70, 200]).value_counts(eps=EPS).sum() == PEOPLE["weight"].notna().sum()
