"""`make bench`: the figures of the house, as ratios within one run."""

import argparse
import contextlib
import io
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from tests.bench import books, cells, charges, crowd, desk, functions, goals, judges, plan, sessions, uploads
from tests.bench.data import BOUND
from tests.bench.enclave import enclave_with, execute, session_in, start_session
from tests.bench.timing import Timing, interleave, table
from tests.enclave_server import Enclave

ROWS = 1_000_000


def ready(enclave: Enclave) -> str:
    """From login to the first cell's reply."""
    seconds = []
    for _ in range(8):
        start = time.perf_counter()
        session = start_session(enclave)
        session.execute("pass")
        seconds.append(time.perf_counter() - start)
        session.terminate_session()
    timings = {
        "first session": Timing(seconds=(seconds[0],)),
        "later sessions": Timing(seconds=tuple(seconds[1:])),
    }
    return table("login (token, session, channel) to the reply of the first cell", timings, against="first session")


def one_mean(enclave: Enclave, parquet: Path, schedule: str) -> str:
    """The mean of one column, end to end, against the same exact aggregate in plain DuckDB on the same rows."""
    plain = duckdb.connect(config={"threads": 4})
    source = f"read_parquet('{parquet}')"
    exact = f"SELECT avg(greatest(least(x1, {BOUND}), 0)), count(x1) FROM {source}"
    in_memory = duckdb.connect(config={"threads": 4})
    in_memory.execute(f"CREATE TABLE numbers AS SELECT * FROM {source}")
    turn = itertools.count(1)
    with session_in(enclave) as session:
        contestants = {
            "plain DuckDB, Parquet": lambda: plain.execute(exact).fetchall(),
            "plain DuckDB, in memory": lambda: in_memory.execute(exact.replace(source, "numbers")).fetchall(),
            "enclave, no-op cell": lambda: execute(session, "pass"),
            # Each turn asks at another eps: the same question again would get the stored answer.
            "enclave, mean of one column": lambda: execute(
                session, f"m = numbers['x1'].mean(eps={1 + next(turn) / 1e6})"
            ),
        }
        title = f"mean of one column over {ROWS:,} rows, reply schedule {schedule}"
        return table(title, interleave(contestants, runs=25), against="plain DuckDB, Parquet")


def overhead(enclave: Enclave) -> str:
    """What a release costs beside its cell, on small data: cells of many releases against cells of none, the difference shared out."""
    turn = itertools.count(1)
    # Each at another eps: the same question again would get the stored answer.
    releases = "for i, name in enumerate(names[:20]):\n    train_x[name].mean(eps=0.001 + (turn * 20 + i) / 1e9)"
    with session_in(enclave, "Breast Cancer") as session:
        execute(session, "train_x = breast_cancer['train_x']\nnames = list(train_x.columns)")
        contestants = {
            "enclave, no-op cell": lambda: execute(session, "pass"),
            "enclave, 20 means of 569 rows": lambda: execute(session, f"turn = {next(turn)}\n{releases}"),
        }
        timings = interleave(contestants, runs=25)
    none, many = timings.values()
    title = "releases of one mean over 569 x 30 values, reply schedule immediate"
    least, usual = min(many.seconds) - min(none.seconds), many.median - none.median
    shared = f"  each release: {least / 20 * 1e3:.2f} ms at best, {usual / 20 * 1e3:.2f} ms in the median; at most 5 ms is wanted"
    return f"{table(title, timings, against='enclave, no-op cell')}\n{shared}"


def with_goals(enclave: Enclave, folder: Path) -> Iterator[str]:
    """What a session and a cell cost beside the work of either, each as soon as it is measured; in the end all of it beside what is wanted."""
    yield cells.no_op(enclave, folder)
    yield judges.judges()
    yield sessions.ready(enclave)
    yield sessions.memory(enclave)
    yield sessions.interrupts(enclave)
    yield plan.round_trip(enclave.state)
    yield crowd.crowd(enclave)
    yield goals.table()


def beside_them(enclave: Enclave, folder: Path) -> Iterator[str]:
    """What else a session costs and carries."""
    yield desk.streaming_and_exports(enclave, folder)
    yield desk.importing()
    yield ready(enclave)
    yield overhead(enclave)
    yield charges.charges()
    yield books.books()


def main() -> None:
    """Print every table, each as soon as it is measured; or those alone of what has a goal."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--goals", action="store_true", help="only what has a goal")
    short = parser.parse_args().goals
    with tempfile.TemporaryDirectory(prefix="ag-bench-") as name, contextlib.redirect_stderr(io.StringIO()):
        folder = Path(name)
        for schedule in ("immediate",) if short else ("immediate", "default"):
            with enclave_with(folder, rows=ROWS, schedule=schedule) as enclave:
                if schedule == "immediate":
                    others = () if short else beside_them(enclave, folder)
                    for measured in itertools.chain(others, with_goals(enclave, folder)):
                        print(measured, end="\n\n", flush=True)
                if short:
                    return
                if schedule == "immediate":
                    print(
                        functions.mappers(),
                        functions.translated(enclave, ROWS),
                        uploads.uploads(enclave),
                        sep="\n\n",
                        end="\n\n",
                        flush=True,
                    )
                print(one_mean(enclave, folder / "files" / "numbers.parquet", schedule), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
