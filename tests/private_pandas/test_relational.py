"""Merges, stacks and groups by unit against pandas itself, through the real vault in another process.

ε is large, so that answers are within a few half widths of what pandas says; each check allows eight of them, which noise exceeds with a
probability below 1e-9.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import op_pandas
from op_pandas.vault import SocketVault
from tests.private_pandas.served import served
from tests.private_pandas.test_end_to_end import near

EPS = 200
METADATA = """
budget: {epsilon: 100000, delta: 1.0e-6, per_analyst: {epsilon: 100000}}
tables:
  patients:
    unit: {id: [pid], space: patients, max_rows: 1}
    columns:
      region: {type: str, categories: [n, s]}
      age: {type: int, lower: 0, upper: 120}
  visits:
    unit: {id: [pid], space: patients, max_rows: 6}
    columns:
      cost: {type: float, lower: 0, upper: 100}
      ward: {type: str, categories: [a, b, c]}
      age: {type: int, lower: 0, upper: 120}
      seen: {type: datetime, lower: 2020-01-01, upper: 2026-01-01}
  beds:
    unit: row
    columns:
      ward: {type: str, categories: [a, b, c]}
      size: {type: int, lower: 0, upper: 9}
"""
WARDS = pd.DataFrame({"ward": ["a", "b", "b", "d"], "floor": [1, 2, 3, 4], "kind": ["x", "y", "x", "z"]})
Tables = dict[str, Any]


def tables() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(20261122)
    patients = pd.DataFrame(
        {"pid": np.arange(300), "region": rng.choice(["n", "s"], 300), "age": rng.integers(18, 95, 300)}
    )
    who = rng.permutation(np.repeat(np.arange(50, 330), rng.integers(0, 7, 280)))
    count = len(who)
    visits = pd.DataFrame(
        {
            "pid": who,
            "cost": rng.uniform(0, 100, count).round(2),
            "ward": rng.choice(["a", "b", "c"], count),
            "age": rng.integers(18, 95, count),
            "seen": pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, count), unit="D"),
        }
    )
    visits.loc[rng.random(count) < 0.1, "cost"] = np.nan
    beds = pd.DataFrame({"ward": rng.choice(["a", "b", "c"], 400), "size": rng.integers(0, 10, 400)})
    return {"patients": patients, "visits": visits, "beds": beds}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SocketVault]:
    with served(tmp_path_factory.mktemp("state"), METADATA, tables()) as running:
        yield running


@pytest.fixture
def private(vault: SocketVault) -> Tables:
    op_pandas.bind(vault)
    found = op_pandas.load_dataset("Clinic")
    assert isinstance(found, dict)
    return found


def merge(left: Any, right: Any, **how: Any) -> Any:
    """pandas' merge for public sides, ours where one is private."""
    public = isinstance(left, pd.DataFrame) and isinstance(right, pd.DataFrame)
    return (pd.merge if public else op_pandas.merge)(left, right, **how)


def concat(*given: Any, **how: Any) -> Any:
    return (pd.concat if isinstance(given[0], pd.DataFrame | pd.Series) else op_pandas.concat)(list(given), **how)


def rows(frame: Any) -> Any:
    """Groups of one unit keep their keys as columns here, as pandas' reset_index does."""
    return frame.reset_index() if isinstance(frame, pd.DataFrame | pd.Series) else frame


def suffixed(left: str, right: str) -> dict[str, Any]:
    """The suffixes of a join, as the pandas at hand calls them."""
    if "suffixes" in inspect.signature(pd.DataFrame.join).parameters:
        return {"suffixes": (left, right)}
    return {"lsuffix": left, "rsuffix": right}


