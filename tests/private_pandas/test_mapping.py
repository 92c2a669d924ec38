"""map, applymap, apply and functions as conditions against the real vault in its process, compared with pandas."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from op_pandas import PrivateDataset
from op_pandas.vault import SocketVault
from tests.private_pandas.test_end_to_end import EPS, folder, near, people, private, vault

__all__ = ["folder", "private", "vault"]


def band(age):
    if age < 30:
        return "young"
    elif age < 60:
        return "middle"
    return "old"


def risk(row):
    if row["smoker"] and row["age"] > 50:
        return 2
    return 1 if row.weight > 90 else 0


def bmi(row):
    return row["weight"] / (1.6 + row["age"] / 1000) ** 2


def heavy(row):
    return row["weight"] > 80 and row["sex"] == "f"


SUMS: list[Any] = [
    lambda d: d["age"].map(lambda x: x * 2 + 1),
    lambda d: d["weight"].map(lambda w: w / 2 if w > 70 else 0),
    lambda d: d["sex"].map({"f": 1, "m": 0}),
    lambda d: d["sex"].map(pd.Series([3.5, 1.0], index=["f", "m"])),
    lambda d: d["smoker"].map(lambda b: 5 if b else 1),
    lambda d: d["seen"].map(lambda t: t.year - 2000),
    lambda d: d["sex"].map(lambda s: len(s.upper() + "!")),
    lambda d: d["age"].apply(lambda x: max(0, min(x - 20, 50))),
    lambda d: d.apply(risk, axis=1),
    lambda d: d.apply(bmi, axis=1),
    lambda d: d["age"].where(lambda s: s > 40, 0),
    lambda d: d[["age", "weight"]].map(lambda x: x + 1)["age"],
]


@pytest.mark.parametrize("number", range(len(SUMS)))
def test_a_function_means_the_same_there(private: PrivateDataset, number: int) -> None:
    near(SUMS[number](private).sum(eps=EPS), float(SUMS[number](people()).sum()))


def test_mapped_categories_are_public_and_group(private: PrivateDataset) -> None:
    frame = private.copy()
    frame["band"] = frame["age"].map(band)
    assert frame["band"].categorical_metadata == ["young", "middle", "old"]
    released = frame.groupby("band")["age"].mean(eps=EPS)
    truth = people().groupby(people()["age"].map(band))["age"].mean()
    for name in ("young", "middle", "old"):
        assert abs(released.loc[name, 0] - truth[name]) < 1
    assert frame["sex"].map(str.upper).categorical_metadata == ["F", "M", "X"]
    assert frame["sex"].map(lambda s: s + "?" if s != "x" else None).categorical_metadata[:2] == ["f?", "m?"]


def test_bounds_follow_and_no_epsilon_is_spent(private: PrivateDataset, vault: SocketVault) -> None:
    vault.charges()
    mapped = private["age"].map(lambda x: x * 2 - 10 if x > 5 else 0, eps=1)
    assert mapped.metadata == (-10, 230)
    assert private["age"].map(lambda x: x % 7).metadata == (0, 7)
    assert vault.charges() == ()


def test_results_stay_within_what_the_analyst_declares(private: PrivateDataset) -> None:
    inside = private["age"].map(lambda x: x * 1000, output_bounds=(0, 50))
    assert inside.metadata == (0, 50)
    near(inside.mean(eps=EPS), 50.0)
    only = private["sex"].map(lambda s: {"f": "woman", "m": "man"}[s], output_categories=["man", "nobody"])
    assert only.categorical_metadata == ["man"]
    near(only.count(eps=EPS), int((people()["sex"] == "m").sum()))
    with pytest.raises(TypeError, match="output_categories"):
        private["sex"].map(lambda s: s, output_bounds=(0, 1))
    with pytest.raises(ValueError, match="not both"):
        private["sex"].map(lambda s: s, output_bounds=(0, 1), output_categories=["f"])
    with pytest.raises(ValueError, match="must not exceed"):
        private["age"].map(lambda x: x, output_bounds=(3, 1))


def test_missing_values_are_seen_unless_ignored(private: PrivateDataset) -> None:
    weights = people()["weight"]
    seen = private["weight"].map(lambda w: 1 if pd.isna(w) else 0)
    near(seen.sum(eps=EPS), int(weights.isna().sum()))
    ignored = private["weight"].map(lambda w: 1 if pd.isna(w) else 0, na_action="ignore")
    near(ignored.count(eps=EPS), int(weights.notna().sum()))
    with pytest.raises(ValueError, match="na_action"):
        private["weight"].map(abs, na_action="drop")  # type: ignore[arg-type]


def test_an_error_on_a_value_is_a_null(private: PrivateDataset) -> None:
    target = 40

    def attack(age):
        if age == target:
            raise ValueError(age)
        return age

    mapped = private["age"].map(attack)
    near(mapped.count(eps=EPS), int((people()["age"] != target).sum()))


def test_applymap_changes_the_columns_named(private: PrivateDataset) -> None:
    changed = private.applymap(lambda x: x * 2, output_bounds={"age": (0, 100)})
    assert changed.metadata["age"] == (0, 100)
    assert changed.metadata["weight"] == (0.0, 200.0)
    all_of_them = private.applymap(lambda x: x / 2)
    assert all_of_them.metadata["weight"] == (0.0, 100.0)
    assert all_of_them["note"].dtype == private["note"].dtype
    with pytest.raises(ValueError, match="Column nobody does not exist"):
        private.applymap(abs, output_bounds={"nobody": (0, 1)})


@pytest.mark.parametrize("test", [lambda row: row["age"] > 40, heavy, lambda row: 20 < row["age"] < 30])
def test_rows_are_kept_by_a_function(private: PrivateDataset, test: Any) -> None:
    rows = people()
    wanted = rows[[bool(test(row)) for _, row in rows.iterrows()]]
    near(private[test]["age"].sum(eps=EPS), float(wanted["age"].sum()))
    near(private.where(test)["age"].count(eps=EPS), len(wanted))


def test_series_are_filtered_by_a_function(private: PrivateDataset) -> None:
    wanted = people()["age"]
    near(
        private["age"][lambda x: x > 40 and x % 2 == 0].sum(eps=EPS),
        float(wanted[(wanted > 40) & (wanted % 2 == 0)].sum()),
    )


def test_categories_become_numbers(private: PrivateDataset) -> None:
    codes = private["sex"].map({"f": "1", "m": "2", "x": "none"})
    assert codes.make_series_non_categorical((0, 5)).metadata == (0.0, 5.0)
    near(codes.make_series_non_categorical((0, 5)).sum(eps=EPS), float(people()["sex"].map({"f": 1, "m": 2}).sum()))


@pytest.mark.parametrize(
    ("use", "sentence"),
    [
        (lambda d: d.apply(lambda column: column, axis=0), "axis=1"),
        (lambda d: d["age"].map(d["sex"]), "public values"),
        (lambda d: d["age"].map(7), "a function, a dict or a public Series"),
        (lambda d: d.apply(lambda row: row["nobody"], axis=1), "nobody"),
        (lambda d: d["age"].map(abs, eps=True), "eps must be a number"),
        (lambda d: d["age"].map(lambda x: np.random.rand() + x), "different results for one value"),
        (lambda d: d["weight"].map(lambda x: np.random.rand() + x), "rand"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_charged(
    private: PrivateDataset, vault: SocketVault, use: Any, sentence: str
) -> None:
    vault.charges()
    with pytest.raises((TypeError, ValueError), match=sentence) as caught:
        use(private)
    assert "\n" not in str(caught.value)
    assert vault.charges() == ()
