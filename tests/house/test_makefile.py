"""What ``make install`` does where Debian has left the venv module out: install it as root, else say so in one sentence."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT

PYTHON = """#!/bin/sh
case "$*" in *ensurepip*) exit 1;; *version_info*) exit 0;; esac
echo "python3 $*" >> told
exit 1
"""
"""A Python without ensurepip, that gets no further than being asked for a venv."""


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    programs = {
        "python3": PYTHON,
        "apt-get": '#!/bin/sh\necho "apt-get $*" >> told\n',
        "id": "#!/bin/sh\necho $USER_NUMBER\n",
    }
    (tmp_path / "bin").mkdir()
    for name, text in programs.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    return tmp_path


def install(folder: Path, user: int) -> "tuple[subprocess.CompletedProcess[str], list[str]]":
    environment = os.environ | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "USER_NUMBER": str(user)}
    environment.pop("MAKEFLAGS", None)
    done = subprocess.run(["make", "install"], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    told = folder / "told"
    return done, told.read_text().splitlines() if told.exists() else []


def test_root_gets_the_package_installed(bare: Path) -> None:
    _, told = install(bare, 0)
    assert told == ["apt-get -qq update", "apt-get -qq install --yes python3-venv", "python3 -m venv .venv"]


def test_anybody_else_is_told_what_to_ask_for(bare: Path) -> None:
    done, told = install(bare, 1000)
    assert (done.returncode != 0, told) == (True, [])
    assert "as root: apt-get install python3-venv" in done.stdout
    assert "Traceback" not in done.stderr
