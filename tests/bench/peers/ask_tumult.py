"""Tumult Analytics over a local Spark. Rows come or go, as with us; noise is exact."""

import os
import sys
from typing import Any

os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable

from answering import Runs, Task, serve
from pyspark.sql import SparkSession, functions
from tmlt.analytics import (
    AddOneRow,
    ApproxDPBudget,
    KeySet,
    PureDPBudget,
    QueryBuilder,
    RhoZCDPBudget,
    Session,
)


class Rows:
    """The file as a Spark table; of a small one as many copies as runs are wanted at once, each a group that gets the whole ε."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.copies = int(job["at_once"])
        spark = (
            SparkSession.builder.master("local[4]")
            .config("spark.sql.shuffle.partitions", "4")
            .config("spark.driver.memory", f"{job['memory_mb']}m")
            .getOrCreate()
        )
        spark.sparkContext.setLogLevel("ERROR")
        rows = spark.read.parquet(job["file"])
        rows = rows.select(*[functions.col(name).alias(_plain(name)) for name in rows.columns])
        self.rows = (
            rows.crossJoin(spark.range(self.copies).withColumnRenamed("id", "copy")) if self.copies > 1 else rows
        )

    def session(self, budget: Any) -> Any:
        """A session that can spend as much."""
        return Session.from_dataframe(budget, "t", self.rows, protected_change=AddOneRow())

    def asked(self, task: Task, make: Any, keys: dict[str, list[Any]] | None = None) -> Runs:
        """The answers to a query by copy and key, in order."""
        budget = PureDPBudget(task["epsilon"])
        return self.told(self.session(budget).evaluate(self.grouped(QueryBuilder("t"), make, keys), budget), keys)

    def grouped(self, query: Any, make: Any, keys: dict[str, list[Any]] | None) -> Any:
        """A query for each copy and key."""
        by = ({"copy": list(range(self.copies))} if self.copies > 1 else {}) | (keys or {})
        return make(query.groupby(KeySet.from_dict(by)) if by else query)

    def told(self, answered: Any, keys: dict[str, list[Any]] | None) -> Runs:
        """Rows of an answer, by copy, in the order of keys."""
        found = answered.toPandas()
        value = found.columns[-1]
        runs = []
        for copy in range(self.copies):
            own = found[found["copy"] == copy] if self.copies > 1 else found
            if keys:
                ((name, wanted),) = keys.items()
                own = own.set_index(name).loc[wanted]
            runs.append([float(number) for number in own[value]])
        return runs


def _plain(name: str) -> str:
    return name.replace(" ", "_")


def one(word: str) -> Any:
    """A statistic of one column."""

    def ask(rows: Rows, task: Task) -> Runs:
        place = task["columns"][0], task["lower"], task["upper"]
        return rows.asked(task, lambda query: getattr(query, word)(*place))

    return ask


def count(rows: Rows, task: Task) -> Runs:
    """How many rows there are."""
    return rows.asked(task, lambda query: query.count())


def quartiles(rows: Rows, task: Task) -> Runs:
    """Several quantiles, at a share of ε each."""
    place = task["columns"][0], task["lower"], task["upper"]
    share = task | {"epsilon": task["epsilon"] / len(task["probabilities"])}
    each = [
        rows.asked(share, lambda query, q=q: query.quantile(place[0], q, *place[1:])) for q in task["probabilities"]
    ]
    return [[found[copy][0] for found in each] for copy in range(rows.copies)]


def histogram(rows: Rows, task: Task) -> Runs:
    """Counts by bin; the last edge is a little further out, as its bins are half open."""
    width, last = task["edges"][1] - task["edges"][0], len(task["edges"]) - 2
    place = functions.least(
        functions.floor((functions.col(task["columns"][0]) - task["lower"]) / width), functions.lit(last)
    )
    before, rows.rows = rows.rows, rows.rows.withColumn("bin", place.cast("long"))
    try:
        return rows.asked(task, lambda query: query.count(), {"bin": list(range(last + 1))})
    finally:
        rows.rows = before


def group_mean(rows: Rows, task: Task) -> Runs:
    """A mean per key, of public keys."""
    place = task["columns"][0], task["lower"], task["upper"]
    return rows.asked(task, lambda query: query.average(*place), {task["by"]: task["keys"]})


def found_mean(rows: Rows, task: Task) -> Runs:
    """A mean per key, of keys that are found with half of ε and all of δ."""
    half, place = task["epsilon"] / 2, (task["columns"][0], task["lower"], task["upper"])
    names = [*(["copy"] if rows.copies > 1 else []), task["by"]]
    session = rows.session(ApproxDPBudget(task["epsilon"], task["delta"]))
    keys = session.evaluate(QueryBuilder("t").get_groups(names), ApproxDPBudget(half, task["delta"]))
    query = QueryBuilder("t").groupby(KeySet.from_dataframe(keys)).average(*place)
    table = session.evaluate(query, ApproxDPBudget(half, 0)).toPandas()
    known = {tuple(row[:-1]): float(row[-1]) for row in table[[*names, table.columns[-1]]].itertuples(index=False)}
    copies = [(copy,) for copy in range(rows.copies)] if rows.copies > 1 else [()]
    return [[known.get((*copy, key), float("nan")) for key in task["keys"]] for copy in copies]


def repeated(rows: Rows, task: Task) -> Runs:
    """How many rows lie below each of many limits, by Gaussian noise under concentrated privacy."""
    session = rows.session(RhoZCDPBudget(task["rho"]))
    share = RhoZCDPBudget(task["rho"] / len(task["limits"]) * (1 - 1e-9))
    tall = []
    for end in task["limits"]:
        query = QueryBuilder("t").filter(f"{task['columns'][0]} < {end}")
        tall.append(rows.told(session.evaluate(rows.grouped(query, lambda it: it.count(), None), share), None))
    return [[found[copy][0] for found in tall] for copy in range(rows.copies)]


if __name__ == "__main__":
    words = {"sum": "sum", "mean": "average", "std": "stdev", "var": "variance", "median": "median"}
    table = {
        "quartiles": quartiles,
        "histogram": histogram,
        "group_mean": group_mean,
        "found_mean": found_mean,
        "repeated": repeated,
    }
    serve(Rows, {"count": count, **{kind: one(word) for kind, word in words.items()}, **table})
