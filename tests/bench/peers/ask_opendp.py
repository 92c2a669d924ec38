"""OpenDP's Polars context. Rows come or go, as with us, and noise is exact; it wants a public bound on how many rows there are.

It has no std and no var; its mean needs a public n, so one is made of a sum and a count that share ε.
"""

import math
from typing import Any

import opendp.prelude as dp
import polars as pl
from answering import Runs, Task, serve

CANDIDATES = 1000
"""Points between the bounds that a quantile is chosen among; each is scored."""
MOST_KEYS = 1000
"""Where keys are unknown, it wants a public bound on how many there are."""


class Rows:
    """The file, scanned lazily; of a small one as many copies as runs are wanted at once, each a group that gets the whole ε."""

    def __init__(self, job: dict[str, Any]) -> None:
        dp.enable_features("contrib")
        self.copies = int(job["at_once"])
        rows = pl.scan_parquet(job["file"])
        numbers = pl.LazyFrame({"copy": list(range(self.copies))})
        self.rows = rows if self.copies == 1 else rows.join(numbers, how="cross").collect().lazy()

    def context(self, task: Task, *, queries: int = 1, secret: tuple[str, ...] = ()) -> Any:
        """A context for so many equal queries; more than one share ρ, which is better than ε. ``secret``: names whose keys are unknown."""
        exact = {"epsilon": task["epsilon"]} | ({"delta": task["delta"]} if secret else {})
        loss = dp.loss_of(**exact) if queries == 1 else dp.loss_of(rho=task["rho"])
        return dp.Context.compositor(
            data=self.rows,
            privacy_unit=dp.unit_of(contributions=1),
            privacy_loss=loss,
            split_evenly_over=queries,
            margins=[
                dp.polars.Margin(max_length=2 * task["rows"] * self.copies),
                *([dp.polars.Margin(by=secret, max_groups=MOST_KEYS * self.copies)] if secret else []),
            ],
        )

    def asked(self, query: Any, expressions: dict[str, Any], keys: dict[str, list[Any]] | None = None) -> list[Any]:
        """The released rows, ordered by copy and key: one dict of expressions each."""
        by = ({"copy": list(range(self.copies))} if self.copies > 1 else {}) | (keys or {})
        each = [expression.alias(name) for name, expression in expressions.items()]
        if not by:
            return query.select(*each).release().collect().rows(named=True)
        listed = pl.LazyFrame({"one": [1]})
        for name, values in by.items():
            listed = listed.join(pl.LazyFrame({name: values}), how="cross")
        table = query.group_by(*by).agg(*each).with_keys(listed.drop("one")).release().collect()
        known = {tuple(row[name] for name in by): row for row in table.rows(named=True)}
        return [known[key] for key in listed.drop("one").collect().rows()]

    def runs(self, found: list[Any]) -> Runs:
        """Numbers cut into runs."""
        size = len(found) // self.copies
        return [[float(value) for value in found[start : start + size]] for start in range(0, len(found), size)]


def filled(task: Task) -> Any:
    """The column without nulls, as sums want it."""
    return pl.col(task["columns"][0]).fill_null(0.0).fill_nan(0.0)


def bounds(task: Task) -> tuple[float, float]:
    """The public bounds."""
    return task["lower"], task["upper"]


def one(make: Any) -> Any:
    """A statistic that is one expression."""

    def ask(rows: Rows, task: Task) -> Runs:
        found = rows.asked(rows.context(task).query(), {"x": make(task)})
        return rows.runs([row["x"] for row in found])

    return ask


def quantile(task: Task, probability: float) -> Any:
    """A quantile among the candidates."""
    width = task["upper"] - task["lower"]
    points = [task["lower"] + width * number / CANDIDATES for number in range(CANDIDATES + 1)]
    return filled(task).dp.quantile(probability, points)


def mean(rows: Rows, task: Task) -> Runs:
    """A sum over a count, by key where there are keys."""
    both = {"s": filled(task).dp.sum(bounds(task)), "n": dp.len()}
    keys = {task["by"]: task["keys"]} if "by" in task else None
    found = rows.asked(rows.context(task).query(), both, keys)
    return rows.runs([row["s"] / max(row["n"], 1) for row in found])


def found_mean(rows: Rows, task: Task) -> Runs:
    """A sum over a count by key, of keys whose noisy counts reach a threshold."""
    names = [*(["copy"] if rows.copies > 1 else []), task["by"]]
    query = rows.context(task, secret=tuple(names)).query().group_by(*names)
    table = query.agg(filled(task).dp.sum(bounds(task)).alias("s"), dp.len().alias("n")).release().collect()
    known = {tuple(row[name] for name in names): row["s"] / max(row["n"], 1) for row in table.rows(named=True)}
    copies = [(copy,) for copy in range(rows.copies)] if rows.copies > 1 else [()]
    return [[float(known.get((*copy, key), math.nan)) for key in task["keys"]] for copy in copies]


def quartiles(rows: Rows, task: Task) -> Runs:
    """Several quantiles, which share ε."""
    names = {f"q{number}": quantile(task, q) for number, q in enumerate(task["probabilities"])}
    found = rows.asked(rows.context(task).query(), names)
    return rows.runs([row[name] for row in found for name in names])


def histogram(rows: Rows, task: Task) -> Runs:
    """Counts by bin, of public bins."""
    width, last = task["edges"][1] - task["edges"][0], len(task["edges"]) - 2
    place = ((pl.col(task["columns"][0]) - task["lower"]) / width).cast(pl.Int64).clip(0, last)
    query = rows.context(task).query().with_columns(place.alias("bin"))
    return rows.runs([row["n"] for row in rows.asked(query, {"n": dp.len()}, {"bin": list(range(last + 1))})])


def repeated(rows: Rows, task: Task) -> Runs:
    """How many rows lie below each of many limits, by Gaussian noise under concentrated privacy."""
    context = rows.context(task, queries=len(task["limits"]))
    column = pl.col(task["columns"][0])
    tall = [rows.asked(context.query().filter(column < end), {"n": dp.len()}) for end in task["limits"]]
    return [[float(answers[copy]["n"]) for answers in tall] for copy in range(rows.copies)]


if __name__ == "__main__":
    singles = {
        "count": one(lambda _task: dp.len()),
        "sum": one(lambda task: filled(task).dp.sum(bounds(task))),
        "median": one(lambda task: quantile(task, 0.5)),
    }
    table = {
        "quartiles": quartiles,
        "histogram": histogram,
        "group_mean": mean,
        "found_mean": found_mean,
        "repeated": repeated,
    }
    serve(Rows, {**singles, "mean": mean, **table})
