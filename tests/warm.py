"""Commands of the enclave without the second that each spends on imports: children of a process that has made them once.

A child is a process like any other: its own arguments, working directory, environment, output, signals and exit status. Knows nothing of what
commands do; what starting anew is itself in question for goes through ``subprocess``.
"""

import atexit
import contextlib
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, Never

ROOT = Path(__file__).resolve().parents[1]
_IMPORTED = ("ag_enclave.cli", "ag_enclave.serve", "ag_enclave.migrate", "ag_enclave.place", "ag_enclave.secrets")
_LARGEST = 1 << 20


class Process:
    """A child, as ``subprocess.Popen`` would show it."""

    def __init__(self, line: socket.socket) -> None:
        self.pid = int(line.recv(_LARGEST))
        self.returncode: int | None = None
        self._line = line

    def poll(self) -> int | None:
        """Its exit status, once it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, negative for a signal. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                word = self._line.recv(_LARGEST)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
            self.returncode = int(word)
            self._line.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def start(
    module: str,
    arguments: Sequence[str],
    *,
    output: BinaryIO,
    errors: BinaryIO,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Process:
    """Run a module as ``python -m`` would."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    order = {
        "module": module,
        "arguments": list(arguments),
        "cwd": str(cwd or Path.cwd()),
        "environment": dict(os.environ if environment is None else environment),
    }
    with theirs:
        word = json.dumps(order).encode()
        socket.send_fds(_parent(os.getpid()), [word], [theirs.fileno(), output.fileno(), errors.fileno()])
    return Process(ours)


def run(
    *arguments: str | Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    check: bool = False,
    timeout: float = 300.0,
) -> "subprocess.CompletedProcess[str]":
    """``ag-enclave`` with these arguments, to its end; ``subprocess.run``'s errors."""
    words = [str(each) for each in arguments]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = start("ag_enclave", words, output=output, errors=errors, cwd=cwd, environment=environment)
        try:
            status = process.wait(timeout)
        except BaseException:
            process.kill()
            raise
        said = []
        for stream in (output, errors):
            stream.seek(0)
            said.append(stream.read().decode())
    done = subprocess.CompletedProcess(["ag-enclave", *words], status, *said)
    if check:
        done.check_returncode()
    return done


@cache
def _parent(_of: int) -> socket.socket:
    """The line to the process that has imported; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.warm", str(theirs.fileno())],
            cwd=ROOT,
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
        )
    atexit.register(_end, ours, process)
    return ours


def _end(orders: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    """Waited for, so that what it and its children cost is of whoever asked."""
    orders.close()
    process.wait()


def _bear(orders: socket.socket) -> None:
    """A child per order, and its exit status to whoever gave the order, until nobody is left to give any."""
    lines: dict[int, socket.socket] = {}
    bell, rung = socket.socketpair()
    bell.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(bell.fileno())
    looks = selectors.DefaultSelector()
    for each in (orders, rung):
        looks.register(each, selectors.EVENT_READ)
    while True:
        for key, _ in looks.select():
            if key.fileobj is rung:
                rung.recv(_LARGEST)
                _tell(lines)
                continue
            word, descriptors, _, _ = socket.recv_fds(orders, _LARGEST, 3)
            if not word:
                return
            line = socket.socket(fileno=descriptors[0])
            pid = os.fork()
            if pid == 0:
                looks.close()
                for stream in (orders, bell, rung, line, *lines.values()):
                    stream.close()
                _become(json.loads(word), descriptors[1:])
            lines[pid] = line
            line.send(str(pid).encode())
            for descriptor in descriptors[1:]:
                os.close(descriptor)


def _tell(lines: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            with lines.pop(ended[0]) as line, contextlib.suppress(BrokenPipeError):
                line.send(str(os.waitstatus_to_exitcode(ended[1])).encode())


def _become(order: dict[str, Any], streams: Sequence[int]) -> Never:
    """The command; flushed and gone at its end, however it ends."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = [order["module"], *order["arguments"]]
    status = 0
    try:
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        status = _status(end.code)
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # those that must end first
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # without taking apart what was imported: that costs as much as importing it


def _status(code: object) -> int:
    """What the interpreter makes of an argument of ``sys.exit``."""
    if code is None or isinstance(code, int):
        return code or 0
    sys.stderr.write(f"{code}\n")
    return 1


def _import() -> None:
    for name in _IMPORTED:
        import_module(name)
    from ag_enclave.migrate import open_accounts

    with tempfile.TemporaryDirectory() as folder:  # what making a database imports, too
        open_accounts(Path(folder) / "accounts.sqlite").close()
    assert threading.active_count() == 1, "no thread outlives a fork"
    gc.collect()
    gc.freeze()  # a child that looks for garbage among them would copy them all


if __name__ == "__main__":
    _import()
    _bear(socket.socket(fileno=int(sys.argv[1])))
