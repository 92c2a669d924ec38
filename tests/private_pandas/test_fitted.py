"""Scalers and encoders mean the same on private and on public rows, and a split parts units, through a real vault.

ε is large here, so that answers are within a few half widths of the truth; each check allows eight of them, which noise exceeds with
a probability below 1e-9.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

import op_pandas
from op_pandas import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler, train_test_split
from op_pandas.vault import SocketVault
from tests.private_pandas.served import odometer, served

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
      note: {type: str, nullable: true}
  patients:
    unit: {id: [pid], space: patients, max_rows: 1}
    columns:
      size: {type: float, lower: 0, upper: 250}
  visits:
    unit: {id: [pid], space: patients, max_rows: 4}
    columns:
      cost: {type: float, lower: 0, upper: 100}
"""
EPS = 500


def people(count: int = 3000) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    weight = rng.normal(75, 12, count).clip(40, 150).round(2)
    weight[rng.random(count) < 0.1] = np.nan
    return pd.DataFrame(
        {"age": rng.integers(18, 95, count), "weight": weight, "sex": rng.choice(["f", "m"], count), "note": "seen"}
    )


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SocketVault]:
    rng = np.random.default_rng(8)
    ids = np.arange(1000)
    patients = pd.DataFrame({"pid": ids, "size": rng.uniform(100, 200, 1000)})
    visits = pd.DataFrame({"pid": np.repeat(ids, 3), "cost": np.repeat(ids % 100, 3)})
    with served(
        tmp_path_factory.mktemp("state"), METADATA, {"train": people(), "patients": patients, "visits": visits}
    ) as found:
        yield found


@pytest.fixture
def tables(vault: SocketVault) -> Any:
    op_pandas.bind(vault)
    vault.charges()
    return op_pandas.load_dataset("Clinic")


PUBLIC = pd.DataFrame({"age": [30, 50], "weight": [60.0, None], "sex": ["m", "unknown"], "note": ["a", "b"]})


def test_a_standard_scaler_is_fitted_once_and_applies_to_test_data(tables: Any, vault: SocketVault) -> None:
    scaler = StandardScaler().fit(tables["train"], eps=EPS)
    (charge,) = vault.charges()
    assert charge.epsilon == EPS
    truth = people()[["age", "weight"]]
    assert scaler.parameters["age"]["mean"] == pytest.approx(truth["age"].mean(), abs=0.1)
    assert scaler.parameters["weight"]["scale"] == pytest.approx(truth["weight"].std(), abs=0.1)
    scaled = scaler.transform(PUBLIC)
    assert list(scaled.columns) == list(PUBLIC.columns)
    assert scaled["age"].tolist() == [
        (x - scaler.parameters["age"]["mean"]) / scaler.parameters["age"]["scale"] for x in (30, 50)
    ]
    assert scaled["weight"].isna().tolist() == [False, True]
    assert PUBLIC["age"].tolist() == [30, 50]
    pd.testing.assert_frame_equal(scaler.inverse_transform(scaled), PUBLIC.astype({"age": "float64"}))
    private = scaler.transform(tables["train"])
    assert vault.charges() == ()
    assert list(private.columns) == list(tables["train"].columns)
    assert abs(private["age"].mean(eps=EPS)) < 0.05
    assert private["weight"].std(eps=EPS) == pytest.approx(1, abs=0.05)
    column = scaler.transform(tables["train"])["age"].metadata
    assert column[0] == pytest.approx(-scaler.parameters["age"]["mean"] / scaler.parameters["age"]["scale"])


def test_what_was_fitted_is_read_by_scikit_learn_s_names(tables: Any) -> None:
    standard = StandardScaler().fit(tables["train"], eps=EPS)
    assert standard.feature_names_in_.tolist() == ["age", "weight"]
    assert standard.n_features_in_ == 2
    told = standard.parameters
    assert standard.mean_.tolist() == [told["age"]["mean"], told["weight"]["mean"]]
    assert standard.scale_.tolist() == [told["age"]["scale"], told["weight"]["scale"]]
    assert standard.var_.tolist() == [each["scale"] ** 2 for each in told.values()]
    bounds = MinMaxScaler().fit(tables["train"])
    assert (bounds.data_min_.tolist(), bounds.data_max_.tolist()) == ([0, 0], [120, 200])
    dropped = OneHotEncoder(drop="first", sparse_output=False, handle_unknown="ignore").fit(tables["train"])
    assert dropped.get_feature_names_out().tolist() == ["sex_m", "sex_x"]
    private, public = dropped.transform(tables["train"]), dropped.transform(PUBLIC)
    assert list(private.columns) == list(public.columns)
    assert public[["sex_m", "sex_x"]].to_numpy().tolist() == [[1, 0], [0, 0]]


