"""One real checker process for the room's tests, and `check`: a cell's problems by policy and types together."""

import contextlib
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ag_kernel.compiler.checker_client import CheckerClient
from ag_kernel.compiler.examine import examine
from ag_kernel.compiler.problem import Problem, in_order

CELLS = Path(__file__).parent / "cells"
NAMES = {
    "export": "export",
    "ag_print": "ag_print",
    "load_dataset": "load_dataset",
    "submit_predictions": "submit_predictions",
    "display": "display",
    "breast_cancer": {
        "title": "Breast Cancer",
        "single": True,
        "views": {"train_x": "frame", "train_y": "series", "test_x": "public"},
    },
    "hospital": {"title": "Hospital", "single": False, "views": {"patients": "frame", "visits": "frame"}},
    "patients": "frame",
    "age": "series",
    "clinic": "frames",
}
_MAIN = """
import json, socket, sys
from ag_kernel.compiler import checker
checker.main({"checker": socket.socket(fileno=int(sys.argv[1]))}, json.loads(sys.argv[2]))
"""


@contextlib.contextmanager
def checker_process(settings: str = "{}") -> Iterator[tuple[socket.socket, subprocess.Popen[bytes]]]:
    """A checker of its own, and the kernel's end of its socket."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", _MAIN, str(theirs.fileno()), settings],
                pass_fds=[theirs.fileno()],
                env={"PATH": os.environ["PATH"]},
            )
        yield ours, process
    process.wait(30)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a data file: its title, what is said about it (see the file), its text."""

    title: str
    said: tuple[str, ...]
    source: str


def cells(name: str, folder: Path = CELLS) -> list[Cell]:
    """The cells of a data file, which begin with lines `# %% title | … | …`."""
    text = (folder / name).read_text(encoding="utf-8")
    parts = re.split(r"^# %% (.*)\n", text, flags=re.MULTILINE)[1:]
    heads = ([word.strip() for word in head.split(" | ")] for head in parts[::2])
    return [
        Cell(title=head[0], said=tuple(head[1:]), source=source)
        for head, source in zip(heads, parts[1::2], strict=True)
    ]


@dataclass(slots=True)
class Session:
    """A kernel's view of one session: cells are checked, and accepted where nothing is wrong."""

    client: CheckerClient
    number: int = 0

    def start(self, *, strict: bool = False) -> "Session":
        self.client.start(NAMES, strict=strict)
        self.number = 0
        return self

    def check(self, source: str) -> tuple[Problem, ...]:
        """All problems of a cell; nothing is accepted."""
        self.number += 1
        examined = examine(source, self.number, injected=frozenset(NAMES))
        if any(one.kind == "syntax" for one in examined.problems):
            return examined.problems
        return in_order((*examined.problems, *self.client.check(self.number, examined.source)))

    def run(self, source: str, *, completed: bool = True) -> tuple[Problem, ...]:
        """Check, and tell the checker that the cell was run where nothing is wrong."""
        problems = self.check(source)
        if not problems:
            self.client.accept(completed=completed)
        return problems


@pytest.fixture(scope="session")
def checker() -> Iterator[CheckerClient]:
    with checker_process() as (ours, process):
        yield CheckerClient(ours, patience=60)
    assert process.returncode == 0


@pytest.fixture
def session(checker: CheckerClient) -> Session:
    return Session(checker).start()
