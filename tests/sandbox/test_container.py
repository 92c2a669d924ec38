"""Inside a default container the jail closes all the same, and a whole session works; ``container`` says what is simulated and what isn't."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT
from tests.sandbox.container import command, ordinary

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None or os.geteuid() != 0, reason="the simulation needs bubblewrap and root"
)
IS_LIKE_ONE = """
import ctypes, json
libc = ctypes.CDLL(None, use_errno=True)
def refused(*call):
    return ctypes.get_errno() if libc.syscall(*map(ctypes.c_long, call)) == -1 else 0
status = open("/proc/self/status").read()
print(json.dumps([refused(272, 0x10000000), refused(435, 0, 0), refused(56, 0x10000000, 0, 0, 0, 0), status.split("CapEff:")[1].split()[0]]))
"""


def inside(folder: Path, *program: str) -> "subprocess.CompletedProcess[str]":
    with command(folder) as (words, descriptors):
        return run([*words, sys.executable, *program], descriptors)


def run(words: list[str], descriptors: tuple[int, ...] = ()) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": "/tmp/work", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        words, pass_fds=descriptors, env=environment, cwd="/", capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the three calls are asked for by their numbers on x86_64")
def test_the_simulation_refuses_what_a_container_refuses(tmp_path: Path) -> None:
    done = inside(tmp_path, "-c", IS_LIKE_ONE)
    assert done.returncode == 0, done.stderr
    # CapEff is Docker's documented default set.
    assert json.loads(done.stdout) == [errno.EPERM, errno.ENOSYS, errno.EPERM, "00000000a80425fb"]


def test_the_smallest_session_works_in_a_container_with_a_user_per_process(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # above the state directory everybody may pass, as in an image
    done = inside(tmp_path, "-m", "tests.sandbox.smallest", "/tmp/work")
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert abs(float(told["answer"].split()[0]) - 1000) < 60  # scale 1: a false alarm once in e^60 runs
    assert told["missing"] == ["cgroups", "namespaces"]
    assert len(set(told["users"])) == len(told["users"]) >= 3
    assert min(told["users"]) > 1_000_000


def test_a_container_that_must_have_namespaces_is_told_that_it_has_none(tmp_path: Path) -> None:
    (tmp_path / "enclave.toml").write_text('[jail]\nnamespaces = "required"\n')
    serve = [
        "-m",
        "tests.enclave.serve_odd_rooms",
        "serve",
        "--state",
        "/tmp/work/state",
        "--port",
        "0",
        "--config",
        "/tmp/work/enclave.toml",
    ]
    done = inside(tmp_path, *serve)
    assert done.returncode == 1
    assert re.search(r"jail.namespaces is required, but the host lets the \w+ have no file tree", done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.skipif("AG_TORTURE_ROUNDS" not in os.environ, reason="one whole enclave more: make torture")
def test_an_ordinary_user_s_session_has_namespaces_of_its_own(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    done = run([*ordinary(tmp_path), sys.executable, "-m", "tests.sandbox.smallest", "/tmp/work"])
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert abs(float(told["answer"].split()[0]) - 1000) < 60
    assert (set(told["users"]), told["missing"]) == ({65000}, ["cgroups", "users"])
