"""What notebooks write every day means on private rows what it means in pandas: the same lines on both, compared through a real vault.

ε is large, so that answers are within a few half widths of pandas'; each check allows eight of them, which noise exceeds with a
probability below 1e-9.
"""

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import op_pandas
from op_pandas import pandas_calls as pd_
from op_pandas.vault import SocketVault
from tests.private_pandas.served import served

METADATA = """
description: made for a test
budget: {epsilon: 100000, delta: 1.0e-6, per_analyst: {epsilon: 100000}, per_call: {epsilon: 1000}}
tables:
  train:
    unit: row
    columns:
      age: {type: float, lower: 0, upper: 100}
      fare: {type: float, lower: 0, upper: 500}
      rank: {type: int, categories: [1, 2, 3]}
      sex: {type: str, categories: [female, male]}
      port: {type: str, categories: [S, C, Q]}
      name: {type: str}
      came: {type: datetime, lower: 2020-01-01, upper: 2021-01-01}
      left: {type: datetime, lower: 2020-01-01, upper: 2022-01-01}
"""
EPS = 500


def rows(count: int = 1500) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    came = pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 300 * 24, count), unit="h"))
    names = [f"{rng.choice(['Braund', 'Allen'])}, {rng.choice(['Mr.', 'Mrs.', 'Miss.'])} X" for _ in range(count)]
    return pd.DataFrame({
        "age": pd.Series(rng.uniform(0, 100, count).round(1)).mask(pd.Series(rng.random(count) < 0.1)),
        "fare": rng.uniform(0, 500, count).round(2),
        "rank": rng.choice([1, 2, 3], count),
        "sex": rng.choice(["female", "male"], count),
        "port": rng.choice(["S", "C", "Q"], count),
        "name": pd.Series(names, dtype="object").mask(pd.Series(rng.random(count) < 0.1)),
        "came": came,
        "left": came + pd.to_timedelta(rng.integers(0, 300 * 24, count), unit="h"),
    })  # fmt: skip


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SocketVault]:
    with served(tmp_path_factory.mktemp("state"), METADATA, {"train": rows()}) as found:
        yield found


@pytest.fixture
def private(vault: SocketVault) -> Any:
    op_pandas.bind(vault)
    return op_pandas.load_dataset("Clinic")["train"]


def set_where_missing(f: Any) -> Any:
    f.loc[f["age"].isna(), "age"] = 30
    return f["age"]


def set_where_true_and_null_elsewhere(f: Any) -> Any:
    f.loc[f["fare"] > 100, "rich"] = 1
    return f["rich"].fillna(0)


def set_to_another_column(f: Any) -> Any:
    f.loc[(f["sex"] == "male") & (f["rank"] == 1), ["age", "fare"]] = f["rank"]
    return f["fare"]


def set_all(f: Any) -> Any:
    f.loc[:, "age"] = f["fare"] / 5
    return f["age"]


def several_at_once(f: Any) -> Any:
    f[["a", "b"]] = f[["age", "fare"]]
    f[["c", "d"]] = 2
    f["e"] = f[["age"]]
    return f["b"] + f["d"] + f["e"].fillna(0)


def scaled_in_place(f: Any) -> Any:
    f[["age", "fare"]] = f[["age", "fare"]] / 100
    return f["fare"]


def without(f: Any) -> Any:
    return f.drop(columns=["sex"]).reset_index(drop=True)["fare"]


def banded(age: Any) -> int:
    if pd_.isna(age):
        return -1
    return 1 if pd_.notnull(age) and age > 40 else 0


def banded_by_a_loop(age: Any) -> int:
    bands = 0
    while not pd_.isnull(age) and bands * 10 < age:
        bands += 1
    return bands if pd_.notna(age) else -1


def since(came: Any) -> int:
    return (came - pd_.to_datetime("2019-12-31")).days


