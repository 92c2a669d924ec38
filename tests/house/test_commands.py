"""Style, types and arrows, checked by the tools that know them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOMS, ROOT, packages

BIN = Path(sys.executable).parent


def run(*command: str) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(str(ROOT / room) for room in ROOMS)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout[-6000:]}{done.stderr[-2000:]}", pytrace=False)


def test_every_file_follows_the_style() -> None:
    run(str(BIN / "ruff"), "check", ".")


def test_every_file_is_formatted() -> None:
    run(str(BIN / "ruff"), "format", "--check", ".")


def test_every_room_is_strictly_typed() -> None:
    run(str(BIN / "mypy"), *(part for package in packages() for part in ("-p", package.name)))


def test_every_import_points_down() -> None:
    run(str(BIN / "lint-imports"))
