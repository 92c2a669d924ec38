"""``make mutants``: every planted bug and the test that caught it, as a table. Exit status 1 where one survived."""

import argparse
import contextlib
import itertools
import os
import queue
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.mutant import Mutant
from tests.mutants.table import MUTANTS
from tests.mutants.trial import ALL_PASSED, Copy, Outcome


def main() -> int:
    """Try all, or those whose names have one of the words; first the same tests on sound code, which must pass."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("words", nargs="*", help="parts of the names of bugs; all without")
    parser.add_argument("-j", "--jobs", type=int, default=min(os.cpu_count() or 1, 2), help="how many at a time")
    wanted = parser.parse_args()
    every = [mutant for group in MUTANTS.values() for mutant in group]
    picked = [mutant for mutant in every if not wanted.words or any(word in mutant.name for word in wanted.words)]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as closing:
        copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        for number in range(wanted.jobs):
            copies.put(copy := Copy(Path(folder) / str(number)))
            closing.callback(copy.close)
        with ThreadPoolExecutor(wanted.jobs) as pool:
            tests = sorted({test for mutant in picked for test in mutant.tests})
            files = [tuple(each) for _, each in itertools.groupby(tests, lambda test: test.partition("::")[0])]
            if not all(pool.map(lambda file: _sound(file, copies), files)):
                return 1
            outcomes = list(pool.map(lambda mutant: _tried(mutant, copies), picked))
    survivors = [outcome for outcome in outcomes if outcome.by is None]
    for outcome in survivors:
        print(f"\nSURVIVED: {outcome.mutant.name} ({outcome.mutant.file})", outcome.wreck, sep="\n")
    print(f"\n{len(outcomes) - len(survivors)} of {len(outcomes)} caught in {time.monotonic() - began:.0f} s")
    print(f"{len(outcomes) - len(survivors)} passed, {len(survivors)} failed")
    return int(bool(survivors))


def _sound(tests: tuple[str, ...], copies: "queue.SimpleQueue[Copy]") -> bool:
    copy = copies.get()
    try:
        status, said = copy.check(tests)
    finally:
        copies.put(copy)
    if status != ALL_PASSED:
        print(said[-3000:], f"{tests} fail without any bug ({status})", sep="\n", flush=True)
    return status == ALL_PASSED


def _tried(mutant: Mutant, copies: "queue.SimpleQueue[Copy]") -> Outcome:
    copy = copies.get()
    try:
        outcome = copy.try_out(mutant)
    finally:
        copies.put(copy)
    told = outcome.by or ("WRECK" if outcome.wreck else "SURVIVED")
    print(f"{mutant.name:62} | {outcome.seconds:5.1f} s | {told.removeprefix('tests/')}", flush=True)
    return outcome


if __name__ == "__main__":
    sys.exit(main())
