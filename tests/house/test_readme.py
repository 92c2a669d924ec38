"""The README is run: its notebook cells in a notebook, its commands in a shell's place, its files as files."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import notebooks, warm
from tests.demo_data import demo_state
from tests.enclave_server import running_enclave, stop
from tests.house.tree import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
FILES = {"yaml": "readings.yaml", "csv": "readings.csv"}
READY_SECONDS = 150.0  # a processor that many want takes its time


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def commands(program: str) -> list[list[str]]:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [found for found in words if found and found[0] == program]


def test_every_block_is_of_a_kind_that_is_run() -> None:
    assert {name for name, _ in BLOCKS} <= {"python", "sh", "text", *FILES}
    programs = {shlex.split(line)[0] for block in blocks("sh") for line in block.splitlines() if line.strip()}
    assert programs <= {"make", "ag-enclave"}


@pytest.mark.parametrize("command", commands("make"), ids=" ".join)
def test_every_make_target_it_names_exists(command: list[str]) -> None:
    done = subprocess.run([*command, "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_target_for_people_has_its_row() -> None:
    rows = "\n".join(row.split("|")[1] for row in README.splitlines() if row.startswith("| `make "))
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets
    inner = {"python-venv", "database", "browser", "node"}  # run by others
    assert set(re.findall(r"make ([\w-]+)", rows)) == set(targets[1].split()) - inner


def test_it_tells_things_in_the_order_in_which_a_stranger_asks() -> None:
    headings = re.findall(r"^## (.*)$", README, re.MULTILINE)
    first = [
        "Two commands",
        "A notebook at work",
        "How it compares",
        "The guarantee, and what it does not cover",
        "The rooms",
    ]
    assert headings[: len(first)] == first


@pytest.mark.slow
def test_make_demo_does_the_main_job(tmp_path: Path) -> None:
    state = tmp_path / "demo"
    done = subprocess.run(
        [sys.executable, "examples/demo.py", "--state", str(state)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "make lab" in done.stdout


@pytest.mark.slow
def test_its_notebook_runs(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    notebook = notebooks.made_of(*blocks("python"))
    with running_enclave(demo_state(tmp_path_factory), demo=True) as enclave:
        analyst = enclave.accounts["analyst"]
        environment = os.environ | {
            "AG_ENCLAVE_URL": enclave.url,
            "AG_ENCLAVE_CA": enclave.ca,
            "AG_USER_ID": analyst["user_id"],
            "AG_USER_SECRET": analyst["user_secret"],
        }
        notebooks.run(notebook, tmp_path, environment=environment, timeout=120)
    shown = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert "malignant" in shown


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the files that the README shows, and the examples it names."""
    for language, name in FILES.items():
        (text,) = blocks(language)
        (tmp_path / name).write_text(text)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


@pytest.mark.slow
def test_its_owners_commands_run_in_order(desk: Path) -> None:
    for words in commands("ag-enclave"):
        if words[1] == "serve":
            command = [sys.executable, "-m", "ag_enclave", *words[1:]]
            assert serve_until_ready(command, desk)["url"].startswith("https://")
        else:
            done = warm.run(*words[1:], cwd=desk, timeout=60)
            assert done.returncode == 0, done.stderr
        if words[1] == "dataset":
            assert "clamped" in done.stdout


def serve_until_ready(command: list[str], folder: Path) -> dict[str, str]:
    """Start the server as written but on a free port, and stop it once it is ready; what its ready file said."""
    ready = folder / "ready.json"
    process = subprocess.Popen([*command, "--port", "0"], cwd=folder)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert ready.exists(), f"not ready: ended with {process.poll()}, or {READY_SECONDS} s were too few"
        content: dict[str, str] = json.loads(ready.read_text())
        return content
    finally:
        stop(process)
