"""A PostgreSQL server of the test run's own: private, in a temporary folder, by unix socket only; one for all workers, started by the first that asks.

``tests.conftest`` says where it lives and ends it. Where none can be started, whoever asks is skipped, with the reason.
"""

import contextlib
import fcntl
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest

FOLDER = "AG_TEST_CLUSTER"
"""The variable that names the run's folder, and the process it belongs to: ``FOLDER:PID``."""
_PLACES = Path("/usr/lib/postgresql")
_GUARD = """
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=200 -c shared_buffers=32MB > "$2/server.log" 2>&1 &
while [ -d "/proc/$3" ] && [ ! -e "$2/stop" ]; do sleep 0.5; done
kill -INT $!
wait
"""
"""Ends the server with the run, however that ends."""


class NoServer(Exception):
    """One sentence: why there is none."""


def database() -> str:
    """The address of a new, empty database. Skips where there is no server to be had."""
    try:
        folder = _running()
    except NoServer as reason:
        pytest.skip(str(reason))
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(host=str(folder), user="tests", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://tests@/{name}?host={folder}"


@contextlib.contextmanager
def running(folder: Path) -> Iterator[str]:
    """A server of this process's own in that folder, for work that is no test. Gives why there is none, or nothing."""
    os.environ[FOLDER] = f"{short(folder)}:{os.getpid()}"
    _running.cache_clear()
    try:
        _running()
    except NoServer as reason:
        yield str(reason)
    else:
        yield ""
    finally:
        stop()


def short(folder: Path) -> Path:
    """A path to the folder that a socket's name has room in."""
    folder.mkdir()
    folder.chmod(0o755)
    link = Path(tempfile.mkdtemp(prefix="ag-", dir="/tmp")) / "s"
    link.parent.chmod(0o755)
    link.symlink_to(folder.absolute())
    return link


def connect(address: str) -> "psycopg.Connection[tuple[object, ...]]":
    """A connection beside those of what is tested, which sees the ledger's tables."""
    name, _, folder = address.partition("@/")[2].partition("?host=")
    return psycopg.connect(
        host=folder, user="tests", dbname=name, autocommit=True, options="-csearch_path=ag_ledger,ag_gateway"
    )


def stop() -> None:
    """End the run's server, if there is one."""
    folder = Path(os.environ[FOLDER].rpartition(":")[0])
    if (folder / "data").exists():
        (folder / "stop").touch()
        deadline = time.monotonic() + 10
        while (folder / "data" / "postmaster.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


@cache
def _running() -> Path:
    folder, _, owner = os.environ[FOLDER].rpartition(":")
    place = Path(folder)
    with _alone(place):
        if not (place / "ready").exists():
            _start(place, owner)
    return place


def _start(folder: Path, owner: str) -> None:
    programs = max(_PLACES.glob("*/bin"), key=lambda path: int(path.parent.name), default=None)
    found = programs or (Path(which).parent if (which := shutil.which("initdb")) else None)
    if found is None or not (found / "initdb").exists():
        raise NoServer("There is no PostgreSQL server on this host; on Debian, as root: apt-get install postgresql")
    user = None
    if os.geteuid() == 0:
        user = next((name for name in ("postgres", "nobody") if _known(name)), None)
        if user is None:
            raise NoServer("PostgreSQL won't run as root, and this host has nobody else to run it as")
        shutil.chown(folder, user)
    command = [found / "initdb", "-D", folder / "data", "-U", "tests", "--auth=trust", "--encoding=UTF8", "--no-sync"]
    made = subprocess.run(
        [*command, "--no-instructions", "--locale=C"], user=user, cwd="/", capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise NoServer(f"PostgreSQL's initdb fails here: {made.stderr.strip()[-200:]}")
    subprocess.Popen(
        ["sh", "-c", _GUARD, "sh", str(found), str(folder), owner],
        user=user,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(folder), user="tests", dbname="postgres").close()
            (folder / "ready").touch()
            return
        time.sleep(0.05)
    raise NoServer(f"PostgreSQL doesn't start here: {(folder / 'server.log').read_text()[-200:]}")


def _known(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name).pw_uid)
    except KeyError:
        return False


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
