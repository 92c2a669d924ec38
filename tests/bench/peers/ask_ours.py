"""Ours: the guest's dataframe over a real vault with its ledger on disk, in one process; replies leave at once.

What a notebook adds to each cell, whatever it asks, is measured by `make bench`.
"""

import itertools
import subprocess
import sys
import tempfile
from fractions import Fraction
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import yaml
from answering import Runs, Task, serve

import op_pandas
from ag_plan import messages
from ag_plan.codec import decode_message, encode_message
from ag_plan.messages import Message, Refused
from ag_vault.account import Cap, Event, admits, totals_of
from ag_vault.loading.metadata import Metadata
from ag_vault.serve import DatasetPlace, Settings, open_session, warm
from op_pandas.errors import refusal
from op_pandas.vault import bind


class Near:
    """A vault in this process, asked in the bytes it would be asked in over a socket."""

    def __init__(self, folders: dict[str, Path], job: dict[str, Any]) -> None:
        places = tuple(DatasetPlace(name=name, path=str(folder)) for name, folder in folders.items())
        self._session = open_session(
            Settings(
                session="peers",
                analyst="ann",
                datasets=places,
                ledger=f"{tempfile.mkdtemp()}/ledger.sqlite",
                schedule="immediate",
                threads=4,
                memory_bytes=job["memory_mb"] << 20,
            )
        )

    def ask(self, message: Message) -> Message:
        """The reply to a request."""
        reply = decode_message(self._session.reply(encode_message(message)), messages.REPLIES)
        if isinstance(reply, Refused):
            raise refusal(reply)
        return reply


class Rows:
    """The data set, loaded once, and an ε that is a little different each time: the same question would be answered from store."""

    def __init__(self, job: dict[str, Any]) -> None:
        file = Path(job["file"])
        folders = {"Peers": _loaded("Peers", file, file.with_suffix(".yaml"))}
        secret = [task for task in job["tasks"] if task["kind"] == "found_mean"]
        if secret:
            folders["Unlisted"] = _loaded("Unlisted", *_unlisted(file, secret[0]))
        warm()
        bind(Near(folders, job))
        self.frame: Any = op_pandas.load_dataset("Peers")
        self.unlisted: Any = op_pandas.load_dataset("Unlisted") if secret else None
        self.turn = itertools.count(1)

    def epsilon(self, task: Task, share: float = 1.0) -> Fraction:
        """What the task may spend, less what makes the question new."""
        return Fraction(task["epsilon"] * share).limit_denominator(10**6) * (1 - Fraction(next(self.turn), 10**8))


def _loaded(name: str, file: Path, metadata: Path) -> Path:
    """The folder of a data set, loaded the first time, in a process of its own: its memory is not that of answers."""
    folder = file.with_suffix(f".{name}")
    if not folder.exists():
        (key,) = Metadata.read(metadata).tables
        told = ("--name", name, "--metadata", str(metadata), "--table", f"{key}={file}", "--out", str(folder))
        subprocess.run([sys.executable, "-m", "ag_vault.load", *told], check=True, stdout=subprocess.DEVNULL)
    return folder


def _unlisted(file: Path, task: Task) -> tuple[Path, Path]:
    """A column and its keys, with metadata that say nothing of the keys and give every question as much δ as it gets elsewhere."""
    told = yaml.safe_load(file.with_suffix(".yaml").read_text())
    told["budget"] |= {"delta": 0.01, "per_call": {"epsilon": 10, "delta": 0.001}}
    ((key, table),) = told["tables"].items()
    columns = {name: table["columns"][name] for name in (*task["columns"], task["by"])}
    columns[task["by"]] = {"type": columns[task["by"]]["type"]}
    told["tables"] = {key: table | {"columns": columns}}
    folder = file.parent / "unlisted"
    folder.mkdir(exist_ok=True)
    narrow, metadata = folder / file.name, folder / "unlisted.yaml"
    metadata.write_text(yaml.safe_dump(told))
    with duckdb.connect() as engine:
        named = ", ".join(f'"{name}"' for name in columns)
        engine.execute(f"COPY (SELECT {named} FROM '{file}') TO '{narrow}' (FORMAT parquet)")
    return narrow, metadata


def one(word: str) -> Any:
    """A statistic of one column."""

    def ask(rows: Rows, task: Task) -> Runs:
        return [[float(getattr(rows.frame[task["columns"][0]], word)(eps=rows.epsilon(task)))]]

    return ask


def quartiles(rows: Rows, task: Task) -> Runs:
    """Several quantiles of one column, in one release."""
    found = rows.frame[task["columns"][0]].quantile(task["probabilities"], eps=rows.epsilon(task))
    return [[float(value) for value in found]]


def histogram(rows: Rows, task: Task) -> Runs:
    """Counts of bins."""
    counts, _ = rows.frame[task["columns"][0]].hist(bins=task["edges"], eps=rows.epsilon(task))
    return [[float(count) for count in counts]]


def group_mean(rows: Rows, task: Task) -> Runs:
    """A mean per key."""
    found = rows.frame.groupby(task["by"])[task["columns"][0]].mean(eps=rows.epsilon(task))
    return [[float(value) for value in np.ravel(found.loc[task["keys"]])]]


def found_mean(rows: Rows, task: Task) -> Runs:
    """A mean per key, of keys that nobody has listed; one that isn't found has none."""
    column = rows.unlisted.groupby(task["by"])[task["columns"][0]]
    found = column.mean(eps=rows.epsilon(task), delta=task["delta"])
    return [[float(value) for value in np.ravel(found.reindex(task["keys"]))]]


def corr(rows: Rows, task: Task) -> Runs:
    """The correlation of two columns."""
    return [[float(rows.frame[task["columns"]].corr(eps=rows.epsilon(task)).iloc[0, 1])]]


def describe(rows: Rows, task: Task) -> Runs:
    """Count, mean, std and quartiles of each column, in one release."""
    found = rows.frame[task["columns"]].describe(eps=rows.epsilon(task))
    table = found.loc[["count", "mean", "std", "25%", "50%", "75%"]]
    return [[float(value) for value in table.to_numpy().T.ravel()]]


def repeated(rows: Rows, task: Task) -> Runs:
    """How many rows lie below each of many limits, one after the other, each at the most ρ that so many may cost under the total."""
    rho = most(Cap(epsilon=Fraction(task["epsilon"]), delta=Fraction(str(task["delta"]))), len(task["limits"]))
    column = rows.frame[task["columns"][0]]
    new = 1 - Fraction(next(rows.turn), 10**8)
    return [[float((column < end).sum(rho=rho * new)) for end in task["limits"]]]


def most(cap: Cap, times: int) -> Fraction:
    """The largest ρ, to one part in a million, that the ledger admits so many times."""
    low, high = Fraction(0), cap.epsilon
    while high - low > cap.epsilon / 10**9:
        middle = (low + high) / 2
        total = reduce(add, [totals_of(Event(mechanism="", epsilon=None, rho=middle))] * times)
        low, high = (middle, high) if admits(cap, total) else (low, middle)
    return low


if __name__ == "__main__":
    singles = {word: one(word) for word in ("count", "sum", "mean", "std", "var", "median")}
    table = {"quartiles": quartiles, "histogram": histogram, "group_mean": group_mean, "describe": describe}
    serve(Rows, {**singles, **table, "found_mean": found_mean, "corr": corr, "repeated": repeated})
