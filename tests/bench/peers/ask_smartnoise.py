"""SmartNoise SQL over a pandas frame. Rows come or go, as with us; noise is exact, sums are of doubles. It has no median."""

import math
from typing import Any

import pandas as pd
from answering import Runs, Task, serve
from snsql import Privacy, from_df


class Rows:
    """The file as a frame; of a small one as many copies as runs are wanted at once, each a group that gets the whole ε."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.copies = int(job["at_once"])
        frame = pd.read_parquet(job["file"])
        numbers = pd.DataFrame({"copy": range(self.copies)})
        self.frame = frame.merge(numbers, how="cross") if self.copies > 1 else frame

    def asked(
        self,
        task: Task,
        what: str,
        *,
        by: str | None = None,
        where: str = "",
        epsilon: float = 0.0,
        secret: bool = False,
    ) -> list[Any]:
        """The rows of a query by copy and key."""
        keys = [*(["copy"] if self.copies > 1 else []), *([by] if by else [])]
        grouped = f" GROUP BY {', '.join(keys)}" if keys else ""
        query = f"SELECT {', '.join([*keys, what])} FROM t.t{where}{grouped}"
        wanted = epsilon or task["epsilon"]
        # Its ε is for each sum and count inside: a mean costs two of them, a variance three.
        cost, _ = self.reader(task, wanted, secret).get_privacy_cost(query)
        return list(self.reader(task, wanted * wanted / cost, secret).execute(query))[1:]

    def reader(self, task: Task, epsilon: float, secret: bool = False) -> Any:
        """A reader that spends so much on each sum and count of a query."""
        privacy = Privacy(epsilon=epsilon, delta=task["delta"])
        return from_df(self.frame, privacy=privacy, metadata=self.metadata(task, secret))

    def metadata(self, task: Task, secret: bool) -> dict[str, Any]:
        """What is public, as the library wants it. ``secret``: keys are only told where a noisy count is large enough."""
        told = {"type": "float", "lower": task["lower"], "upper": task["upper"]}
        kinds = {"i": {"type": "int"}, "O": {"type": "string"}}
        table: dict[str, Any] = {"row_privacy": True, "censor_dims": secret, "rows": task["rows"] * self.copies}
        for name in self.frame.columns:
            table[name] = (
                told if name in task["columns"] else kinds.get(self.frame[name].dtype.kind, {"type": "string"})
            )
        return {"": {"t": {"t": table}}}

    def runs(self, found: list[Any], keys: list[Any] | None = None) -> Runs:
        """Answers by copy, in the order of keys."""
        known = {tuple(row[:-1]): math.nan if row[-1] is None else float(row[-1]) for row in found}
        copies = [(copy,) for copy in range(self.copies)] if self.copies > 1 else [()]
        if keys is None:
            return [[known[copy]] for copy in copies]
        return [[known.get((*copy, key), 0.0) for key in keys] for copy in copies]


def one(word: str) -> Any:
    """A statistic of one column."""
    return lambda rows, task: rows.runs(rows.asked(task, f"{word}({task['columns'][0]}) AS x"))


def count(rows: Rows, task: Task) -> Runs:
    """How many rows there are."""
    return rows.runs(rows.asked(task, "COUNT(*) AS x"))


def histogram(rows: Rows, task: Task) -> Runs:
    """Counts by bin."""
    width, last = task["edges"][1] - task["edges"][0], len(task["edges"]) - 2
    place = ((rows.frame[task["columns"][0]] - task["lower"]) // width).clip(0, last).astype(int)
    before, rows.frame = rows.frame, rows.frame.assign(bin=place)
    try:
        return rows.runs(rows.asked(task, "COUNT(*) AS x", by="bin"), list(range(last + 1)))
    finally:
        rows.frame = before


def group_mean(rows: Rows, task: Task) -> Runs:
    """A mean per key."""
    return rows.runs(rows.asked(task, f"AVG({task['columns'][0]}) AS x", by=task["by"]), task["keys"])


def found_mean(rows: Rows, task: Task) -> Runs:
    """A mean per key, of keys that many rows have."""
    found = rows.asked(task, f"AVG({task['columns'][0]}) AS x", by=task["by"], secret=True)
    known = {tuple(row[:-1]): row[-1] for row in found}
    copies = [(copy,) for copy in range(rows.copies)] if rows.copies > 1 else [()]
    means = [[known.get((*copy, key)) for key in task["keys"]] for copy in copies]
    return [[math.nan if each is None else float(each) for each in run] for run in means]


def repeated(rows: Rows, task: Task) -> Runs:
    """How many rows lie below each of many limits, at an even share of ε."""
    share = task["epsilon"] / len(task["limits"])
    column = task["columns"][0]
    tall = [
        rows.runs(rows.asked(task, "COUNT(*) AS x", where=f" WHERE {column} < {end}", epsilon=share))
        for end in task["limits"]
    ]
    return [[found[copy][0] for found in tall] for copy in range(rows.copies)]


if __name__ == "__main__":
    words = {"sum": "SUM", "mean": "AVG", "std": "STDDEV", "var": "VAR"}
    table = {"histogram": histogram, "group_mean": group_mean, "found_mean": found_mean, "repeated": repeated}
    serve(Rows, {"count": count, **{kind: one(word) for kind, word in words.items()}, **table})
