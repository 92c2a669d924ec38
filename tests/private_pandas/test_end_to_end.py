"""The guest's half against the real vault in another process: answers near the truth, charges, refusals, its own public frames.

ε is large here, so that answers are within a few half widths of what pandas says; each check allows eight of them, which noise
exceeds with a probability below 1e-9.
"""

import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import op_pandas
from ag_plan.messages import AskOdometer, Odometer
from op_pandas import PrivateDataFrame, PrivateDataset
from op_pandas.vault import Charge, SocketVault, ask
from tests.private_pandas.vault_process import running_vault
from tests.shared import made_once

METADATA = """
description: made for a test
budget: {epsilon: 100000, delta: 1.0e-6, per_analyst: {epsilon: 100000}, per_call: {epsilon: 1000}}
tables:
  train:
    unit: row
    columns:
      age: {type: int, lower: 0, upper: 120}
      weight: {type: float, lower: 0, upper: 200, nullable: true}
      sex: {type: str, categories: [f, m, x]}
      smoker: {type: bool}
      seen: {type: datetime, lower: 2020-01-01, upper: 2026-01-01}
      note: {type: str, nullable: true}
views:
  train_x: {table: train, drop: [sex]}
  train_y: {table: train, column: sex}
"""
EPS = 500


def people(count: int = 4000) -> pd.DataFrame:
    rng = np.random.default_rng(20261121)
    weight = rng.normal(75, 12, count).clip(40, 150).round(2)
    weight[rng.random(count) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "age": rng.integers(18, 95, count),
            "weight": weight,
            "sex": rng.choice(["f", "m"], count),
            "smoker": rng.random(count) < 0.3,
            "seen": pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 1000, count), unit="D"),
            "note": np.where(rng.random(count) < 0.5, "seen twice", None),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The loaded data set, only to read."""
    return made_once(tmp_path_factory, "clinic", loaded) / "clinic"


def loaded(home: Path) -> None:
    people().to_csv(home / "train.csv", index=False)
    people(50)[["age", "weight"]].to_csv(home / "test.csv", index=False)
    (home / "metadata.yaml").write_text(METADATA)
    words = ["--name", "The Clinic", "--metadata", str(home / "metadata.yaml"), "--out", str(home / "clinic")]
    words += ["--table", f"train={home / 'train.csv'}", "--public", f"test_x={home / 'test.csv'}"]
    done = subprocess.run([sys.executable, "-m", "ag_vault.load", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def vault(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SocketVault]:
    settings = {
        "session": "s",
        "analyst": "a",
        "datasets": [{"name": "The Clinic", "path": str(folder)}],
        "ledger": str(tmp_path_factory.mktemp("ledger") / "ledger.sqlite"),
        "schedule": "immediate",
    }
    with running_vault(settings) as vault:
        yield vault


@pytest.fixture
def private(vault: SocketVault) -> PrivateDataset:
    op_pandas.bind(vault)
    found = op_pandas.load_dataset("The Clinic")
    assert isinstance(found, PrivateDataset)
    return found


def near(released: Any, truth: Any) -> None:
    """Within eight half widths, in the same shape and labels."""
    if isinstance(truth, float | int | np.number):
        assert abs(released - truth) <= 8 * released.ag.half_widths + 1e-9
        return
    assert list(released.index) == list(truth.index)
    if isinstance(truth, pd.DataFrame):
        assert list(released.columns) == list(truth.columns)
    widths = np.nan_to_num(np.asarray(released.ag.half_widths, dtype=float), nan=np.inf)
    assert (np.abs(np.asarray(released, dtype=float) - np.asarray(truth, dtype=float)) <= 8 * widths + 1e-9).all()


def test_what_is_public_arrives(private: PrivateDataset) -> None:
    assert list(private.keys()) == ["train_x", "train_y", "test_x"]
    assert private.metadata["seen"] == (pd.Timestamp("2020-01-01"), pd.Timestamp("2026-01-01"))
    assert private["train_y"].categorical_metadata == ["f", "m", "x"]
    pd.testing.assert_frame_equal(private["test_x"], people(50)[["age", "weight"]])


@pytest.mark.parametrize("name", ["sum", "mean", "std", "var"])
def test_statistics_are_near_the_truth(private: PrivateDataset, name: str) -> None:
    numbers = people()[["age", "weight", "smoker"]]
    near(getattr(private, name)(eps=EPS), getattr(numbers, name)())
    near(getattr(private["age"], name)(eps=EPS), getattr(numbers["age"], name)())


def test_counts_are_near_the_truth(private: PrivateDataset) -> None:
    near(private.count(eps=EPS), people().count())
    near(private["weight"].count(eps=EPS), people()["weight"].count())


def test_quantiles_and_describe_are_near_the_truth(private: PrivateDataset) -> None:
    released = private[["age", "weight"]].quantile(EPS, [0.25, 0.5, 0.75])
    truth = people()[["age", "weight"]].quantile([0.25, 0.5, 0.75])
    assert released.shape == truth.shape
    assert (released - truth).abs().max().max() < 2
    described = private[["age", "weight"]].describe(eps=EPS)
    assert list(described.index) == ["count", "mean", "std", "min", "25%", "50%", "75%", "max"]
    assert abs(described.loc["mean", "weight"] - people()["weight"].mean()) < 1


def test_a_histogram_is_near_the_truth(private: PrivateDataset) -> None:
    counts, edges = private["age"].hist(eps=EPS, bins=6)
    truth, same = np.histogram(people()["age"], 6, (0, 120))
    assert list(edges) == list(same)
    assert np.abs(counts - truth).max() <= 2


@pytest.mark.parametrize("name", ["cov", "corr"])
def test_matrices_are_near_the_truth(private: PrivateDataset, name: str) -> None:
    for columns in (["age", "smoker"], ["age", "weight", "smoker"]):
        truth = getattr(people()[columns].dropna().astype("float64"), name)()
        near(getattr(private[columns], name)(eps=EPS), truth)
    one, other = people()["age"], people()["weight"]
    near(getattr(private["age"], name)(private["weight"], eps=EPS), getattr(one, name)(other))
    grouped = getattr(private[["age", "weight", "sex"]].groupby("sex"), name)(eps=EPS)
    assert grouped.shape == (6, 2)
    truth = getattr(people()[["age", "weight", "sex"]].dropna().groupby("sex"), name)()
    widths = np.asarray(grouped.ag.half_widths)[:4]
    assert (np.abs(np.asarray(grouped)[:4] - np.asarray(truth)) <= 8 * widths + 1e-9).all()


@pytest.mark.parametrize("name", ["skew", "kurt"])
def test_shapes_are_near_the_truth(private: PrivateDataset, name: str) -> None:
    numbers = people()[["age", "weight", "smoker"]].astype("float64")
    near(getattr(private, name)(eps=EPS), getattr(numbers, name)())
    near(getattr(private["weight"], name)(eps=EPS), getattr(numbers["weight"], name)())


def test_a_histogram_of_two_columns_is_near_the_truth(private: PrivateDataset) -> None:
    counts, *edges = private.hist2d("age", "weight", eps=EPS, bins=(4, [0, 70, 80, 200]))
    both = people()[["age", "weight"]].dropna()
    truth, *same = np.histogram2d(both["age"], both["weight"], [np.linspace(0, 120, 5), np.array([0.0, 70, 80, 200])])
    assert all((one == other).all() for one, other in zip(edges, same, strict=True))
    assert np.abs(counts - truth).max() <= 2


def test_groups_are_near_the_truth(private: PrivateDataset) -> None:
    released = private.groupby("sex").mean(eps=EPS)
    truth = people().groupby("sex")[["age", "weight", "smoker"]].mean()
    assert list(released.index) == ["f", "m", "x"]
    assert (released.loc[["f", "m"]] - truth).abs().max().max() < 1
    both = private.groupby(["sex", private["age"] > 50])["weight"].count(eps=EPS)
    exact = people().groupby([people()["sex"], people()["age"] > 50])["weight"].count()
    assert all(abs(both.loc[(sex, int(old)), 0] - exact[sex, old]) <= 3 for sex, old in exact.index)


def test_groups_that_nobody_listed_are_found_and_their_delta_is_charged(
    private: PrivateDataset, vault: SocketVault
) -> None:
    """Half of the rows have the one note that there is; ages repeat, and few people are both old and young."""
    vault.charges()
    released = private.groupby("note").mean(eps=EPS / 10, delta=1e-9)
    truth = people().groupby("note")[["age", "weight", "smoker"]].mean()
    assert list(released.index) == ["seen twice"]
    assert (released - truth).abs().max().max() < 1
    sizes = private.groupby(["sex", "note"]).size(eps=EPS / 10)
    exact = people().groupby(["sex", "note"]).size()
    assert all(abs(sizes[key] - exact[key]) <= 3 for key in exact.index)
    assert private["note"].mode(eps=2).tolist() == ["seen twice"]
    assert private["age"].nunique(eps=EPS) == pytest.approx(people()["age"].nunique(), abs=1)
    by_age = private.groupby(op_pandas.cut(private["age"], [18, 40, 95], include_lowest=True)).size(eps=EPS / 10)
    assert by_age.sum() == pytest.approx(len(people()), abs=6)
    found, default = [charge.delta for charge in vault.charges()][:2]
    assert found == 1e-9
    assert 0 < default < 1e-8


CASES: list[Any] = [
    lambda d: d[d["age"] > 40]["weight"],
    lambda d: d.where(d["age"] > 40)[["age", "weight"]].dropna()["weight"],
    lambda d: d[(d["sex"] == "f") & ~d["smoker"] | d["age"].between(20, 30)]["age"],
    lambda d: (d["weight"] / (d["age"] + 1)).clip(0, 20),
    lambda d: (d["age"] * 2 - 3).abs(),
    lambda d: d["weight"].fillna(70),
    lambda d: d["age"] // 7 + d["age"] % 7,
    lambda d: (-(d["age"] ** 2)).clip(-10_000, 0),
    lambda d: d["age"].where(d["smoker"], 0),
    lambda d: d["age"].mask(d["smoker"]),
    lambda d: d[d["seen"] > "2022-01-01"]["age"],
    lambda d: d[d["note"].notna()]["age"],
    lambda d: d["age"].isin([20, 30, 40]),
    lambda d: d[["age", "weight"]].sum(axis=1),
    lambda d: d[["age", "weight"]].mean(axis=1),
    lambda d: np.sqrt(d["age"]),
    lambda d: d["smoker"].astype("float64"),
    lambda d: d["weight"].round(),
]


@pytest.mark.parametrize("case", CASES)
def test_transformations_mean_the_same_there(private: PrivateDataset, case: Any) -> None:
    near(case(private).sum(eps=EPS), float(case(people()).sum()))


def test_a_guests_own_frame_has_a_budget_of_its_own(private: PrivateDataset, vault: SocketVault) -> None:
    values = pd.DataFrame({"age": np.arange(1000) % 80, "word": ["a", "b"] * 500, "when": pd.Timestamp("2020-02-02")})
    frame = PrivateDataFrame(values, metadata={"age": (0, 80)}, categorical_metadata={"word": ["a", "b"]}, _id="mine")
    vault.charges()
    near(frame["age"].mean(eps=10), values["age"].mean())
    assert frame.groupby("word").size(eps=10).sum() == pytest.approx(1000, abs=20)
    assert {charge.dataset for charge in vault.charges()} == {"scratch"}


def test_ids_of_a_frame_of_ones_own_are_its_privacy_unit(vault: SocketVault) -> None:
    values = pd.DataFrame({"person": [1.0, 1, 1, 2, 3, None] * 300, "age": [20, 20, 20, 40, 60, 80] * 300})
    values["person"] += 10 * (np.arange(len(values)) // 6)
    frame = PrivateDataFrame(values, metadata={"age": (0, 80)}, _id="person")
    assert frame.metadata == {"age": (0, 80)}
    assert list(frame.mean(eps=2).index) == ["age"]
    counted = frame["age"].count(eps=1)
    assert counted.ag.scale == 3  # rows of the largest unit
    assert abs(frame["age"].count(eps=2) - 1500) < 32  # rows of nobody are left out
    people = frame.groupby("person")["age"].mean()
    assert abs(people.mean(eps=2) - 40) < 2
    assert abs(people.count(eps=2) - 900) < 32
    one = frame.limit_per_unit(1)
    assert abs(one["age"].count(eps=2) - 900) < 32
    assert one["age"].count.preview(eps=1).scale == 1
    left, right = op_pandas.train_test_split(frame, test_size=0.5, random_state=1)
    assert abs(left.groupby("person").size().count(eps=2) + right.groupby("person").size().count(eps=2) - 900) < 64
    more = PrivateDataFrame(
        {"person": [1, 2, 9999], "weight": [50, 60, 70]}, metadata={"weight": (0, 90)}, _id="person"
    )
    both = frame.merge(more, on="person")
    assert list(both.columns) == ["person", "age", "weight"]
    assert abs(both["weight"].count(eps=2) - 4) < 32
    assert both["weight"].count.preview(eps=1).scale == 3
    with pytest.raises(ValueError, match="beside its ids"):
        PrivateDataFrame({"person": [1, 2]}, _id="person")


def test_what_was_charged_is_told_and_an_answer_asked_again_is_free(
    private: PrivateDataset, vault: SocketVault
) -> None:
    vault.charges()
    first = private["age"].mean(eps=0.1)
    again = private["age"].mean(eps=Fraction(1, 10))
    assert vault.charges() == (Charge(dataset="the_clinic", epsilon=Fraction(1, 10), delta=0.0, library="op_pandas"),)
    assert again.ag.repeated
    assert again == first
    balances = {each.dataset: each for each in ask(vault, AskOdometer(id=0), Odometer).balances}
    assert balances["The Clinic"].libraries["op_pandas"] > 0


@pytest.mark.parametrize(
    ("use", "error"),
    [
        (lambda d: d["age"] + d["sex"], TypeError),
        (lambda d: ~d["age"], TypeError),
        (lambda d: d["note"].sum(eps=1), TypeError),
        (lambda d: (d["age"] / d["weight"]).mean(eps=1), ValueError),
        (lambda d: d["age"].mean(eps=100_000), ValueError),
        (lambda d: d["sex"].where(d["age"] > 3, 1), TypeError),
        (lambda d: d["age"].corr(d["age"] / d["weight"], eps=1), ValueError),
        (lambda d: d["age"].skew(eps=100_000), ValueError),
    ],
)
def test_a_refusal_of_the_vault_is_one_sentence_and_free(
    private: PrivateDataset, vault: SocketVault, use: Any, error: type[Exception]
) -> None:
    vault.charges()
    with pytest.raises(error) as caught:
        use(private)
    assert str(caught.value)
    assert "\n" not in str(caught.value)
    assert vault.charges() == ()


TOGETHER: list[Any] = [
    lambda d: (d["age"].corr, (d["weight"],), {}),
    lambda d: (d["age"].cov, (d["weight"],), {}),
    lambda d: (d[["age", "weight", "smoker"]].corr, (), {}),
    lambda d: (d[["age", "weight", "smoker"]].cov, (), {}),
    lambda d: (d.skew, (), {}),
    lambda d: (d["age"].kurt, (), {}),
    lambda d: (d.hist2d, ("age", "weight"), {"bins": 3}),
    lambda d: (d[["age", "weight", "sex"]].groupby("sex").corr, (), {}),
]


@pytest.mark.parametrize("call", TOGETHER)
def test_several_columns_are_previewed_for_nothing_and_paid_in_either_currency(
    private: PrivateDataset, vault: SocketVault, call: Any
) -> None:
    method, given, named = call(private)
    vault.charges()
    seen = method.preview(*given, eps=Fraction(1, 3), **named)
    assert vault.charges() == ()
    assert seen.epsilon == Fraction(1, 3)
    released = method(*given, eps=Fraction(1, 3), **named)
    assert released.ag.epsilon == Fraction(1, 3)
    assert released.ag.mechanism == seen.mechanism
    assert np.shape(seen.half_widths) == np.shape(released.ag.half_widths)
    concentrated = method(*given, rho=Fraction(1, 7), **named)
    assert concentrated.ag.rho == pytest.approx(1 / 7)
    assert "Gaussian" in concentrated.ag.mechanism


def test_text_in_a_layout_becomes_points_in_time(vault: SocketVault) -> None:
    op_pandas.bind(vault)
    frame = PrivateDataFrame({"when": ["31.12.2020", "01.02.2021", "2021-01-01", "31.02.2021", None] * 900})
    when = op_pandas.to_datetime(frame["when"], format="%d.%m.%Y")
    assert str(when.dtype).startswith("datetime64")
    near(when.count(eps=1), 1800)
    near((when > "2021-01-15").sum(eps=1), 900.0)
