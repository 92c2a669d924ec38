"""What the scripts of all peers share: a job comes as JSON, each task is asked again and again, answers leave as JSON lines.

Runs in the peers' own environments: the standard library only. Knows no peer and no truth.
"""

import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

Task = dict[str, Any]
Runs = list[list[float]]
"""Independent answers to a task: one, or several where a peer answers them in one go."""
Ask = Callable[[Any, Task], Runs]


def serve(prepare: Callable[[dict[str, Any]], Any], asks: Mapping[str, Ask]) -> None:
    """Answer the job on stdin with what ``prepare`` makes of it; a line per task, and one about memory at the end."""
    job = json.load(sys.stdin)
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        state = prepare(job)
        for task in job["tasks"]:
            _say(out, {"task": task["name"], **_answered(state, task, asks)})
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    _say(out, {"peak_mb": peak / 1024})


def _answered(state: Any, task: Task, asks: Mapping[str, Ask]) -> dict[str, Any]:
    """Values and seconds of each run: ``runs`` of them, or as many as ``seconds`` are enough for, and one at least."""
    ask = asks.get(task["kind"])
    if ask is None:
        return {"missing": True}
    values: Runs = []
    seconds: list[float] = []
    start = time.perf_counter()
    try:
        while len(values) < task["runs"] and (not values or time.perf_counter() - start < task["seconds"]):
            begun = time.perf_counter()
            values += ask(state, task)
            seconds.append(time.perf_counter() - begun)
    except Exception as problem:  # noqa: BLE001 - whatever a peer can't do is a cell of the table
        return {"failed": f"{type(problem).__name__}: {problem}"[:200]}
    return {"values": values, "seconds": seconds}


def _say(out: Any, line: dict[str, Any]) -> None:
    out.write(json.dumps(line) + "\n")
    out.flush()
