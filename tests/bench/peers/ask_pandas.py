"""The other floor: plain pandas on a frame in memory. The read of the file is not counted."""

from typing import Any

import numpy as np
import pandas as pd
from answering import Runs, Task, serve


def prepare(job: dict[str, Any]) -> pd.DataFrame:
    """The whole file as a frame."""
    return pd.read_parquet(job["file"])


def clamped(frame: pd.DataFrame, task: Task) -> Any:
    """The column between its bounds, as every private answer takes it."""
    return frame[task["columns"][0]].clip(task["lower"], task["upper"])


def one(word: str) -> Any:
    """A statistic of one column."""
    return lambda frame, task: [[float(getattr(clamped(frame, task), word)())]]


def quantiles(frame: pd.DataFrame, task: Task) -> Runs:
    """Several quantiles of one column."""
    return [clamped(frame, task).quantile(task["probabilities"]).tolist()]


def histogram(frame: pd.DataFrame, task: Task) -> Runs:
    """Counts of bins."""
    return [np.histogram(clamped(frame, task), bins=task["edges"])[0].astype(float).tolist()]


def group_mean(frame: pd.DataFrame, task: Task) -> Runs:
    """A mean per key."""
    return [clamped(frame, task).groupby(frame[task["by"]]).mean().reindex(task["keys"]).tolist()]


def corr(frame: pd.DataFrame, task: Task) -> Runs:
    """The correlation of two columns."""
    told = [task["bounds"][name] for name in task["columns"]]
    one, other = (frame[name].clip(*bound.values()) for name, bound in zip(task["columns"], told, strict=True))
    return [[float(one.corr(other))]]


def describe(frame: pd.DataFrame, task: Task) -> Runs:
    """Count, mean, std and quartiles of each column."""
    found = frame[task["columns"]].clip(task["lower"], task["upper"]).describe()
    return [found.loc[["count", "mean", "std", "25%", "50%", "75%"]].to_numpy().T.ravel().tolist()]


def repeated(frame: pd.DataFrame, task: Task) -> Runs:
    """How many rows lie below each of many limits, asked one after the other."""
    return [[float((frame[task["columns"][0]] < end).sum()) for end in task["limits"]]]


if __name__ == "__main__":
    singles = {word: one(word) for word in ("count", "sum", "mean", "std", "var", "median")}
    table = {"quartiles": quantiles, "histogram": histogram, "group_mean": group_mean, "describe": describe}
    serve(prepare, {**singles, **table, "found_mean": group_mean, "corr": corr, "repeated": repeated})