CASES: dict[str, Callable[[Tables], Any]] = {
    "inner merge": lambda t: merge(t["patients"], t["visits"], on="pid")[["age_x", "age_y", "cost"]],
    "left merge": lambda t: merge(t["patients"], t["visits"], on="pid", how="left")[["age_x", "age_y", "cost"]],
    "right merge": lambda t: merge(t["patients"], t["visits"], on="pid", how="right")[["age_x", "age_y", "cost"]],
    "outer merge": lambda t: merge(t["patients"], t["visits"], on="pid", how="outer")[["age_x", "age_y", "cost"]],
    "merge on more": lambda t: merge(t["patients"], t["visits"], on=["pid", "age"], how="outer")[["age", "cost"]],
    "merge on all that is shared": lambda t: t["patients"].merge(t["visits"], how="left")[["age", "cost"]],
    "merge of keys called otherwise": lambda t: merge(
        t["patients"].rename(columns={"pid": "who"}), t["visits"], left_on="who", right_on="pid", suffixes=("", "_v")
    )[["age", "age_v", "cost"]],
    "merge of what is filtered": lambda t: t["patients"][t["patients"]["age"] > 40].merge(
        t["visits"][t["visits"]["ward"] == "a"], on="pid"
    )[["age_x", "cost"]],
    "merge with groups": lambda t: t["visits"].merge(
        rows(t["visits"].groupby("pid")[["cost"]].sum().rename(columns={"cost": "total"})), on="pid"
    )[["cost", "total"]],
    "lookup": lambda t: t["beds"].merge(WARDS, on="ward")[["size", "floor"]],
    "left lookup": lambda t: t["beds"].merge(WARDS, on="ward", how="left")[["size", "floor"]],
    "right lookup": lambda t: t["beds"].merge(WARDS, on="ward", how="right")[["size", "floor"]],
    "outer lookup": lambda t: t["beds"].merge(WARDS, on="ward", how="outer")[["size", "floor"]],
    "lookup from the other side": lambda t: merge(WARDS, t["beds"], on="ward", how="left")[["floor", "size"]],
    "lookup of units": lambda t: t["visits"].merge(WARDS, on="ward")[["cost", "floor"]],
    "lookup by an index": lambda t: t["beds"].join(WARDS.drop_duplicates("ward").set_index("ward"), on="ward")[
        ["size", "floor"]
    ],
    "join of the same rows": lambda t: t["visits"][["cost"]].join(t["visits"]["age"])[["cost", "age"]],
    "join of fewer rows": lambda t: t["visits"][["age"]].join(t["visits"][t["visits"]["ward"] == "a"]["cost"]),
    "inner join of fewer rows": lambda t: t["visits"][["age"]].join(
        t["visits"][t["visits"]["ward"] == "a"]["cost"], how="inner"
    ),
    "join with suffixes": lambda t: t["visits"][["age"]].join(t["visits"][["age"]], **suffixed("_l", "_r")),
    "rows of two tables": lambda t: concat(t["visits"][["age", "cost"]], t["patients"][["age"]]),
    "shared columns of two tables": lambda t: concat(t["visits"][["age", "cost"]], t["patients"][["age"]], join="inner"),
    "three of one": lambda t: concat(*[t["beds"][["size"]]] * 3),
    "columns side by side": lambda t: concat(t["visits"][["age"]], t["visits"][["cost"]], axis=1),
    "visits per patient": lambda t: rows(t["visits"].groupby("pid").agg(n=("age", "size")))[["n"]],
    "sums per patient": lambda t: rows(t["visits"].groupby("pid")[["age", "cost"]].sum())[["age", "cost"]],
    "means per patient": lambda t: rows(t["visits"].groupby("pid")[["age", "cost"]].mean())[["age", "cost"]],
    "counts per patient": lambda t: rows(t["visits"].groupby("pid")[["age", "cost"]].count())[["age", "cost"]],
    "extremes per patient": lambda t: rows(
        t["visits"].groupby("pid").agg(lo=("cost", "min"), hi=("age", "max"))
    )[["lo", "hi"]],
    "different wards per patient": lambda t: rows(t["visits"].groupby("pid")[["ward"]].nunique())[["ward"]],
    "per patient and ward": lambda t: rows(t["visits"].groupby(["pid", "ward"])[["cost"]].sum())[["cost"]],
    "first of what is the same": lambda t: rows(t["visits"].assign(age=7).groupby("pid")[["age"]].first())[["age"]],
    "sums that keep their patient": lambda t: t["patients"][["pid"]].merge(
        t["visits"].groupby("pid")["cost"].sum().reset_index(), on="pid"
    )[["cost"]],
    "sums without an index": lambda t: t["patients"][["pid"]].merge(
        t["visits"].groupby("pid", as_index=False)["cost"].sum(), on="pid"
    )[["cost"]],
    "a function of rows that have an id": lambda t: t["visits"].assign(
        twice=t["visits"].apply(lambda r: r["age"] * 2, axis=1)
    )[["twice"]],
    "distinct wards of patients": lambda t: t["visits"][["pid", "ward", "age"]].drop_duplicates(["pid", "ward"])[[]]
    .assign(one=1),
    "distinct rows": lambda t: t["beds"].drop_duplicates()[["size"]],
    "distinct patients": lambda t: t["visits"][["pid"]].drop_duplicates().assign(one=1)[["one"]],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_means_what_pandas_means(private: Tables, name: str) -> None:
    released, truth = CASES[name](private), CASES[name](tables())
    assert list(released.columns) == list(truth.columns)
    near(released.sum(eps=EPS), truth.sum())
    near(released.count(eps=EPS), truth.count())


def test_columns_come_in_pandas_order_and_under_its_names(private: Tables) -> None:
    public = tables()
    for options in (
        {"on": "pid"},
        {"on": ["pid", "age"]},
        {"on": "pid", "suffixes": ("", "_right"), "how": "outer"},
    ):
        assert list(merge(private["patients"], private["visits"], **options).columns) == list(
            merge(public["patients"], public["visits"], **options).columns
        )
    assert list(merge(WARDS, private["beds"], how="right").columns) == list(merge(WARDS, public["beds"]).columns)


def test_what_was_looked_up_can_be_grouped_by(private: Tables) -> None:
    found = private["beds"].merge(WARDS, on="ward").groupby("kind")["size"].count(eps=EPS)
    truth = tables()["beds"].merge(WARDS, on="ward").groupby("kind")["size"].count()
    assert list(found.index) == ["x", "y", "z"]
    assert all(abs(found.loc[kind, 0] - number) <= 1 for kind, number in truth.items())


def test_a_series_of_a_group_is_a_series(private: Tables) -> None:
    spent = private["visits"].groupby("pid")["cost"].sum()
    assert isinstance(spent, op_pandas.PrivateSeries)
    assert (spent.name, spent.metadata) == ("cost", (0, 600))
    near(spent.mean(eps=EPS), tables()["visits"].groupby("pid")["cost"].sum().mean())
    visits = private["visits"].groupby("pid").size()
    near(visits.mean(eps=EPS), tables()["visits"].groupby("pid").size().mean())


def test_fewer_rows_per_unit_make_less_noise(private: Tables) -> None:
    few = private["visits"].limit_per_unit(2)
    near(few["age"].count(eps=EPS), int(tables()["visits"].groupby("pid").size().clip(upper=2).sum()))
    all_of_them, some = private["visits"]["age"].count(eps=EPS), few["age"].count(eps=EPS)
    assert all_of_them.ag.half_widths == pytest.approx(3 * some.ag.half_widths)


def test_a_release_of_joined_rows_is_charged_to_the_owner_s_data(private: Tables, vault: SocketVault) -> None:
    joined = private["beds"].merge(WARDS, on="ward")
    vault.charges()
    joined["floor"].mean(eps=1)
    assert {charge.dataset for charge in vault.charges()} == {"clinic"}


REFUSED: dict[str, tuple[Callable[[Tables], Any], type[Exception], str]] = {
    "no id": (lambda t: merge(t["patients"], t["visits"], on="age"), ValueError, "joined on the id"),
    "rows": (lambda t: t["beds"].merge(t["beds"], on="ward"), ValueError, "joined on the id"),
    "cross": (lambda t: t["patients"].merge(WARDS, how="cross"), ValueError, "one unit with all others"),
    "no such how": (lambda t: t["patients"].merge(WARDS, how="asof"), ValueError, "how must be"),
    "index": (lambda t: t["beds"].merge(WARDS, left_index=True, right_index=True), TypeError, "no index"),
    "no key in common": (lambda t: t["patients"].merge(WARDS), ValueError, "no column in common"),
    "half a key": (lambda t: t["beds"].merge(WARDS, left_on="ward"), ValueError, "both left_on and right_on"),
    "both keys": (lambda t: t["beds"].merge(WARDS, on="ward", left_on="ward"), ValueError, "not both"),
    "unknown key": (lambda t: t["beds"].merge(WARDS, on="nope"), ValueError, "Column nope does not exist"),
    "float key": (
        lambda t: t["visits"].merge(pd.DataFrame({"cost": [1.5]}), on="cost"), TypeError, "keys of one kind",
    ),
    "an id looked up": (
        lambda t: t["visits"].merge(pd.DataFrame({"pid": [1], "z": [2]}), on="pid"), TypeError, "keys of one kind",
    ),
    "two public": (lambda t: op_pandas.merge(WARDS, WARDS), TypeError, "pandas.merge"),
    "other rows": (lambda t: t["visits"].join(t["patients"]["region"]), ValueError, "different rows"),
    "public without a key": (lambda t: t["visits"].join(WARDS), TypeError, "name the key"),
    "overlap": (lambda t: t["visits"].join(t["visits"][["age"]]), ValueError, "columns overlap"),
    "concat of public": (lambda t: op_pandas.concat([WARDS, WARDS]), TypeError, "pandas.concat"),
    "concat of one": (lambda t: op_pandas.concat(t["visits"]), TypeError, "a list of"),
    "concat by key": (lambda t: op_pandas.concat([t["visits"]], keys=["a"]), TypeError, "no keys"),
    "eps for a unit's sum": (lambda t: t["visits"].groupby("pid").sum(eps=1), TypeError, "takes no eps"),
    "eps first": (lambda t: t["visits"].groupby("pid")["cost"].mean(1), TypeError, "takes no eps"),
    "a unit's median": (lambda t: t["visits"].groupby("pid").median(), AttributeError, "use mean, min or max"),
    "a function of no name": (lambda t: t["visits"].groupby("pid").agg("median"), ValueError, "no function of"),
    "a function of an id": (
        lambda t: t["visits"].apply(lambda r: r["pid"], axis=1), TypeError, "a column of kind id",
    ),
    "a unit's result beside its rows": (
        lambda t: t["visits"].groupby("pid")["cost"].transform("sum"), AttributeError, "merge it",
    ),
    "least text": (lambda t: t["visits"].groupby("pid")["ward"].min(), TypeError, "a number, a boolean"),
    "rows limited": (lambda t: t["beds"].limit_per_unit(3), ValueError, "no id of a privacy unit"),
    "no rows": (lambda t: t["visits"].limit_per_unit(0), ValueError, "between 1 and"),
    "half a row": (lambda t: t["visits"].limit_per_unit(1.5), TypeError, "whole number"),
    "every duplicate": (lambda t: t["visits"].drop_duplicates(keep=False), ValueError, "keep must be"),
    "an id as a number": (lambda t: t["visits"]["pid"] + 1, TypeError, "an id"),
    "an id's mean": (lambda t: t["visits"]["pid"].mean(eps=1), (ValueError, TypeError), "pid|column"),
    "groups by ids of no unit": (
        lambda t: t["visits"].drop_duplicates("ward").groupby("pid").size(), ValueError, "no id of a privacy unit",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_bound_or_no_meaning_is_one_sentence_and_free(
    private: Tables, vault: SocketVault, name: str
) -> None:
    use, error, sentence = REFUSED[name]
    vault.charges()
    with pytest.raises(error, match=sentence):
        use(private)
    assert vault.charges() == ()


def test_where_then_dropna_keeps_the_ids_of_the_rows_that_are_left(private: Tables) -> None:
    plain, patients = tables()["patients"], private["patients"]
    old = patients.where(patients["age"] > 60)
    kept = old.dropna()
    assert list(kept.columns) == ["pid", "region", "age"]
    assert kept.terms["pid"].expression == patients.terms["pid"].expression
    merged = merge(kept, private["visits"], on="pid")
    expected = merge(plain[plain["age"] > 60], tables()["visits"], on="pid")
    assert merged["cost"].count(eps=EPS) == pytest.approx(expected["cost"].count(), abs=8)
    assert old["age"].count(eps=EPS) == pytest.approx((plain["age"] > 60).sum(), abs=2)
    with pytest.raises((TypeError, ValueError), match="an id"):
        merge(old, private["visits"], on="pid")