def test_fitting_has_a_preview_and_takes_rho(tables: Any, vault: SocketVault) -> None:
    before, scaler = odometer(vault), StandardScaler(columns=["age"])
    preview = scaler.fit.preview(tables["train"], eps=2)
    assert (preview.epsilon, preview.mechanism) == (Fraction(2), "discrete Laplace")
    assert odometer(vault) == before
    assert repr(scaler) == "StandardScaler() (not fitted)"
    assert scaler.fit(tables["train"], rho=1) is scaler
    assert list(scaler.parameters) == ["age"]
    assert vault.charges()[0].rho == 1


def test_scaling_in_one_call_is_the_vendors_name(tables: Any) -> None:
    scaled = op_pandas.standard_scaler(tables["train"], EPS)
    assert abs(scaled["age"].mean(eps=EPS)) < 0.05


def test_a_series_is_scaled_as_the_one_column_fitted(tables: Any) -> None:
    scaler = MinMaxScaler().fit(tables["train"]["age"])
    assert scaler.transform(pd.Series([0, 60, 120, 240], name="z")).tolist() == [0, 0.5, 1, 2]
    assert scaler.transform(tables["train"]["age"]).metadata == (0, 1)
    with pytest.raises(TypeError, match="2 columns were fitted"):
        MinMaxScaler().fit(tables["train"]).transform(pd.Series([1]))


def test_bounds_scale_for_nothing(tables: Any, vault: SocketVault) -> None:
    before = odometer(vault)
    scaler = MinMaxScaler(feature_range=(-1, 1))
    private = scaler.fit_transform(tables["train"])
    assert odometer(vault) == before
    assert private["weight"].metadata == (-1, 1)
    assert scaler.parameters == {"age": {"lower": 0, "upper": 120}, "weight": {"lower": 0.0, "upper": 200.0}}
    assert scaler.transform(PUBLIC)["age"].tolist() == pytest.approx([-0.5, -1 / 6])


def test_categories_encode_for_nothing_and_alike(tables: Any, vault: SocketVault) -> None:
    before = odometer(vault)
    for encoder in (OneHotEncoder(), OrdinalEncoder()):
        private, public = encoder.fit_transform(tables["train"]), encoder.transform(PUBLIC)
        assert list(private.columns) == list(public.columns)
        assert encoder.categories_ == [["f", "m", "x"]]
        assert encoder.parameters == {"sex": ["f", "m", "x"]}
    assert odometer(vault) == before
    one_hot = OneHotEncoder().fit(tables["train"])
    assert one_hot.transform(PUBLIC)[["sex_f", "sex_m", "sex_x"]].to_numpy().tolist() == [[0, 1, 0], [0, 0, 0]]
    ordinal = OrdinalEncoder().fit(tables["train"])
    assert ordinal.transform(PUBLIC)["sex"].tolist()[0] == 1
    assert ordinal.transform(PUBLIC)["sex"].isna().tolist() == [False, True]
    truth = people()["sex"]
    assert one_hot.transform(tables["train"])["sex_m"].sum(eps=EPS) == pytest.approx((truth == "m").sum(), abs=2)
    assert ordinal.transform(tables["train"])["sex"].mean(eps=EPS) == pytest.approx((truth == "m").mean(), abs=0.01)


@pytest.mark.parametrize(
    ("use", "says"),
    [
        (lambda frame: StandardScaler().transform(frame), "isn't fitted yet"),
        (lambda frame: StandardScaler().parameters, "isn't fitted yet"),
        (lambda frame: StandardScaler().fit(PUBLIC, eps=1), "fitted on a private frame"),
        (lambda frame: StandardScaler().fit(frame), "fit needs eps"),
        (lambda frame: StandardScaler().fit(frame, accuracy=1), "accuracy= is for counts"),
        (lambda frame: StandardScaler(columns=["sex"]).fit(frame, eps=1), "Column sex is no numeric column"),
        (lambda frame: StandardScaler(columns=["nonsense"]).fit(frame, eps=1), "nonsense does not exist"),
        (lambda frame: StandardScaler().fit(frame[["sex"]], eps=1), "no numeric column to fit"),
        (lambda frame: MinMaxScaler().fit(frame).transform(PUBLIC[["age"]]), "weight does not exist"),
        (lambda frame: MinMaxScaler().fit(frame).transform(frame[["age"]]), "weight does not exist"),
        (lambda frame: MinMaxScaler().fit(frame).transform([1, 2]), "needs a private or public frame"),
        (lambda frame: MinMaxScaler(feature_range=(1, 0)), "lower first"),
        (lambda frame: StandardScaler().mean_, "isn't fitted yet"),
        (lambda frame: OneHotEncoder(drop="if_binary"), "drop must be 'first' or None"),
        (lambda frame: OneHotEncoder(sparse_output=True), "results are frames"),
        (lambda frame: OneHotEncoder(columns="note").fit(frame), "note is no column with public categories"),
    ],
)
def test_a_mistake_is_one_sentence_and_free(tables: Any, vault: SocketVault, use: Any, says: str) -> None:
    before = odometer(vault)
    with pytest.raises((TypeError, ValueError), match=says):
        use(tables["train"])
    assert odometer(vault) == before


