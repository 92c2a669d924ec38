"""PipelineDP on its local backend: rows as Python tuples, one after the other. Rows come or go, as with us. It has no std."""

import math
from typing import Any

import pandas as pd
import pipeline_dp
from answering import Runs, Task, serve


class Rows:
    """The file as tuples; of a small one as many copies as runs are wanted at once, each a partition that gets the whole ε."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.copies = int(job["at_once"])
        frame = pd.read_parquet(job["file"])
        numbers = pd.DataFrame({"copy": range(self.copies)})
        self.frame = frame.merge(numbers, how="cross") if self.copies > 1 else frame.assign(copy=0)

    def asked(
        self, task: Task, metrics: list[Any], keys: Any = None, values: list[Any] | None = None, *, secret: bool = False
    ) -> dict[Any, Any]:
        """The released metrics by (copy, key). ``secret``: of the keys that it finds."""
        keys = pd.Series(0, index=self.frame.index) if keys is None else keys
        rows = list(zip(self.frame["copy"], keys, self.frame[task["columns"][0]], range(len(self.frame)), strict=True))
        accountant = pipeline_dp.NaiveBudgetAccountant(total_epsilon=task["epsilon"], total_delta=task["delta"])
        engine = pipeline_dp.DPEngine(accountant, pipeline_dp.LocalBackend())
        parameters = pipeline_dp.AggregateParams(
            noise_kind=pipeline_dp.NoiseKind.LAPLACE,
            metrics=metrics,
            max_partitions_contributed=1,
            max_contributions_per_partition=1,
            min_value=task["lower"],
            max_value=task["upper"],
        )
        extractors = pipeline_dp.DataExtractors(
            partition_extractor=lambda row: (row[0], row[1]),
            privacy_id_extractor=lambda row: row[3],
            value_extractor=lambda row: row[2],
        )
        public = None if secret else [(copy, key) for copy in range(self.copies) for key in (values or [0])]
        released = engine.aggregate(rows, parameters, extractors, public_partitions=public)
        accountant.compute_budgets()
        return dict(released)

    def runs(self, found: dict[Any, Any], name: str, values: list[Any] | None = None) -> Runs:
        """One metric by copy, in the order of keys."""
        keys = values or [0]
        return [[float(getattr(found[copy, key], name)) for key in keys] for copy in range(self.copies)]


def one(name: str, *metrics: Any) -> Any:
    """A metric of one column."""
    return lambda rows, task: rows.runs(rows.asked(task, list(metrics)), name)


def quartiles(rows: Rows, task: Task) -> Runs:
    """Several percentiles, of one tree."""
    names = [int(100 * q) for q in task["probabilities"]]
    found = rows.asked(task, [pipeline_dp.Metrics.PERCENTILE(name) for name in names])
    each = [rows.runs(found, f"percentile_{name}") for name in names]
    return [[one_of[copy][0] for one_of in each] for copy in range(rows.copies)]


def histogram(rows: Rows, task: Task) -> Runs:
    """Counts by bin."""
    width, last = task["edges"][1] - task["edges"][0], len(task["edges"]) - 2
    bins = list(range(last + 1))
    place = ((rows.frame[task["columns"][0]] - task["lower"]) // width).clip(0, last).astype(int)
    return rows.runs(rows.asked(task, [pipeline_dp.Metrics.COUNT], place, bins), "count", bins)


def group_mean(rows: Rows, task: Task) -> Runs:
    """A mean per key."""
    found = rows.asked(task, [pipeline_dp.Metrics.MEAN], rows.frame[task["by"]], task["keys"])
    return rows.runs(found, "mean", task["keys"])


def found_mean(rows: Rows, task: Task) -> Runs:
    """A mean per key, of keys that it finds."""
    found = rows.asked(task, [pipeline_dp.Metrics.MEAN], rows.frame[task["by"]], secret=True)
    each = [[found.get((copy, key)) for key in task["keys"]] for copy in range(rows.copies)]
    return [[math.nan if one is None else float(one.mean) for one in run] for run in each]


if __name__ == "__main__":
    metrics = pipeline_dp.Metrics
    singles = {
        "count": one("count", metrics.COUNT),
        "sum": one("sum", metrics.SUM),
        "mean": one("mean", metrics.MEAN),
        "var": one("variance", metrics.VARIANCE),
        "median": one("percentile_50", metrics.PERCENTILE(50)),
    }
    serve(
        Rows,
        {**singles, "quartiles": quartiles, "histogram": histogram, "group_mean": group_mean, "found_mean": found_mean},
    )
