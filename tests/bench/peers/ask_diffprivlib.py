"""diffprivlib on numpy arrays in memory. Its guarantee is weaker: the number of rows is public, and noise is added to doubles."""

from typing import Any

import diffprivlib
import numpy as np
import pandas as pd
from answering import Runs, Task, serve
from diffprivlib import tools


def prepare(job: dict[str, Any]) -> pd.DataFrame:
    """The whole file in memory; reading it is not counted."""
    return pd.read_parquet(job["file"])


def values(frame: pd.DataFrame, task: Task, column: str | None = None) -> Any:
    """A column as an array."""
    return frame[column or task["columns"][0]].to_numpy()


def told(task: Task, epsilon: float) -> dict[str, Any]:
    """The arguments all tools share."""
    return {"epsilon": epsilon, "bounds": (task["lower"], task["upper"])}


def one(word: str) -> Any:
    """A statistic of one column."""
    return lambda frame, task: [[float(getattr(tools, word)(values(frame, task), **told(task, task["epsilon"])))]]


def count(frame: pd.DataFrame, task: Task) -> Runs:
    """How many values there are: all are not NaN, which it is made to count."""
    return [[float(tools.count_nonzero(~np.isnan(values(frame, task)), epsilon=task["epsilon"]))]]


def quartiles(frame: pd.DataFrame, task: Task) -> Runs:
    """Several quantiles of one column; ε is split over them."""
    found = tools.quantile(values(frame, task), task["probabilities"], **told(task, task["epsilon"]))
    return [[float(value) for value in found]]


def histogram(frame: pd.DataFrame, task: Task) -> Runs:
    """Counts of bins."""
    counts, _ = tools.histogram(values(frame, task), epsilon=task["epsilon"], bins=task["edges"])
    return [[float(value) for value in counts]]


def group_mean(frame: pd.DataFrame, task: Task) -> Runs:
    """A mean per key, each with the whole ε; how many rows each has is public to it."""
    column, keys = values(frame, task), frame[task["by"]].to_numpy()
    bounds = told(task, task["epsilon"])
    return [[float(tools.mean(column[keys == key], **bounds)) for key in task["keys"]]]


def corr(frame: pd.DataFrame, task: Task) -> Runs:
    """A correlation of five means at a fifth of ε each: it has none. Of places around the middle, in [-1, 1], the kindest to it."""
    share = {"epsilon": task["epsilon"] / 5}
    one, other = (
        2 * (np.clip(values(frame, task, name), *bound.values()) - bound["lower"]) / (bound["upper"] - bound["lower"])
        - 1
        for name, bound in ((name, task["bounds"][name]) for name in task["columns"])
    )
    whole, square = share | {"bounds": (-1, 1)}, share | {"bounds": (0, 1)}
    x, y, xy = (tools.mean(each, **whole) for each in (one, other, one * other))
    xx, yy = (tools.mean(each * each, **square) for each in (one, other))
    spread = max(xx - x * x, 0) * max(yy - y * y, 0)
    return [[float(np.clip((xy - x * y) / spread**0.5, -1, 1)) if spread > 0 else 0.0]]


def describe(frame: pd.DataFrame, task: Task) -> Runs:
    """Six numbers of each column at a share of ε each: it has no describe."""
    found: list[float] = []
    share = task["epsilon"] / len(task["columns"]) / 6
    for name in task["columns"]:
        column, bounds = values(frame, task, name), told(task | task["bounds"][name], share)
        found += [tools.count_nonzero(~np.isnan(column), epsilon=share)]
        found += [tools.mean(column, **bounds), tools.std(column, **bounds)]
        found += [tools.quantile(column, q, **bounds) for q in (0.25, 0.5, 0.75)]
    return [[float(value) for value in found]]


def repeated(frame: pd.DataFrame, task: Task) -> Runs:
    """How many rows lie below each of many limits, under an accountant with the total."""
    accountant = diffprivlib.BudgetAccountant(epsilon=task["epsilon"], delta=task["delta"])
    share, _ = accountant.remaining(len(task["limits"]))
    column = values(frame, task)
    return [[float(tools.count_nonzero(column < end, epsilon=share, accountant=accountant)) for end in task["limits"]]]


if __name__ == "__main__":
    singles = {word: one(word) for word in ("sum", "mean", "std", "var", "median")}
    table = {"quartiles": quartiles, "histogram": histogram, "group_mean": group_mean, "describe": describe}
    serve(prepare, {"count": count, **singles, **table, "corr": corr, "repeated": repeated})
