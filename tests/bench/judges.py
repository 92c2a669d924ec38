"""What policy and types cost: every ordinary cell of the tests judged by a real, warm checker behind its socket."""

import contextlib
import time
from collections.abc import Iterator

from ag_kernel.compiler.checker_client import CheckerClient
from ag_kernel.compiler.examine import examine
from tests.bench import goals
from tests.bench.timing import Timing, table
from tests.kernel.compiler.conftest import Session, cells, checker_process

ROUNDS = 3


@contextlib.contextmanager
def _session() -> Iterator[Session]:
    with checker_process() as (ours, _):
        yield Session(CheckerClient(ours, patience=60)).start()


def judges() -> str:
    """Milliseconds per cell: parse, policy and compile; types; both."""
    ordinary = [one.source for one in cells("ordinary.txt")]
    spent: dict[str, list[float]] = {"parse, policy, compile": [], "types": [], "both": []}
    with _session() as session:
        for turn in range(ROUNDS + 1):
            for source in ordinary:
                start = time.perf_counter()
                examined = examine(source, 1)
                between = time.perf_counter()
                session.client.check(1, examined.source)
                end = time.perf_counter()
                session.client.accept(completed=True)
                if turn:
                    for name, seconds in zip(spent, (between - start, end - between, end - start), strict=True):
                        spent[name].append(seconds)
    timings = {name: Timing(seconds=tuple(values)) for name, values in spent.items()}
    goals.note(goals.JUDGES, timings["both"].median * 1e3)
    return table(f"policy and types of {len(ordinary)} ordinary cells, warm", timings, against="both")
