"""The peer over the network: jupyter_kernel_gateway, which relays a plain ipykernel over HTTP and websockets as we do, without walls.

Installed by the benchmark into a folder of its own beside the state, from the package index; its dependencies are those of JupyterLab.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

from websockets.sync.client import connect

from tests.enclave.raw_client import Channels

PACKAGE = "jupyter_kernel_gateway==3.0.1"
_READY_SECONDS = 30.0


class NotInstallable(Exception):
    """The peer can't be had here; its figures are left out, and that is said."""


@contextlib.contextmanager
def kernel_gateway(folder: Path) -> Iterator[Channels]:
    """A websocket to a kernel behind jupyter_kernel_gateway, ready for cells. NotInstallable where pip can't fetch it."""
    environment = _installed(folder / "kernel-gateway")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "kernel_gateway",
        f"--KernelGatewayApp.port={port}",
        "--KernelGatewayApp.ip=127.0.0.1",
    ]
    with (folder / "kernel-gateway.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
    try:
        kernel = _start_kernel(port)
        with connect(f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels", compression=None, max_size=None) as stream:
            channels = Channels(stream, uuid.uuid4().hex)
            channels.execute("pass")
            yield channels
    finally:
        process.terminate()
        process.wait(20)


def _installed(target: Path) -> dict[str, str]:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotInstallable(done.stderr.strip().splitlines()[-1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(target), os.environ.get("PYTHONPATH", "")])}


def _start_kernel(port: int) -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/kernels", data=b'{"name": "python3"}', method="POST")
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=_READY_SECONDS) as reply:
                return str(json.load(reply)["id"])
        except OSError:
            if time.monotonic() > deadline:
                raise NotInstallable("it did not start") from None
            time.sleep(0.1)
