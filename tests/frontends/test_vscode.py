"""``@jupyterlab/services`` under Node, with VS Code's settings and its calls in their order, over both wires."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.enclave_server import Enclave
from tests.frontends.conftest import Door

PROGRAM = Path(__file__).with_name("node") / "vscode.cjs"
WAYS = {"v1": ("v1", "token"), "json": ("json", "bearer")}


@pytest.fixture(scope="module", params=WAYS)
def seen(door: Door, request: pytest.FixtureRequest) -> dict[str, Any]:
    """What the program saw, step by step."""
    if shutil.which("node") is None or not PROGRAM.with_name("node_modules").is_dir():
        pytest.skip("there is no Node here, or its packages are missing")
    environment = {**os.environ, "NODE_EXTRA_CA_CERTS": door.environment["SSL_CERT_FILE"], "TOKEN": door.token}
    command = [str(shutil.which("node")), str(PROGRAM), door.url, *WAYS[request.param]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return {**json.loads(done.stdout.splitlines()[-1]), "way": request.param}


def test_it_finds_the_kernel_and_speaks_the_wire_meant(seen: dict[str, Any]) -> None:
    assert seen["specs"] == ["antigranular"] == [seen["defaultSpec"]]
    assert seen["protocol"] == ("v1.kernel.websocket.jupyter.org" if seen["way"] == "v1" else "")
    assert seen["tokenInAddress"] == (seen["way"] == "v1")
    assert seen["info"] == "python"
    assert seen["pong"]


def test_cells_run_fail_and_show_plots(seen: dict[str, Any]) -> None:
    assert (seen["first"]["status"], seen["first"]["text"]) == ("ok", "columns 5\n")
    assert "text/html" in seen["first"]["mimes"]
    assert seen["first"]["states"] == ["busy", "idle"]
    assert (seen["failed"]["status"], seen["failed"]["error"]) == ("error", "CellRefused")
    assert "image/png" in seen["plot"]


def test_names_complete_and_explain(seen: dict[str, Any]) -> None:
    assert "load_dataset" in seen["completed"]
    assert seen["inspected"]


def test_an_interrupt_keeps_variables_and_a_restart_forgets_them(seen: dict[str, Any]) -> None:
    assert seen["interrupted"]["error"] == "KeyboardInterrupt"
    assert seen["kept"] == "42\n"
    assert seen["forgotten"] == "CellRefused", "its name is unknown to the new kernel"


def test_a_cut_connection_loses_nothing_and_another_window_joins(seen: dict[str, Any]) -> None:
    assert seen["broken"][:2] == ["connecting", "connected"]
    assert seen["whole"].split() == [str(number) for number in range(40)]
    assert seen["second"] == "second\n"


def test_shutting_down_leaves_nothing_and_no_log_holds_the_token(
    seen: dict[str, Any], enclave: Enclave, door: Door
) -> None:
    assert seen["runningAfter"] == seen["runningBefore"]
    logs = [enclave.state / "serve.out", *(enclave.state / "logs").rglob("*")]
    written = b"".join(log.read_bytes() for log in logs if log.is_file())
    assert written
    assert door.token.encode() not in written
