"""Runs one peer's script on one job in its own process, and reads its answers as far as they came. Knows no statistic."""

import json
import os
import subprocess
import threading
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
    """The answers of a job that may take so many seconds in all."""
    job = {"file": str(data.file), "at_once": at_once, "memory_mb": 4096, "tasks": tasks}
    command = [str(python), str(HERE / peer.script)]
    log = data.file.parent / f"{peer.script}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=data.file.parent,
            env=os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "PYTHONWARNINGS": "ignore"},
            start_new_session=True,
        )
    timer = threading.Timer(patience, lambda: os.killpg(process.pid, 9))
    timer.start()
    try:
        out, _ = process.communicate(json.dumps(job))
    finally:
        timer.cancel()
    lines = [json.loads(line) for line in out.splitlines()]
    found = {line.pop("task"): line for line in lines if "task" in line}
    peak = next((line["peak_mb"] for line in lines if "peak_mb" in line), None)
    return Answers(by_task=found, peak_mb=peak, late=peak is None)
