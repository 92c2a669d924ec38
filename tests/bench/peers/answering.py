"""What the scripts of all peers share: a job comes as a line of JSON, each task is asked again and again, answers leave as JSON lines.

A job without patience for its tasks (``turns``) is asked one by one: each further line is a task's name and how often it is asked.

Runs in the peers' own environments: the standard library only. Knows no peer and no truth.
"""

import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Task = dict[str, Any]
Runs = list[list[float]]
"""Independent answers to a task: one, or several where a peer answers them in one go."""
Ask = Callable[[Any, Task], Runs]


def serve(prepare: Callable[[dict[str, Any]], Any], asks: Mapping[str, Ask]) -> None:
    """Answer the job on stdin with what ``prepare`` makes of it; a line per task, and one about memory at the end."""
    job = json.loads(sys.stdin.readline())
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        state = prepare(job)
        _forget_peak()
        for task in _wanted(out, job):
            _say(out, {"task": task["name"], **_answered(state, task, asks)})
    _say(out, {"peak_mb": _peak_mb()})


def _wanted(out: Any, job: dict[str, Any]) -> Iterator[Task]:
    """The job's tasks; or those that are asked for, as they are."""
    _say(out, {"ready": True})
    if not job.get("turns"):
        yield from job["tasks"]
        return
    tasks = {task["name"]: task for task in job["tasks"]}
    for line in sys.stdin:
        asked = json.loads(line)
        yield {**tasks[asked["task"]], "runs": asked["runs"]}


_STATUS = Path("/proc/self/status")


def _forget_peak() -> None:
    """Begin to note the most memory from here: what making ready took is nobody's question."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    """The most memory that this process has had since, with what it held then, or one of its children (Spark is one) at all."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    own = next(int(line.split()[1]) for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return max(own / 1024, children)


def _answered(state: Any, task: Task, asks: Mapping[str, Ask]) -> dict[str, Any]:
    """Values and seconds of each run: ``runs`` of them, or as many as ``seconds`` are enough for, and one at least."""
    ask = asks.get(task["kind"])
    if ask is None:
        return {"missing": True}
    values: Runs = []
    seconds: list[float] = []
    processor: list[float] = []
    start = time.perf_counter()
    try:
        while len(values) < task["runs"] and (not values or time.perf_counter() - start < task["seconds"]):
            begun, used = time.perf_counter(), time.process_time()
            values += ask(state, task)
            seconds.append(time.perf_counter() - begun)
            processor.append(time.process_time() - used)
    except Exception as problem:  # noqa: BLE001 - whatever a peer can't do is a cell of the table
        return {"failed": f"{type(problem).__name__}: {problem}"[:200]}
    return {"values": values, "seconds": seconds, "processor": processor}


def _say(out: Any, line: dict[str, Any]) -> None:
    out.write(json.dumps(line) + "\n")
    out.flush()
