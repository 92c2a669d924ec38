"""Tries a planted bug: a temporary copy of the tree, one text changed, the tests that should notice. Never touches the tree itself."""

import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.house.tree import ROOMS, ROOT
from tests.mutants import nursery
from tests.mutants.mutant import Mutant

_PARTS = (*ROOMS, "tests", "pyproject.toml")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
_PYTEST = ("-x", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider")
FAILED_TESTS, ALL_PASSED = 1, 0
"""What a trial's status says; any other means that the bug is no bug but a wreck, that its tests don't exist, or that they took too long."""


@dataclass(frozen=True)
class Outcome:
    """``by``: the first test that failed; none where the bug survived. ``wreck``: why it was no trial at all."""

    mutant: Mutant
    by: str | None
    seconds: float
    wreck: str = ""


class Copy:
    """A copy of the tree, in which bugs are planted one after the other, and the process that runs tests in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for part in _PARTS:
            source, target = ROOT / part, folder / part
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*cache"))
            else:
                shutil.copy(source, target)
        script = str(Path(nursery.__file__))
        # Not as a module: our own code must not be imported before the fork.
        self._nursery = subprocess.Popen(
            [sys.executable, "-P", script, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def check(self, tests: tuple[str, ...]) -> tuple[int, str]:
        """Run tests in the copy on its own code: the exit status, and what was said."""
        into, back = self._nursery.stdin, self._nursery.stdout
        assert into is not None
        assert back is not None
        print(json.dumps([*_PYTEST, *tests]), file=into, flush=True)
        status = int(back.readline())
        return status, (self._folder / "said").read_text()

    def try_out(self, mutant: Mutant) -> Outcome:
        """Plant the bug, run its tests, take it out again."""
        path = self._folder / mutant.file
        sound = path.read_text()
        if sound.count(mutant.old) != 1:
            return Outcome(mutant, None, 0.0, "its text is not in the tree exactly once")
        began = time.monotonic()
        try:
            path.write_text(sound.replace(mutant.old, mutant.new))
            status, said = self.check(mutant.tests)
        finally:
            path.write_text(sound)
        seconds = time.monotonic() - began
        if status == ALL_PASSED:
            return Outcome(mutant, None, seconds)
        failed = _FAILED.search(said)
        if status != FAILED_TESTS or failed is None:
            return Outcome(mutant, None, seconds, said[-2000:])
        return Outcome(mutant, failed[1], seconds)

    def close(self) -> None:
        """Let the process end."""
        self._nursery.communicate()
