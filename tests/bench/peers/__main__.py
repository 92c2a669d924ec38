"""`make peers`: installs the other libraries, asks all of them the same, and prints the tables as Markdown, part by part."""

import argparse
import datetime as dt
import os
import tempfile
from pathlib import Path

from tests.bench.peers.install import PEERS, python_of
from tests.bench.peers.report import ROWS, errors, memory, memory_head, times, turns, turns_head
from tests.bench.peers.run import Answers, in_turns, run
from tests.bench.peers.tasks import DELTA, EPSILON, Data, numbers, tasks, tumours

FLOORS = ("plain", "native", "pandas")
PARTS = ("small", "error", "turns", "time", "memory")
"""``small``: errors on 569 rows; ``error``: on the fewest of the others."""
QUESTIONS = 16
"""By so much is a library's patience divided: it is enough for all questions, and for making ready."""
IN_TURNS = ("ours", "diffprivlib", "plain", "native")
"""Those that we are held against by a factor: they are asked in turns, so that a busy machine is busy for all."""
TURNS, RUNS = 5, 15
SECONDS = 5.0
"""For the runs of one turn; one at least."""
LONG = ("median", "quartiles", "describe")
MANY = 10**5
"""Rows above which diffprivlib takes minutes for these: they are in the table of times alone."""


def main() -> None:
    """Every table, each as soon as it is measured."""
    asked = _asked()
    pythons = {name: python_of(name, PEERS[name]) for name in PEERS if name in (*asked.peers, "plain")}
    for sentence in (python for python in pythons.values() if isinstance(python, str)):
        print(f"- {sentence}")
    usable = {name: python for name, python in pythons.items() if isinstance(python, Path)}
    print(f"Run of {dt.datetime.now(dt.UTC):%Y-%m-%d}, {os.cpu_count()} cores, ε = {EPSILON:g}, δ = {DELTA:g}.\n")
    with tempfile.TemporaryDirectory(prefix="ag-peers-") as name:
        folder = Path(name)
        if "small" in asked.parts:
            small = tumours(folder / "tumours")
            _print_errors(small, usable, runs=400, at_once=asked.copies, patience=3 * asked.patience)
        if "error" in asked.parts:
            middle = numbers(folder, asked.rows[0])
            _print_errors(middle, usable, runs=200, at_once=min(asked.copies, 20), patience=asked.patience)
        if "turns" in asked.parts:
            for rows in asked.rows:
                _print_turns(numbers(folder, rows), usable, asked.questions)
        if "time" in asked.parts:
            for rows in asked.rows:
                _print_times(numbers(folder, rows), usable, patience=asked.patience)
        if "memory" in asked.parts:
            _print_memory([numbers(folder, rows) for rows in asked.rows], usable, patience=asked.patience)


def _print_errors(data: Data, pythons: dict[str, Path], *, runs: int, at_once: int, patience: float) -> None:
    print(
        f"**Error on {data.name} rows** (root mean squared, over {runs} runs where it could be done, else as many as said)\n"
    )
    truth = run(PEERS["plain"], pythons["plain"], data, tasks(data, runs=1, seconds=60), at_once=1, patience=patience)
    found: dict[str, Answers] = {}
    for name, python in pythons.items():
        copies = at_once if PEERS[name].slow else 1
        if name in FLOORS or data.rows * copies > PEERS[name].most:
            continue
        asked = tasks(data, runs=200 if PEERS[name].slow else runs, seconds=patience / QUESTIONS)
        found[name] = run(PEERS[name], python, data, asked, at_once=copies, patience=patience)
    print("\n".join(errors(found, truth)), end="\n\n", flush=True)


def _print_times(data: Data, pythons: dict[str, Path], *, patience: float) -> None:
    print(
        f"**Time on {data.name} rows** (median of up to 7 runs; reading a file into memory, where a library wants that, not counted)\n"
    )
    asked = tasks(data, runs=7, seconds=patience / QUESTIONS)
    found = {
        name: run(PEERS[name], python, data, asked, at_once=1, patience=patience)
        for name, python in pythons.items()
        if data.rows <= PEERS[name].most
    }
    print("\n".join(times(found)), end="\n\n", flush=True)


def _print_turns(data: Data, pythons: dict[str, Path], questions: list[str]) -> None:
    print(f"**In turns, {data.name} rows** (up to {TURNS} turns of {RUNS} runs; in parentheses by processors' time)\n")
    print(turns_head())
    turned = {PEERS[name]: pythons[name] for name in IN_TURNS if name in pythons}
    without = {PEERS["diffprivlib"]: LONG} if data.rows > MANY else {}
    asked = [task for task in tasks(data, runs=RUNS, seconds=SECONDS) if task["name"] in questions]
    for name, costs in in_turns(turned, data, asked, turns=TURNS, without=without):
        print(turns(ROWS[name], costs), flush=True)
    print(flush=True)


def _print_memory(sizes: list[Data], pythons: dict[str, Path], *, patience: float) -> None:
    print("**Memory** (the most that the process had while it answered; Spark's own process counts)\n")
    print(memory_head(pythons))
    for data in sizes:
        wanted = [task for task in tasks(data, runs=1, seconds=60) if task["name"] in ("mean", "describe")]
        found = {
            name: run(PEERS[name], python, data, wanted, at_once=1, patience=patience)
            for name, python in pythons.items()
            if data.rows <= PEERS[name].most
        }
        print(memory(data.name, found, pythons), flush=True)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench.peers", description=__doc__)
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS), metavar="NAME")
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=PARTS)
    parser.add_argument("--questions", nargs="*", default=list(ROWS), choices=list(ROWS), help="of those in turns")
    parser.add_argument("--rows", nargs="*", type=int, default=[10**5, 10**6, 10**7])
    parser.add_argument(
        "--copies", type=int, default=200, help="runs that slow libraries answer at once, on small data"
    )
    parser.add_argument(
        "--patience", type=float, default=600.0, help="seconds for all questions of one library on one data set"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
