"""Several columns at once: pandas' and numpy's shapes and numbers, matrices a sample could have, errors before anything is charged."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ag_plan.codec import decode_plan
from ag_plan.messages import AskRelease
from ag_plan.releases import Cov, Release
from op_pandas.projection import correlation, known, semidefinite
from op_pandas.results import ReleasedFloat, ReleasedTuple
from tests.private_pandas import clinic

NUMBERS = ["age", "weight", "smoker"]


def complete() -> pd.DataFrame:
    """The rows with a value in every numeric column."""
    return clinic.plain()[NUMBERS].dropna().astype("float64")


@pytest.mark.parametrize("ddof", [0, 1])
def test_covariances_of_a_frame_are_pandas_over_its_complete_rows(ddof: int) -> None:
    released = clinic.private().cov(eps=1, ddof=ddof)
    pd.testing.assert_frame_equal(released, complete().cov(ddof=ddof))
    assert released.ag.cost == {"epsilon": "1", "delta": 0.0}
    assert released.ag.half_widths.shape == (3, 3)
    assert released.ag.half_widths.to_numpy().tolist() == [[1.5] * 3] * 3


def test_correlations_of_a_frame_are_pandas_over_its_complete_rows() -> None:
    released = clinic.private().corr(eps=1)
    pd.testing.assert_frame_equal(released, complete().corr())
    widths = released.ag.half_widths.to_numpy()
    assert (np.diag(widths) == 0).all()
    assert (widths[~np.eye(3, dtype=bool)] == 1.5).all()


def test_without_nulls_a_frame_is_just_pandas() -> None:
    frame = clinic.private()[["age", "smoker"]]
    pd.testing.assert_frame_equal(frame.corr(1), clinic.plain()[["age", "smoker"]].corr())


@pytest.mark.parametrize("name", ["cov", "corr"])
def test_two_series_give_one_number_over_the_rows_with_both(name: str) -> None:
    frame, plain = clinic.private(), clinic.plain()
    released = getattr(frame["age"], name)(frame["weight"], eps=1)
    assert type(released) is ReleasedFloat
    assert released == pytest.approx(getattr(plain["age"], name)(plain["weight"]))
    older = getattr(frame["age"], name)(frame[frame["age"] > 30]["weight"], 1)
    assert older == pytest.approx(getattr(plain["age"], name)(plain[plain["age"] > 30]["weight"]))
    itself = getattr(frame["age"], name)(frame["age"], 1)
    assert itself == pytest.approx(getattr(plain["age"], name)(plain["age"]))


def test_a_series_asks_for_the_one_number_alone() -> None:
    frame = clinic.private()
    vault: Any = frame.rows.vault
    frame["age"].cov(frame["weight"], eps=1, ddof=0)
    asked = [each for each in vault.asked if isinstance(each, AskRelease)][-1]
    assert decode_plan(asked.release, Release).measure == Cov(columns=("age", "weight"), ddof=0, own=False)


@pytest.mark.parametrize("name", ["skew", "kurt", "kurtosis"])
def test_shape_of_frames_and_series_is_pandas(name: str) -> None:
    frame, plain = clinic.private()["train_x"], clinic.plain()[["age", "weight"]]
    pd.testing.assert_series_equal(getattr(frame, name)(eps=1), getattr(plain, name)())
    assert getattr(frame["age"], name)(1) == pytest.approx(getattr(plain["age"], name)())


def test_groups_have_matrices_and_shapes_of_their_own() -> None:
    frame, plain = clinic.private()[["age", "smoker", "sex"]], clinic.plain()[["age", "smoker", "sex"]]
    released = frame.groupby("sex").cov(eps=1)
    assert list(released.index) == [(sex, name) for sex in "fmx" for name in ("age", "smoker")]
    assert released.index.names == ["sex", None]
    truth = plain.astype({"smoker": float}).groupby("sex").cov()
    pd.testing.assert_frame_equal(released.loc[["f", "m"]], truth, check_dtype=False)
    assert released.loc["x"].isna().all().all()
    correlated = frame.groupby("sex").corr(eps=1)
    assert correlated.loc[("f", "age"), "age"] == 1
    assert correlated.ag.half_widths.shape == correlated.shape
    skewed = frame.groupby("sex").skew(eps=1)
    assert skewed.loc["m", "age"] == pytest.approx(plain.groupby("sex")["age"].skew()["m"])
    assert frame.groupby("sex")["age"].kurt(eps=1).shape == (3, 1)


# Histograms of two columns ------------------------------------------------------------------------------------

BINS: list[Any] = [
    4,
    (3, 5),
    [3, 5],
    np.array([3, 5]),
    [0, 30, 60, 120],
    np.array([0.0, 50.0, 100.0]),
    ([0, 40, 120], [0, 50, 200]),
    [np.array([0, 40, 120]), 3],
    (2, [0, 70, 80, 200]),
    np.array([[0, 40, 120], [0, 50, 200]]),
]


@pytest.mark.parametrize("bins", BINS, ids=str)
def test_a_histogram_of_two_columns_is_numpys(bins: Any) -> None:
    plain = clinic.plain()[["age", "weight"]].dropna()
    truth = np.histogram2d(plain["age"], plain["weight"], bins, range=[[0, 120], [0, 200]])
    released = clinic.private().hist2d("age", "weight", eps=1, bins=bins)
    assert type(released) is ReleasedTuple
    for found, expected in zip(released, truth, strict=True):
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected)
    assert released.ag.half_widths.shape == released[0].shape


def test_a_histogram_of_two_columns_takes_numpys_range_and_default() -> None:
    plain = clinic.plain()[["age", "weight"]].dropna()
    limits = [[20, 70], (50.5, 90)]
    truth = np.histogram2d(plain["age"], plain["weight"], 4, range=limits)
    released = clinic.private().hist2d("age", "weight", 1, 4, range=limits)
    for found, expected in zip(released, truth, strict=True):
        np.testing.assert_allclose(found, expected)
    assert clinic.private().hist2d("age", "weight", 1, cmap="x")[0].shape == (10, 10)


# Mistakes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        lambda f: f.corr(),
        lambda f: f.cov(eps=0),
        lambda f: f.corr("pearson", eps=1),
        lambda f: f.corr(eps=1, method="spearman"),
        lambda f: f.cov(eps=1, ddof=-1),
        lambda f: f[["age"]].corr(eps=1),
        lambda f: f[["age", "note"]].cov(eps=1),
        lambda f: f[["note", "sex"]].corr(eps=1),
        lambda f: f["age"].corr(eps=1),
        lambda f: f["age"].corr(f["weight"]),
        lambda f: f["age"].corr(f["weight"], eps=1, method="kendall"),
        lambda f: f["age"].corr([1, 2, 3], eps=1),
        lambda f: f["age"].corr(clinic.plain()["weight"], eps=1),
        lambda f: f["age"].cov(f["note"], eps=1),
        lambda f: f["note"].cov(f["age"], eps=1),
        lambda f: f["age"].cov(f, eps=1),
        lambda f: f["age"].cov(f["weight"], eps=1, ddof=0.5),
        lambda f: f[f["age"] > 3]["age"].cov(f[f["age"] > 4]["age"], eps=1),
        lambda f: f.groupby("sex").corr(),
        lambda f: f[["age", "sex"]].groupby("sex").corr(eps=1),
        lambda f: f[["note"]].skew(eps=1),
        lambda f: f.skew(eps=1, axis=1),
        lambda f: f.hist2d("age", "weight"),
        lambda f: f.hist2d("age", "nope", eps=1),
        lambda f: f.hist2d("age", "age", eps=1),
        lambda f: f.hist2d("age", "sex", eps=1),
        lambda f: f.hist2d(f["age"], f["weight"], eps=1),
        lambda f: f.hist2d("age", "weight", eps=1, bins=0),
        lambda f: f.hist2d("age", "weight", eps=1, bins=(3, -1)),
        lambda f: f.hist2d("age", "weight", eps=1, bins=2.5),
        lambda f: f.hist2d("age", "weight", eps=1, bins=1000),
        lambda f: f.hist2d("age", "weight", eps=1, bins=10**9),
        lambda f: f.hist2d("age", "weight", eps=1, bins=[3]),
        lambda f: f.hist2d("age", "weight", eps=1, bins=[3, 2, 1]),
        lambda f: f.hist2d("age", "weight", eps=1, bins=([1, float("nan")], 2)),
        lambda f: f.hist2d("age", "weight", eps=1, bins=([1, float("inf")], 2)),
        lambda f: f.hist2d("age", "weight", eps=1, bins=([1, 1], 2)),
        lambda f: f.hist2d("age", "weight", eps=1, bins="auto"),
        lambda f: f.hist2d("age", "weight", eps=1, range=[0, 1]),
        lambda f: f.hist2d("age", "weight", eps=1, range=[[1, 0], [0, 1]]),
        lambda f: f.hist2d("age", "weight", eps=1, range=3),
        lambda f: f.assign(more=f["age"] * 2).hist2d("age", "more", eps=1),
    ],
)
def test_a_mistake_costs_nothing(use: Any) -> None:
    frame = clinic.private()
    vault: Any = frame.rows.vault
    with pytest.raises((TypeError, ValueError)) as caught:
        use(frame)
    assert "\n" not in str(caught.value)
    assert not any(isinstance(each, AskRelease) for each in vault.asked)


# The nearest matrix -------------------------------------------------------------------------------------------


def noisy(size: int, noise: float, seed: int) -> tuple[Any, Any]:
    """A true correlation matrix and a noisy one."""
    rng = np.random.default_rng(seed)
    truth = np.corrcoef(rng.normal(size=(size, size + 2)))
    off = rng.laplace(scale=noise, size=(size, size))
    found = np.clip(truth + np.triu(off, 1) + np.triu(off, 1).T, -1, 1)
    return truth, found


@pytest.mark.parametrize("size", [2, 3, 6, 20])
@pytest.mark.parametrize("noise", [0.01, 0.3, 3.0])
def test_projection_gives_a_correlation_matrix_that_is_never_farther_from_the_truth(size: int, noise: float) -> None:
    for seed in range(5):
        truth, found = noisy(size, noise, seed)
        nearest = correlation(found)
        assert (np.diag(nearest) == 1).all()
        assert (nearest == nearest.T).all()
        assert np.abs(nearest).max() <= 1
        assert np.linalg.eigvalsh(nearest)[0] >= -1e-12
        assert np.linalg.norm(nearest - truth) <= np.linalg.norm(found - truth) * (1 + 1e-3)
        assert np.linalg.norm(semidefinite(found) - truth) <= np.linalg.norm(found - truth) * (1 + 1e-12)


def test_what_is_a_correlation_matrix_already_stays_as_it_is() -> None:
    truth, _ = noisy(5, 0.0, 1)
    np.testing.assert_allclose(correlation(truth), truth, atol=1e-12)


def test_columns_of_which_nothing_is_known_are_left_out() -> None:
    whole = np.eye(4)
    whole[1, :] = whole[:, 1] = np.nan
    assert known(whole).tolist() == [True, False, True, True]
    assert not known(np.full((2, 2), np.nan)).any()
