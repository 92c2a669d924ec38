"""Runs one peer's script on one job in its own process, and reads its answers as far as they came; or asks several in turns. Knows no statistic."""

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.peers.install import Peer
from tests.bench.peers.tasks import Data

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """By task: values and seconds, or why there are none. ``late``: the job was ended before all tasks were through."""

    by_task: dict[str, dict[str, Any]] = field(default_factory=dict)
    peak_mb: float | None = None
    late: bool = False


def run(peer: Peer, python: Path, data: Data, tasks: list[dict[str, Any]], *, at_once: int, patience: float) -> Answers:
    """The answers of a job that may take so many seconds in all, once it is ready: reading or loading a file is not counted."""
    process = _started(peer, python, data)
    with _ended_after(process, READY_SECONDS):
        _told(process, _job(peer, data, tasks, at_once=at_once))
    with _ended_after(process, patience):
        out, _ = process.communicate()
    lines = [json.loads(line) for line in out.splitlines()]
    found = {line.pop("task"): line for line in lines if "task" in line}
    peak = next((line["peak_mb"] for line in lines if "peak_mb" in line), None)
    return Answers(by_task=found, peak_mb=peak, late=peak is None)


READY_SECONDS = 900.0


@contextlib.contextmanager
def _ended_after(process: "subprocess.Popen[str]", seconds: float) -> Iterator[None]:
    """End the process and its children where what is done takes longer."""
    timer = threading.Timer(seconds, lambda: os.killpg(process.pid, 9))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _job(peer: Peer, data: Data, tasks: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"file": str(data.file), "memory_mb": 4096, "tasks": tasks, "own_file": peer.own_file, **more}


def _started(peer: Peer, python: Path, data: Data) -> "subprocess.Popen[str]":
    log = data.file.parent / f"{peer.script}.log"
    with log.open("w") as errors:
        return subprocess.Popen(
            [str(python), str(HERE / peer.script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=data.file.parent,
            env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "PYTHONWARNINGS": "ignore"},
            start_new_session=True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds of each run of one peer on one question, by the clock and of processors."""

    seconds: tuple[float, ...]
    processor: tuple[float, ...]


def in_turns(
    pythons: Mapping[Peer, Path],
    data: Data,
    tasks: list[dict[str, Any]],
    *,
    turns: int,
    without: Mapping[Peer, Sequence[str]],
) -> Iterator[tuple[str, dict[str, Cost]]]:
    """Of each question, what it cost those peers that have an answer, by their titles: all are ready, and asked in turns, as often as the task says in each.

    So a machine that others use is slow for all of them alike. A turn of one run before is not counted. ``without``: what a peer isn't asked.
    """
    with contextlib.ExitStack() as stack:
        ready: dict[Peer, subprocess.Popen[str]] = {}
        for peer, python in pythons.items():
            ready[peer] = stack.enter_context(_started(peer, python, data))
            stack.callback(ready[peer].stdin.close)  # type: ignore[union-attr]
            _told(ready[peer], _job(peer, data, tasks, at_once=1, turns=True))
        for task in tasks:
            asked = {peer: its for peer, its in ready.items() if task["name"] not in without.get(peer, ())}
            found: dict[Peer, list[dict[str, Any]]] = {peer: [] for peer in asked}
            for turn in range(turns + 1):
                for peer, process in asked.items():
                    answered = _told(process, {"task": task["name"], "runs": task["runs"] if turn else 1})
                    if turn and "seconds" in answered:
                        found[peer].append(answered)
            yield task["name"], {peer.title: _cost(each) for peer, each in found.items() if each}


def _told(process: "subprocess.Popen[str]", line: dict[str, Any]) -> dict[str, Any]:
    """The answer to one line; nothing where the process has ended."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a peer has no pipes")
    process.stdin.write(json.dumps(line) + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline() or "{}")
    return answer


def _cost(answers: list[dict[str, Any]]) -> Cost:
    seconds, processor = (tuple(value for each in answers for value in each[name]) for name in ("seconds", "processor"))
    return Cost(seconds=seconds, processor=processor)