NUMBERS: dict[str, Callable[[Any], Any]] = {
    "loc of a condition": lambda f: f.loc[f["age"] > 30, "fare"],
    "loc of a condition and columns": lambda f: f.loc[f["age"] > 30, ["fare", "rank"]]["rank"],
    "loc of a condition alone": lambda f: f.loc[f["age"] > 30]["fare"],
    "loc of all rows": lambda f: f.loc[:, ["age", "fare"]]["fare"],
    "loc of a series": lambda f: f["fare"].loc[f["rank"] == 2],
    "set where missing": set_where_missing,
    "set where true": set_where_true_and_null_elsewhere,
    "set to another column": set_to_another_column,
    "set all": set_all,
    "several columns at once": several_at_once,
    "scaled in place": scaled_in_place,
    "a column less": without,
    "np.where": lambda f: np.where(f["age"] > 30, 1, 0),
    "np.where of columns": lambda f: np.where(f["sex"] == "male", f["fare"], 0),
    "np.select": lambda f: np.select([f["age"] < 16, f["sex"] == "male"], [1, 2], default=3),
    "np.log1p": lambda f: np.log1p(f["fare"]),
    "np.log1p in a function": lambda f: f["fare"].map(lambda v: np.log1p(v)),  # noqa: PLW0108 - as people write it
    "np.expm1": lambda f: np.expm1(f["age"] / 100),
    "np.square": lambda f: np.square(f["age"]),
    "np.log10": lambda f: np.log10(f["fare"] + 1),
    "np.clip": lambda f: np.clip(f["fare"], 10, 100),
    "np.round": lambda f: np.round(f["fare"], 1),
    "days between": lambda f: (f["left"] - f["came"]).dt.days,
    "seconds beyond days": lambda f: (f["left"] - f["came"]).dt.seconds,
    "all seconds": lambda f: (f["left"] - f["came"]).dt.total_seconds(),
    "hours by division": lambda f: (f["left"] - f["came"]) / pd.Timedelta(hours=1),
    "days since": lambda f: (f["left"] - pd.Timestamp("2020-01-01")).dt.days,
    "days until": lambda f: (pd.Timestamp("2023-01-01") - f["came"]).dt.days // 30,
    "a span added": lambda f: (f["came"] + pd.Timedelta(days=40)).dt.month,
    "a span taken": lambda f: (f["came"] - np.timedelta64(40, "D")).dt.month,
    "midnight": lambda f: (f["came"] - f["came"].dt.normalize()).dt.seconds,
    "weeks": lambda f: f["came"].dt.isocalendar().week,
    "years of weeks": lambda f: f["left"].dt.isocalendar()["year"],
    "days of weeks": lambda f: f["came"].dt.isocalendar().day,
    "the week in a function": lambda f: f["came"].map(lambda d: d.week),
    "numbers of categories": lambda f: f["port"].astype("category").cat.codes,
    "columns by place": lambda f: f.iloc[:, 0:2].iloc[:, -1],
    "columns by places": lambda f: f.iloc[:, [1, 0]]["fare"],
    "columns from one to another": lambda f: f.loc[f["fare"] > 100, "age":"rank"]["rank"],
    "rows of a group": lambda f: f.groupby("sex").get_group("male")["fare"],
    "rows of one column's group": lambda f: f.groupby(["sex", "rank"])["fare"].get_group(("male", 2)),
    "pd.cut": lambda f: pd_.cut(f["fare"], bins=[0, 100, 600], labels=[0, 1]).astype(float),
    "pd.concat": lambda f: pd_.concat([f[["age", "fare"]], f[["fare"]]])["fare"],
    "pd.concat of columns": lambda f: pd_.concat((each for each in (f[["age"]], f[["fare"]])), axis=1)["fare"],
    "pd.get_dummies": lambda f: pd_.get_dummies(f["port"], prefix="port", dtype=int)["port_Q"],
    "pd.isna": lambda f: pd_.isna(f["age"]),
    "pd.notnull": lambda f: pd_.notnull(f)["age"],
    "pd.to_datetime of dates": lambda f: pd_.to_datetime(f["came"]).dt.month,
    "pd.to_numeric": lambda f: pd_.to_numeric(f["rank"].astype(str), errors="coerce").clip(0, 9),
    "missing in a function": lambda f: f["age"].map(banded),
    "missing in a program": lambda f: (
        f["age"].map(banded_by_a_loop, output_bounds=(-1, 20))
        if not isinstance(f, pd.DataFrame)
        else f["age"].map(banded_by_a_loop)
    ),
    "missing as a function": lambda f: f["age"].map(pd_.isna),
    "a date in a function": lambda f: f["came"].map(since),
    "replaced by numbers": lambda f: f["sex"].replace({"male": 0, "female": 1}).astype(float),
    "replaced by a list": lambda f: f["port"].replace(["S", "C", "Q"], [0, 1, 2]).astype(float),
    "replaced in a column": lambda f: f.replace({"rank": {3: 9}})["rank"],
    "a function of a row": lambda f: f.apply(lambda r: r["fare"] / (r["rank"] + 1), axis=1),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_that_of_pandas(private: Any, name: str) -> None:
    step = NUMBERS[name]
    truth = pd.Series(step(rows())).astype("float64").mean()
    released = step(private.copy()).mean(eps=EPS)
    assert abs(float(released) - truth) <= 8 * released.ag.half_widths + 1e-6


TRUTHS: dict[str, Callable[[Any], Any]] = {
    "extracted": lambda f: f["name"].str.extract(r" ([A-Za-z]+)\.", expand=False) == "Mr",
    "extracted as a frame": lambda f: f["name"].str.extract(r"^(?P<last>\w+), (?P<title>\w+)")["title"] == "Mrs",
    "extracted and set": lambda f: f.assign(t=f["name"].str.extract(r" ([A-Za-z]+)\.", expand=False))["t"] == "Miss",
    "split": lambda f: f["name"].str.split(", ").str[1].str.split(".").str[0] == "Mr",
    "split by blanks": lambda f: f["name"].str.split().str.get(-1) == "X",
    "split beyond": lambda f: f["name"].str.split(",").str[5].isna(),
    "contains, else false": lambda f: f["name"].str.contains("Mrs", na=False),
    "starts, else true": lambda f: f["name"].str.startswith("All", na=True),
    "counted in texts": lambda f: f["name"].str.count("l") == 2,
    "texts put together": lambda f: f["sex"] + "_" + f["port"] == "male_S",
    "texts put before": lambda f: "is " + f["sex"] == "is male",
    "texts put together by name": lambda f: f["name"].str.cat(f["sex"], sep="/").str.endswith("/male", na=False),
    "days by name": lambda f: f["came"].dt.day_name() == "Monday",
    "months by name": lambda f: f["came"].dt.month_name().isin(["May", "June"]),
    "days by layout": lambda f: f["came"].dt.strftime("%A") == "Sunday",
    "short layouts": lambda f: f["came"].dt.strftime("%a %d %b %y, %I %p: 100%%") == "Wed 01 Jan 20, 12 AM: 100%",
    "days of the year": lambda f: f["came"].dt.strftime("%j-%u-%w") <= f["came"].dt.strftime("%j-%u-%w")
    if isinstance(f, pd.DataFrame)
    else f["came"].notna(),
    "the day in a function": lambda f: f["came"].map(lambda d: d.strftime("%A")[:2] == "Tu" or d.day_name() == "Friday"),
    "longer than": lambda f: (f["left"] - f["came"]) > pd.Timedelta(days=100),
    "named by np.where": lambda f: pd.Series(np.where(f["age"] > 30, "old", "young")) == "old"
    if isinstance(f, pd.DataFrame)
    else np.where(f["age"] > 30, "old", "young") == "old",
}  # fmt: skip


@pytest.mark.parametrize("name", TRUTHS)
def test_a_truth_is_that_of_pandas(private: Any, name: str) -> None:
    truth = TRUTHS[name](rows())
    released = TRUTHS[name](private).sum(eps=EPS)
    assert abs(released - truth.fillna(value=False).astype(bool).sum()) <= 8 * released.ag.half_widths + 1e-6


def test_groups_without_an_index_have_their_keys_as_columns(private: Any) -> None:
    means = private.groupby(["sex", "rank"], as_index=False)[["age", "fare"]].mean(eps=EPS)
    truth = rows().groupby(["sex", "rank"], as_index=False)[["age", "fare"]].mean()
    assert list(means.columns) == list(truth.columns)
    assert means[["sex", "rank"]].to_dict() == truth[["sex", "rank"]].to_dict()
    assert means["fare"].to_numpy() == pytest.approx(truth["fare"].to_numpy(), abs=5)
    assert list(private.groupby("sex", as_index=False)["fare"].mean(eps=EPS).columns) == ["sex", "fare"]
    assert list(private.groupby("sex", as_index=False).size(eps=EPS).columns) == ["sex", "size"]
    assert list(private.groupby("sex")["age", "fare"].mean(eps=EPS).columns) == ["age", "fare"]


def test_columns_are_dropped_by_any_of_the_names_that_pandas_or_notebooks_have_for_it(private: Any) -> None:
    wanted = [name for name in private.columns if name != "age"]
    for dropped in (private.drop(name="age"), private.drop("age"), private.drop(labels=["age"], axis=1)):
        assert list(dropped.columns) == wanted
    with pytest.raises(TypeError, match="names of columns"):
        private.drop("age", name="fare")


@pytest.mark.parametrize(
    ("use", "says"),
    [
        (lambda f: f.loc[3], "rows have no labels; keep rows with a condition"),
        (lambda f: f.loc[0:3, "age"], "rows have no labels"),
        (lambda f: f.loc[f["age"] > 3, "age":"nope"], "Column nope does not exist"),
        (lambda f: f.iloc[0:5], r"rows have no places; keep rows with frame\[condition\]"),
        (lambda f: f.iloc[0, 1], "rows have no places"),
        (lambda f: f["age"].iloc[0], "keep rows with"),
        (lambda f: f["came"].dt.strftime("%U"), "%U in the layout of a date .* use %Y %m %d %H"),
        (lambda f: f["came"].dt.strftime("%Y %"), "% in the layout of a date"),
        (
            lambda f: op_pandas.to_datetime(f["name"], format="%Y-%m-%"),
            "% in the layout of a date .* use %Y %m %d %H %M %S$",
        ),
        (lambda f: op_pandas.to_datetime(f["name"], format="%A %Y"), "%A in the layout of a date"),
        (lambda f: f.iloc[:, 40], "out of bounds"),
        (lambda f: f["came"].dt.to_period("M"), r"use \.dt\.strftime\('%Y-%m'\) for months"),
        (lambda f: f["name"].str.title(), r"use map\(lambda text: text\.title\(…\), output_categories="),
        (lambda f: f["age"].cat.codes, "age has no public categories"),
        (lambda f: f.groupby("sex").get_group("mael"), "'mael' is no key of sex"),
        (lambda f: f.groupby("sex").get_group(("male", 1)), "named by 1 keys"),
        (lambda f: pd_.qcut(f["fare"], 4), "its edges are quantiles, which cost eps: pd.cut"),
        (
            lambda f: pd_.crosstab(f["sex"], f["rank"]),
            r"its cells are counts, which cost eps: .*size\(eps=…\)\.unstack",
        ),
        (lambda f: pd_.pivot_table(f, index="sex"), "its cells are statistics, which cost eps"),
        (pd_.melt, "rows are private, so they can't become columns"),
        (lambda f: pd_.unique(f["sex"]), r"series\.unique\(eps=…\)"),
        (lambda f: pd_.isna([f["age"]]), "needs one private frame or series"),
        (pd_.to_numeric, "needs one column"),
        (lambda f: pd_.to_numeric(f["name"], errors="no"), "errors must be"),
        (pd_.to_datetime, "needs one private column"),
        (lambda f: f.loc[f["age"] > 3, "age", 1], "a condition and the names of columns"),
        (lambda f: f.loc.__setitem__((f["age"] > 3, "age"), [1, 2]), "a public list can't be paired"),
        (lambda f: f.__setitem__(["a", "b"], f[["age"]]), "2 names for 1 columns"),
        (lambda f: f["age", "fare"], "selected by a list"),
        (lambda f: f.groupby("sex", dropna=False), "missing keys make no group"),
        (lambda f: f.groupby("sex").agg("mean"), "each statistic has a cost of its own"),
        (lambda f: f.groupby("sex")["rank"].value_counts(eps=1), r"groupby\(\['group', 'column'\]\).size"),
        (lambda f: f.groupby("sex")["age"].transform("mean"), "beside its rows"),
        (lambda f: f["sex"].replace({"male": 0}), "leave texts beside 0: say what becomes of 'female', too"),
        (lambda f: f.replace({"nope": {1: 2}}), "Column nope does not exist"),
        (lambda f: f["name"].str.split(",", expand=True), "how many pieces a text has is private"),
        (lambda f: len(f["name"].str.split(",")), r"Pieces has no len\(\)"),
        (lambda f: f["name"].str.extract("x"), "no capture groups"),
        (lambda f: f["came"].dt.days, "difference of two points in time"),
        (lambda f: (f["left"] - f["came"]).dt.year, "of points in time; a difference of two has days"),
        (lambda f: f["age"].dt, "series of points in time"),
        (lambda f: np.mean(f["age"]), "np.mean is not available .* method mean, which takes eps"),
        (lambda f: np.concatenate([f["age"], f["fare"]]), "np.concatenate is not available"),
        (lambda f: np.where(f["age"], 1, 0), "a condition must be true or false"),
        (lambda f: np.where(f["age"] > 3, [1], 0), "a public list can't be paired"),
        (lambda f: f["name"].map(lambda s: s.nope()), r"\.nope\(…\), which texts don't have"),
        (lambda f: f[["age"]].join(f["fare"], on="rank"), "the other side has no column rank"),
        (lambda f: f["age"].isin(f["fare"]), "merge with it on their id"),
    ],
)
def test_what_can_t_be_is_one_sentence_that_says_what_to_do(private: Any, use: Any, says: str) -> None:
    with pytest.raises((AttributeError, IndexError, KeyError, TypeError, ValueError), match=says):
        use(private)


def test_the_days_of_all_years_are_named_as_python_names_them(vault: SocketVault) -> None:
    op_pandas.bind(vault)
    days = pd.Series(pd.date_range("1999-12-20", "2013-01-10", freq="53h"))
    written = [days.dt.strftime(layout) for layout in ("%A %a %B %b %y %j %I %p %w %u %%", "%H:%M:%S")]
    weeks = days.dt.isocalendar()
    told = {f"t{number}": texts for number, texts in enumerate(written)} | {name: weeks[name] for name in weeks}
    private = op_pandas.PrivateDataFrame(pd.DataFrame({"at": days} | told).astype(dict.fromkeys(weeks, "int64")))
    wrong = [private["at"].dt.strftime("%A %a %B %b %y %j %I %p %w %u %%") != private["t0"]]
    wrong += [private["at"].dt.strftime("%H:%M:%S") != private["t1"]]
    wrong += [private["at"].dt.isocalendar()[name] != private[name] for name in ("year", "week", "day")]
    assert all(abs(each.sum(eps=15)) < 3 for each in wrong)  # e^-45 by chance
    assert (
        abs((private["at"].dt.strftime("%H") == private["at"].dt.strftime("%I")).sum(eps=15) - len(days) / 2)
        < len(days) / 10
    )


def test_public_objects_meet_pandas_own_functions() -> None:
    frame = pd.DataFrame({"a": [1, None], "b": ["x", "y"]})
    pd.testing.assert_frame_equal(pd_.concat(part for part in (frame, frame)), pd.concat([frame, frame]))
    pd.testing.assert_frame_equal(pd_.crosstab(frame["a"], frame["b"]), pd.crosstab(frame["a"], frame["b"]))
    assert pd_.isna(frame["a"]).tolist() == [False, True]
    assert pd_.isna(None)
    assert pd_.qcut(pd.Series(range(4)), 2).nunique() == 2
    assert pd_.to_numeric("3") == 3
    assert "errors" in str(inspect.signature(pd_.to_datetime))


def test_keys_that_no_row_has_are_said_where_values_that_rows_have_are_left_out(private: Any) -> None:
    with pytest.warns(UserWarning, match=r"no row has 'Male' as sex: .* are female, male; did you mean male\?"):
        private["sex"].map({"Male": 0, "female": 1})
    with pytest.warns(UserWarning, match="no row has fare > 1000: it lies between 0 and 1000"):
        _ = private["fare"] * 2 > 1000
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        private["sex"].map({"male": 0, "female": 1, "other": 2})
        private["sex"].map({"male": 0})
        private["sex"].replace({"Male": "male"})
