"""The floor: plain DuckDB, exact and private to nobody. Its answers have no error; what counts is time and memory."""

from pathlib import Path
from typing import Any

import duckdb
from answering import Runs, Task, serve


class Rows:
    """The file, scanned where it lies; or its copy in the engine's own format."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.engine = duckdb.connect(config={"threads": 4})
        if not job["own_file"]:
            self.engine.execute(f"CREATE VIEW t AS SELECT * FROM read_parquet('{job['file']}')")
            return
        copy = Path(job["file"]).with_suffix(".plain.duckdb")
        if not copy.exists():
            with duckdb.connect(copy) as writing:
                writing.execute(f"CREATE TABLE t AS SELECT * FROM read_parquet('{job['file']}')")
        self.engine.execute(f"ATTACH '{copy}' AS own (READ_ONLY)")
        self.engine.execute("CREATE VIEW t AS SELECT * FROM own.t")

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.engine.execute(query).fetchall()


def clamped(task: Task, column: str | None = None) -> str:
    """The column between its bounds, as every private answer takes it."""
    name = f'"{column or task["columns"][0]}"'
    return f"greatest(least({name}, {task['upper']}), {task['lower']})"


def one(word: str) -> Any:
    """A statistic of one column."""
    return lambda rows, task: [[float(rows.ask(f"SELECT {word}({clamped(task)}) FROM t")[0][0])]]


def quantiles(rows: Rows, task: Task) -> Runs:
    """Several quantiles of one column."""
    return [
        [float(v) for v in rows.ask(f"SELECT quantile_cont({clamped(task)}, {task['probabilities']}) FROM t")[0][0]]
    ]


def histogram(rows: Rows, task: Task) -> Runs:
    """Counts of bins of one width."""
    width = task["edges"][1] - task["edges"][0]
    place = f"least(floor(({clamped(task)} - {task['lower']}) / {width}), {len(task['edges']) - 2})"
    found = dict(rows.ask(f"SELECT {place}, count(*) FROM t GROUP BY 1"))
    return [[float(found.get(number, 0)) for number in range(len(task["edges"]) - 1)]]


def group_mean(rows: Rows, task: Task) -> Runs:
    """A mean per key, in the order of keys."""
    found = dict(rows.ask(f'SELECT "{task["by"]}", avg({clamped(task)}) FROM t GROUP BY 1'))
    return [[float(found[key]) for key in task["keys"]]]


def corr(rows: Rows, task: Task) -> Runs:
    """The correlation of two columns."""
    one, other = (clamped(task | task["bounds"][name], name) for name in task["columns"])
    return [[float(rows.ask(f"SELECT corr({one}, {other}) FROM t")[0][0])]]


def describe(rows: Rows, task: Task) -> Runs:
    """Count, mean, std and quartiles of each column."""
    each = [
        f"count({x}), avg({x}), stddev_samp({x}), quantile_cont({x}, 0.25), median({x}), quantile_cont({x}, 0.75)"
        for x in (clamped(task, column) for column in task["columns"])
    ]
    return [[float(value) for value in rows.ask(f"SELECT {', '.join(each)} FROM t")[0]]]


def repeated(rows: Rows, task: Task) -> Runs:
    """How many rows lie below each of many limits, asked one after the other."""
    column = f'"{task["columns"][0]}"'
    return [[float(rows.ask(f"SELECT count(*) FROM t WHERE {column} < {end}")[0][0]) for end in task["limits"]]]


if __name__ == "__main__":
    words = {"count": "count", "sum": "sum", "mean": "avg", "std": "stddev_samp", "var": "var_samp", "median": "median"}
    table = {"quartiles": quantiles, "histogram": histogram, "group_mean": group_mean, "describe": describe}
    table |= {"found_mean": group_mean, "corr": corr, "repeated": repeated}
    serve(Rows, {**{kind: one(word) for kind, word in words.items()}, **table})
