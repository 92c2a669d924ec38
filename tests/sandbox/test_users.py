"""A user, a number space and a tree of its own for every child: what each of them keeps apart when all else is left out."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ag_sandbox import jail, numbers
from ag_sandbox.errors import JailRefused
from ag_sandbox.inmate import open_proc
from ag_sandbox.steps import user
from tests.sandbox.conftest import A_USER, GUESTS, Guest, Nurseries
from tests.sandbox.test_probe import walked

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
GROUP = A_USER + 1000


def guest_of(nurseries: Nurseries, profile: str, number: int, **grants: object) -> Guest:
    if not nurseries[profile].users:
        pytest.skip("this host lets no child be somebody else, or not everybody may read the code")
    return nurseries.guest(profile, user=A_USER + number, processes=4, **grants)


@AS_ROOT
@pytest.mark.parametrize("profile", ["kernel", "checker", "vault"])
def test_every_child_is_somebody_else(nurseries: Nurseries, profile: str) -> None:
    one, other = guest_of(nurseries, profile, 1), guest_of(nurseries, profile, 2)
    seen = [
        set(psutil.Process(guest.child.pid).uids()) | set(psutil.Process(guest.child.pid).gids())
        for guest in (one, other)
    ]
    assert seen == [{A_USER + 1}, {A_USER + 2}]
    assert one.run("answer = os.getuid(), os.geteuid()") == str((A_USER + 1, A_USER + 1))
    refused = one.run("os.setuid(0)")
    assert "PermissionError" in refused


@AS_ROOT
def test_users_alone_keep_processes_apart() -> None:
    """Neither Landlock nor seccomp nor numbers of their own: only the user differs."""
    victim = os.fork()
    if victim == 0:
        _become(A_USER + 1)
        signal.pause()
    attacker = os.fork()
    if attacker == 0:
        _become(A_USER + 2)
        os._exit(_refused(lambda: os.kill(victim, 0)) + 2 * _refused(Path(f"/proc/{victim}/mem").read_bytes))
    assert os.waitstatus_to_exitcode(os.waitpid(attacker, 0)[1]) == 3
    os.kill(victim, signal.SIGKILL)
    os.waitpid(victim, 0)


def _become(number: int) -> None:
    os.setgroups([])
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)


def _refused(attempt: object) -> bool:
    try:
        attempt()  # type: ignore[operator]
    except PermissionError:
        return True
    return False


@AS_ROOT
def test_the_step_left_out_is_found() -> None:
    steps = tuple(step for step in jail.STEPS if step is not user.apply)
    said = walked("kernel", steps, user=A_USER)
    assert said == f"{JailRefused.__name__}: the probe found holes: it is another user than was granted"
    assert walked("kernel", jail.STEPS, user=A_USER) == "locked"


@AS_ROOT
def test_vaults_of_a_group_share_what_they_write_and_nobody_else_may(nurseries: Nurseries, tmp_path: Path) -> None:
    shared = tmp_path / "ledger"
    shared.mkdir()
    os.chown(shared, 0, GROUP)
    shared.chmod(0o2770)
    book = shared / "book.sqlite"
    book.touch()
    book.chmod(0o660)
    os.chown(book, 0, GROUP)
    write = f"import sqlite3; c = sqlite3.connect({str(book)!r}); c.execute('pragma journal_mode=wal'); "
    one = guest_of(nurseries, "vault", 1, group=GROUP, write=(shared,), file_bytes=1 << 20)
    other = guest_of(nurseries, "vault", 2, group=GROUP, write=(shared,), file_bytes=1 << 20)
    assert one.run(write + "c.execute('create table t(x)'); c.commit()") == "None"
    assert other.run(write + "c.execute('insert into t values (1)'); c.commit()") == "None"
    assert one.run("answer = c.execute('select x from t').fetchall()") == "[(1,)]"
    outsider = guest_of(nurseries, "vault", 3, write=(shared,), file_bytes=1 << 20)
    assert "unable to open database file" in outsider.run(write)


def test_a_child_has_the_first_number_and_sees_no_other(nurseries: Nurseries) -> None:
    if not nurseries["vault"].alone:
        pytest.skip("this host lets no number space be made, and says so in its report")
    for profile in ("kernel", "vault"):
        guest = nurseries.guest(profile, processes=4)
        assert guest.run("answer = os.getpid()") == "1"
        assert guest.child.pid > 1
        assert guest.child.cpu_seconds() > 0


@pytest.mark.parametrize("chosen", list(numbers.Numbers))
def test_every_way_of_birth_tells_the_number_and_can_be_waited_for(chosen: numbers.Numbers) -> None:
    """In a process of its own: two of the ways change who adopts its children."""
    outer = os.fork()
    if outer == 0:
        space = numbers.home(open_proc())
        if chosen is not numbers.Numbers.SHARED and numbers.way(space) is numbers.Numbers.SHARED:
            os._exit(77)
        numbers.adopt(chosen)
        ended = []
        for status in (3, 4, 5):
            pid = numbers.bear(chosen, space)
            if pid == 0:
                os._exit(status)
            ended.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        os._exit(ended != [3, 4, 5])
    status = os.waitstatus_to_exitcode(os.waitpid(outer, 0)[1])
    if status == 77:
        pytest.skip("this host lets no number space be made")
    assert status == 0


STRANGER = """
import ctypes, os, socket, sys
user, group = os.getuid(), os.getgid()
if ctypes.CDLL(None).unshare(0x10000000):
    sys.exit(77)
open("/proc/self/setgroups", "w").write("deny")
open("/proc/self/uid_map", "w").write(f"{user} {user} 1")
open("/proc/self/gid_map", "w").write(f"{group} {group} 1")
from ag_sandbox import inmate, numbers
from ag_sandbox.nursery import Grants, Nursery
with Nursery.start(profile="kernel", entry="hostile:main", user=1090000001) as nursery:
    ours, theirs = socket.socketpair()
    for _ in range(3):
        child = nursery.spawn(sockets={"channel": theirs}, settings={}, grants=Grants(memory_bytes=1 << 30))
        ours.sendall(b"answer = os.getpid()")
        said = ours.recv(1000).decode()
        status = (child.kill(), child.wait(5))[1]
        child.close()
    print(numbers.way(numbers.home(inmate.open_proc())).name, nursery.enclosed, nursery.alone, nursery.users, said, status)
"""


def test_who_may_not_step_out_of_a_number_space_is_born_by_a_midwife() -> None:
    """As it is for an ordinary user: privileged in a user namespace of its own, and nowhere else."""
    done = subprocess.run(
        [sys.executable, "-c", STRANGER],
        env=os.environ | {"PYTHONPATH": str(GUESTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("this host lets no user namespace be made to try it in")
    assert done.stdout.split() == ["MIDWIFE", "True", "True", "False", '"1"', "-9"], done.stderr