# Splitting --------------------------------------------------------------------------------------------------


def test_a_split_parts_rows_by_their_share(tables: Any) -> None:
    frame = tables["train"]
    train, test = train_test_split(frame, test_size=0.3, random_state=5)
    counts = train["age"].count(eps=EPS), test["age"].count(eps=EPS)
    assert sum(counts) == pytest.approx(3000, abs=2)
    # Binomial: 900 expected, deviation 25; eight of them are beyond any chance.
    assert counts[1] == pytest.approx(900, abs=200)
    again = train_test_split(frame, test_size=0.3, random_state=5)[1]
    assert again["age"].sum(eps=EPS) == pytest.approx(test["age"].sum(eps=EPS), abs=50)
    other = train_test_split(frame, test_size=0.3, random_state=6)[1]
    assert abs(other["age"].sum(eps=EPS) - test["age"].sum(eps=EPS)) > 5


def test_frame_and_series_of_one_table_are_split_alike(tables: Any) -> None:
    frame = tables["train"]
    x_train, x_test, y_train, y_test = train_test_split(frame[["age"]], frame["weight"], train_size=0.5)
    x_train["weight"] = y_train
    assert (x_train["weight"] > 0).count(eps=EPS) > 1000
    x_test["weight"] = y_test
    with pytest.raises(ValueError, match="different rows"):
        x_test["other"] = y_train


def test_a_split_of_a_split_draws_anew(tables: Any) -> None:
    train, _ = train_test_split(tables["train"], test_size=0.5)
    first, second = train_test_split(train, test_size=0.5)
    assert first["age"].count(eps=EPS) == pytest.approx(750, abs=200)
    assert second["age"].count(eps=EPS) == pytest.approx(750, abs=200)


def test_all_rows_of_a_unit_fall_on_one_side_in_every_table(tables: Any) -> None:
    patients, others = train_test_split(tables["patients"], random_state=3)
    visits, _ = train_test_split(tables["visits"], random_state=3)
    assert patients["size"].count(eps=EPS) == pytest.approx(750, abs=120)
    assert visits["cost"].count(eps=EPS) == pytest.approx(3 * patients["size"].count(eps=EPS), abs=4)
    assert patients.merge(visits, on="pid")["cost"].count(eps=EPS) == pytest.approx(
        visits["cost"].count(eps=EPS), abs=4
    )
    assert others.merge(visits, on="pid")["cost"].count(eps=EPS) == pytest.approx(0, abs=4)


def test_a_frame_of_the_analysts_own_is_split_too(tables: Any) -> None:
    frame = op_pandas.PrivateDataFrame(pd.DataFrame({"a": range(1000)}))
    train, test = train_test_split(frame)
    assert train["a"].count(eps=5) + test["a"].count(eps=5) == pytest.approx(1000, abs=20)
    assert test["a"].count(eps=5) == pytest.approx(250, abs=130)


@pytest.mark.parametrize(
    ("use", "says"),
    [
        (lambda t: train_test_split(), "needs a private frame"),
        (lambda t: train_test_split(PUBLIC), "split public rows with pandas"),
        (lambda t: train_test_split(t["train"], test_size=10), "a share between 0 and 1"),
        (lambda t: train_test_split(t["train"], test_size=0.3, train_size=0.3), "add up to 1"),
        (lambda t: train_test_split(t["train"], test_size=float("nan")), "finite"),
        (lambda t: train_test_split(t["train"], random_state=-1), "whole number"),
        (lambda t: train_test_split(t["train"], shuffle=False), "no order"),
        (lambda t: train_test_split(t["train"], stratify=t["train"]["sex"]), "private"),
        (lambda t: train_test_split(t["train"].drop_duplicates()), "belong to no unit"),
    ],
)
def test_what_can_not_be_split_is_refused(tables: Any, use: Any, says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        use(tables)
