"""The file tree of its own: what is in it, and a host that lets none be made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ag_sandbox import view
from tests.house.tree import ROOT
from tests.sandbox.conftest import GUESTS, Nurseries

WITHOUT_NAMESPACES = """
import ctypes, os, socket, sys
user, group = os.getuid(), os.getgid()
if ctypes.CDLL(None).unshare(0x10000000):
    sys.exit(77)
open("/proc/self/setgroups", "w").write("deny")
open("/proc/self/uid_map", "w").write(f"{user} {user} 1")
open("/proc/self/gid_map", "w").write(f"{group} {group} 1")
open("/proc/sys/user/max_mnt_namespaces", "w").write("0")
from ag_sandbox.nursery import Grants, Nursery
with Nursery.start(profile="kernel", entry="hostile:main") as nursery:
    ours, theirs = socket.socketpair()
    with nursery.spawn(sockets={"channel": theirs}, settings={}, grants=Grants(memory_bytes=1 << 30)):
        ours.sendall(b"answer = open('/etc/passwd')")
        print(nursery.enclosed, ours.recv(1000).decode())
"""


def test_a_host_that_lets_no_tree_be_made_still_gets_a_jail() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NAMESPACES],
        env=os.environ | {"PYTHONPATH": str(GUESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("this host lets no user namespace be made to try it in")
    assert done.stdout.startswith("False \"PermissionError: [Errno 13] Permission denied: '/etc/passwd'"), done.stderr


def test_a_tree_that_can_not_be_built_is_not_half_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attempt is made in another process: this one still sees its host afterwards."""
    monkeypatch.setattr(view, "_STAGE", "/proc/there-is-no-such-directory")
    assert not view.can_enclose(["/usr"])
    assert Path("/etc/passwd").exists()


def test_the_tree_holds_public_code_and_nothing_else(nurseries: Nurseries) -> None:
    if not nurseries["kernel"].enclosed:
        pytest.skip("this host lets no file tree be made, and says so in its report")
    tops = [
        "/boot",
        "/etc/passwd",
        "/home",
        "/media",
        "/mnt",
        "/opt",
        "/proc",
        "/run",
        "/srv",
        "/sys",
        "/var",
        "/dev/shm",
        "/dev/urandom",
        "/host",
    ]
    # The code itself may lie beneath one of these: a clone in somebody's home, Python in /opt.
    code = [Path(place).resolve() for place in (ROOT, sys.prefix, sys.base_prefix)]
    tops = [top for top in tops if not any(place.is_relative_to(top) for place in code)]
    guest = nurseries.guest()
    assert guest.run(f"answer = [top for top in {tops!r} if os.path.lexists(top)]") == "[]"
    assert guest.run("import this_is_absent") == "ModuleNotFoundError: No module named 'this_is_absent'"
    assert guest.run("import zipfile, html.parser; answer = os.path.isfile(zipfile.__file__)") == "True"
