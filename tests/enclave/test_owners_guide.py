"""The owners' guide, followed to the letter: its commands in a shell, its cells in one notebook's namespace, in the order in which they stand there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import antigranular as ag
from tests.enclave.processes import eventually
from tests.enclave_server import running_enclave

GUIDE = (Path(__file__).resolve().parents[2] / "enclave" / "OWNERS.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def test_every_block_is_of_a_kind_that_is_run() -> None:
    assert {language for language, _ in BLOCKS} == {"sh", "python"}
    assert BLOCKS[0] == ("sh", "ag-enclave serve --state STATE\n")


@pytest.mark.slow
def test_a_day_by_the_guide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    # A machine that runs tests may have less room than what an enclave keeps free by itself.
    with running_enclave(tmp_path / "STATE", config="[uploads]\nfree_bytes = 0\n") as enclave:
        assert enclave.accounts["operator"]["user_secret"] in enclave.output()
        known = {"AG_ENCLAVE_URL": enclave.url, "AG_ENCLAVE_CA": enclave.ca, "AG_USER_ID": "operator"}
        known["AG_USER_SECRET"] = enclave.accounts["operator"]["user_secret"]
        for name, value in known.items():
            monkeypatch.setenv(name, value)
        secrets: dict[str, str] = {}
        names: dict[str, Any] = {"url": enclave.url, "ca": enclave.ca, "__name__": "__main__"}
        for number, (language, text) in enumerate(BLOCKS[1:], start=1):
            if language == "sh":
                for line in text.splitlines():
                    said = run(line)
                    if found := re.match(r"ag-enclave user add (\w+)", line):
                        secrets[found[1]] = said.strip()
                continue
            names |= {"secret": secrets["olga"], "hers": secrets["ann"]}
            cell(text, names, tmp_path / f"cell_{number}.py")
        log = [json.loads(line) for line in Path("log.jsonl").read_text().splitlines()][:-1]
        assert found_in(log) == EXPECTED
        abe = ag.connect(enclave.url, "abe", secrets["abe"], ca=enclave.ca)
        about = {entry["action"] for entry in abe.log.entries(50, subject="Our Village")}
        assert {"release", "dataset.upload", "cap", "review.approve"} <= about
        assert eventually(lambda: {"user.disable", "user.rotate"} <= {each["action"] for each in abe.log.entries(50)})
        with pytest.raises(ag.AgError):
            ag.connect(enclave.url, "ann", secrets["ann"], ca=enclave.ca)
    shown = capsys.readouterr().out
    assert "def over_seventy(data):" in shown
    assert re.search(r"\{'over seventy, to the hundred': \d00\}", shown)


EXPECTED = {
    "user.add",
    "dataset.upload",
    "cap",
    "release",
    "request.ask",
    "request.accept",
    "review.submit",
    "review.run",
}
EXPECTED |= {"review.ran", "review.approve"}


def found_in(log: list[dict[str, Any]]) -> set[str]:
    return {entry["action"] for entry in log} & EXPECTED


def run(line: str) -> str:
    """One command; an ``export`` is the reader's own address and secret."""
    if line.startswith("export "):
        assert set(re.findall(r"(AG_\w+)=", line)) <= os.environ.keys()
        return ""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(line, shell=True, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    return done.stdout


def cell(text: str, names: dict[str, Any], file: Path) -> None:
    """A cell, from a file, so that functions in it have a source."""
    file.write_text(text)
    exec(compile(text, file, "exec"), names)
