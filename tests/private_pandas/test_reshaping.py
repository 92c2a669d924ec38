"""Names, texts, points in time and rows changed by public values mean what pandas means by them, through a real vault.

ε is large here, so that answers are within a few half widths of pandas'; each check allows eight of them, which noise exceeds with a
probability below 1e-9.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import op_pandas
from op_pandas.vault import SocketVault
from tests.private_pandas import clinic
from tests.private_pandas.served import odometer, served

METADATA = """
description: made for a test
budget: {epsilon: 100000, delta: 1.0e-6, per_analyst: {epsilon: 100000}, per_call: {epsilon: 1000}}
tables:
  train:
    unit: row
    columns:
      a: {type: int, lower: 0, upper: 100, nullable: true}
      b: {type: float, lower: -50, upper: 50, nullable: true}
      c: {type: int, lower: 10, upper: 60}
      word: {type: str, nullable: true}
      sex: {type: str, categories: [f, m]}
      seen: {type: datetime, lower: 2020-01-01, upper: 2026-01-01, nullable: true}
"""
EPS = 500


def rows(count: int = 2000) -> pd.DataFrame:
    rng = np.random.default_rng(9)
    a = pd.Series(rng.integers(0, 101, count), dtype="Int64").mask(pd.Series(rng.random(count) < 0.1))
    b = pd.Series(rng.uniform(-50, 50, count).round(1)).mask(pd.Series(rng.random(count) < 0.1))
    word = pd.Series(rng.choice(["Alpha", "beta 7", "gamma", "42", ""], count), dtype="object")
    seen = pd.Series(pd.Timestamp("2020-03-01") + pd.to_timedelta(rng.integers(0, 2000 * 24, count), unit="h"))
    return pd.DataFrame(
        {
            "a": a, "b": b, "c": rng.integers(10, 61, count), "word": word.mask(word == ""), "sex": rng.choice(["f", "m"], count),
            "seen": seen.mask(pd.Series(rng.random(count) < 0.1)),
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SocketVault]:
    with served(tmp_path_factory.mktemp("state"), METADATA, {"train": rows()}) as found:
        yield found


@pytest.fixture
def private(vault: SocketVault) -> Any:
    op_pandas.bind(vault)
    return op_pandas.load_dataset("Clinic")["train"]


def same(released: Any, truth: float) -> None:
    assert abs(float(released) - float(truth)) <= 8 * released.ag.half_widths + 1e-6


TRUTHS: dict[str, Callable[[Any], Any]] = {
    "contains": lambda f: f["word"].str.contains("a"),
    "contains a pattern": lambda f: f["word"].str.contains(r"^[A-Z]|\d$"),
    "contains a point": lambda f: f["word"].str.contains(".", regex=False),
    "contains in any case": lambda f: f["word"].str.contains("ALPHA", case=False),
    "matches": lambda f: f["word"].str.match("[a-z]+"),
    "matches whole": lambda f: f["word"].str.fullmatch("[0-9]+"),
    "starts": lambda f: f["word"].str.startswith("be"),
    "starts with one of": lambda f: f["word"].str.startswith(("be", "Al")),
    "ends": lambda f: f["word"].str.endswith("a"),
    "lower": lambda f: f["word"].str.lower() == "alpha",
    "upper": lambda f: f["word"].str.upper() == "ALPHA",
    "strip": lambda f: f["word"].str.strip() == "gamma",
    "lstrip": lambda f: f["word"].str.lstrip() == "gamma",
    "rstrip": lambda f: f["word"].str.rstrip() == "gamma",
    "capitalize": lambda f: f["word"].str.capitalize() == "Beta 7",
    "replace in texts": lambda f: f["word"].str.replace("a", "o", regex=False) == "beto 7",
    "slice": lambda f: f["word"].str[1:3] == "lp",
    "slice from the end": lambda f: f["word"].str[-1] == "7",
    "slice by name": lambda f: f["word"].str.slice(0, 2) == "be",
    "get": lambda f: f["word"].str.get(0) == "A",
    "digits": lambda f: f["word"].str.isdigit(),
    "letters": lambda f: f["word"].str.isalpha(),
    "all small": lambda f: f["word"].str.islower(),
    "year": lambda f: f["seen"].dt.year == 2022,
    "strftime": lambda f: f["seen"].dt.strftime("%Y-%m") == "2021-02",
    "replace a category": lambda f: f["sex"].replace({"f": "m", "m": "f"}) == "f",
    "replace null": lambda f: f["word"].replace(np.nan, "none") == "none",
    "replace several": lambda f: f["c"].replace([10, 11, 12], 60) == 60,
    "cases": lambda f: f["c"].case_when([(f["c"] > 50, 1), (f["c"] > 30, 2)]) == 2,
    "idxmax": lambda f: f[["a", "b", "c"]].idxmax(axis=1) == "a",
    "idxmin": lambda f: f[["a", "b", "c"]].idxmin(axis=1) == "b",
    "filter by a text": lambda f: f.filter(like="se")["sex"] == "m",
    "filter by a pattern": lambda f: f.filter(regex="^s.x$")["sex"] == "m",
    "prefix": lambda f: f.add_prefix("x_")["x_c"] > 20,
    "suffix": lambda f: f.add_suffix("_x")["c_x"] > 20,
}  # fmt: skip


@pytest.mark.parametrize("name", TRUTHS)
def test_a_truth_is_that_of_pandas(private: Any, name: str) -> None:
    truth = TRUTHS[name](rows())
    same(TRUTHS[name](private).sum(eps=EPS), truth.fillna(value=False).astype(bool).sum())


NUMBERS: dict[str, Callable[[Any], Any]] = {
    "length": lambda f: f["word"].str.len().clip(0, 20),
    "find": lambda f: f["word"].str.find("a").clip(-1, 20),
    "month": lambda f: f["seen"].dt.month,
    "day": lambda f: f["seen"].dt.day,
    "hour": lambda f: f["seen"].dt.hour,
    "day of the week": lambda f: f["seen"].dt.dayofweek,
    "weekday": lambda f: f["seen"].dt.weekday,
    "day of the year": lambda f: f["seen"].dt.day_of_year,
    "quarter": lambda f: f["seen"].dt.quarter,
    "the largest of a row": lambda f: f[["a", "b", "c"]].max(axis=1),
    "the smallest of a row": lambda f: f[["a", "b", "c"]].min(axis=1),
    "combined": lambda f: f["b"].combine_first(f["c"]),
    "replaced": lambda f: f[["a", "c"]].replace({10: 20})["c"],
    "a frame combined": lambda f: f[["a", "c"]].combine_first(f[["b"]])["b"],
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_that_of_pandas(private: Any, name: str) -> None:
    same(NUMBERS[name](private).mean(eps=EPS), NUMBERS[name](rows()).astype("float64").mean())


def test_the_largest_of_a_row_lies_within_the_bounds_of_its_columns(private: Any) -> None:
    assert private[["a", "b", "c"]].max(axis=1).metadata == (-50, 100)
    assert private[["a", "b", "c"]].min(axis=1).metadata == (-50, 100)


def test_a_sample_is_a_share_drawn_by_lot(private: Any, vault: SocketVault) -> None:
    before = odometer(vault)
    sample = private.sample(frac=0.25, random_state=4)
    assert odometer(vault) == before
    assert sample["c"].count(eps=EPS) == pytest.approx(500, abs=160)
    assert private["c"].sample(frac=0.25, random_state=4).count(eps=EPS) == pytest.approx(
        sample["c"].count(eps=EPS), abs=2
    )


@pytest.mark.parametrize(
    ("use", "says"),
    [
        (lambda f: f["c"].str, ".str is for a series of texts; c is int"),
        (lambda f: f["word"].dt, ".dt is for a series of points in time; word is str"),
        (lambda f: f["word"].str.wrap(3), r"wrap is not available on .str of a PrivateSeries; use map"),
        (lambda f: f["seen"].dt.tz_localize("UTC"), "tz_localize is not available on .dt"),
        (lambda f: f["word"].str.replace("a+", "b", regex=True), "re.sub"),
        (lambda f: f["word"].str["x"], "sliced by characters"),
        (lambda f: f.filter(), "one of items, like and regex"),
        (lambda f: f.idxmax(), "would show a row"),
        (lambda f: f.sample(5), "how many rows there are is private"),
        (lambda f: f[["word"]].max(axis=1), "no column to take the max of"),
        (lambda f: f["c"].replace({1: 2}, 3), "not both"),
    ],
)
def test_what_is_not_there_is_refused_in_one_sentence(private: Any, use: Any, says: str) -> None:
    with pytest.raises((AttributeError, TypeError, ValueError), match=says):
        use(private)


def test_names_change_for_nothing() -> None:
    frame = clinic.private()
    asked: Any = frame.rows.vault
    before = len(asked.asked)
    assert next(iter(frame.add_prefix("p_").columns)) == "p_age"
    assert list(frame.filter(items=["weight", "nonsense", "age"]).columns) == ["weight", "age"]
    assert len(asked.asked) == before
