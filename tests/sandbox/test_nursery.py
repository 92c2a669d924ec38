"""A nursery's whole life: birth, interrupts, ends, orphans, zombies, its own death, and what a child inherits."""

import contextlib
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ag_sandbox.nursery import Grants, JailRefused, Nursery, NurseryGone
from tests.sandbox.conftest import GUESTS, Nurseries, start

ENDS_SOON = 60.0


def gone(pid: int) -> bool:
    """Whether a process ends within a short time, and leaves no zombie."""
    deadline = time.monotonic() + ENDS_SOON
    while psutil.pid_exists(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_a_child_gets_its_sockets_by_name_and_its_settings(nurseries: Nurseries) -> None:
    settings = {"session": "s", "limits": {"a": [1, 2.5, None, True]}, "name": "Zürich"}
    guest = nurseries.guest(settings=settings)
    assert guest.run("answer = settings") == repr(settings)
    assert guest.run("answer = sorted(sockets)") == "['channel']"


def test_a_child_has_several_sockets_in_the_right_order(nurseries: Nurseries) -> None:
    pairs = {name: socket.socketpair() for name in ("channel", "plan", "checker")}
    with nurseries["kernel"].spawn(
        sockets={name: pair[1] for name, pair in pairs.items()}, settings={}, grants=Grants(memory_bytes=1 << 30)
    ):
        pairs["channel"][0].sendall(
            b"for name, one in sockets.items():\n    if name != 'channel': one.sendall(name.encode())"
        )
        pairs["channel"][0].recv(100)
        assert pairs["plan"][0].recv(100) == b"plan"
        assert pairs["checker"][0].recv(100) == b"checker"
    for ours, theirs in pairs.values():
        ours.close()
        theirs.close()


@pytest.mark.parametrize("profile", ["kernel", "checker"])
def test_an_alarm_ends_a_child_that_hears_nothing(nurseries: Nurseries, profile: str) -> None:
    guest = nurseries.guest(profile)
    guest.line.sendall(b"signal.setitimer(signal.ITIMER_REAL, 0.2)\n10 ** 10 ** 9")
    assert guest.child.wait(ENDS_SOON) == signal.SIGALRM


def test_a_child_that_ends_says_how(nurseries: Nurseries) -> None:
    by_itself, with_status, failed, killed = (nurseries.guest() for _ in range(4))
    by_itself.line.close()
    with_status.run("raise_ = os._exit(3)")
    failed.run("sockets['channel'].close()")
    killed.child.kill()
    assert by_itself.child.wait(ENDS_SOON) == 0
    assert with_status.child.wait(ENDS_SOON) == 3
    assert failed.child.wait(ENDS_SOON) == 1
    assert killed.child.wait(ENDS_SOON) == -signal.SIGKILL


def test_waiting_longer_than_asked_for_is_an_error_and_changes_nothing(nurseries: Nurseries) -> None:
    guest = nurseries.guest()
    with pytest.raises(TimeoutError):
        guest.child.wait(0.01)
    assert guest.run("answer = 1") == "1"


@pytest.fixture
def crowd() -> Iterator[None]:
    """So many open files that those to come have numbers that ``select`` doesn't know."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if soft < 2048 else soft, hard))
    with contextlib.ExitStack() as stack:
        while stack.enter_context(Path(os.devnull).open("rb")).fileno() < 1024:
            pass
        yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_gateway_with_very_many_open_files_still_hears_its_children(crowd: None, nurseries: Nurseries) -> None:
    guest = nurseries.guest()
    assert min(guest.child.pidfd, guest.line.fileno()) > 1023
    assert guest.child.alive()
    guest.child.kill()
    assert guest.child.wait(ENDS_SOON) == -signal.SIGKILL
    assert not guest.child.alive()


def test_the_end_can_be_awaited_by_descriptor(nurseries: Nurseries) -> None:
    guest = nurseries.guest()
    assert select.select([guest.child.pidfd], [], [], 0)[0] == []
    guest.child.kill()
    assert select.select([guest.child.pidfd], [], [], ENDS_SOON)[0] == [guest.child.pidfd]


def test_an_interrupt_stops_a_loop_and_keeps_the_process(nurseries: Nurseries) -> None:
    guest = nurseries.guest()
    threading.Timer(0.2, guest.child.interrupt).start()
    assert guest.run("while True: pass") == "KeyboardInterrupt: "
    assert guest.run("answer = 2") == "2"


def test_a_vault_is_not_interrupted(nurseries: Nurseries) -> None:
    guest = nurseries.guest("vault", processes=4)
    guest.child.interrupt()
    assert guest.run("import time; time.sleep(0.1); answer = 'whole'") == "'whole'"


def test_ended_children_can_be_signalled_and_closed_again_without_harm(nurseries: Nurseries) -> None:
    guest = nurseries.guest()
    guest.child.kill()
    guest.child.wait(ENDS_SOON)
    guest.child.interrupt()
    guest.child.close()
    guest.child.close()
    guest.child.kill()


def test_no_zombies_are_left(nurseries: Nurseries) -> None:
    nursery = nurseries["kernel"]
    for _ in range(5):
        guest = nurseries.guest()
        guest.child.kill()
        guest.child.wait(ENDS_SOON)
        assert gone(guest.child.pid)
    assert all(child.status() != psutil.STATUS_ZOMBIE for child in psutil.Process(nursery.pid).children())


def test_a_nursery_keeps_no_descriptor_of_the_dead(nurseries: Nurseries) -> None:
    nursery = nurseries["kernel"]
    nurseries.guest().close()
    before = psutil.Process(nursery.pid).num_fds()
    for _ in range(5):
        guest = nurseries.guest()
        guest.close()
        assert gone(guest.child.pid)
    assert psutil.Process(nursery.pid).num_fds() <= before + 1


def test_closing_a_nursery_ends_its_children() -> None:
    nursery = start("kernel")
    ours, theirs = socket.socketpair()
    child = nursery.spawn(sockets={"channel": theirs}, settings={}, grants=Grants(memory_bytes=1 << 30))
    nursery.close()
    assert child.wait(ENDS_SOON) == -signal.SIGKILL
    assert gone(child.pid)
    assert not nursery.alive()
    ours.close()
    theirs.close()


def test_a_nursery_that_died_says_so_and_is_not_alive() -> None:
    nursery = start("kernel")
    for _ in range(3):
        os.kill(nursery.pid, signal.SIGKILL)
        with pytest.raises((NurseryGone, OSError)):
            nursery.spawn(sockets={}, settings={}, grants=Grants(memory_bytes=1 << 28))
        assert not nursery.alive()
        nursery.close()
        nursery = start("kernel")
    nursery.close()


def test_the_death_of_a_nursery_is_noticed_and_takes_its_children_along() -> None:
    nursery = start("kernel")
    ours, theirs = socket.socketpair()
    child = nursery.spawn(sockets={"channel": theirs}, settings={}, grants=Grants(memory_bytes=1 << 30))
    os.kill(nursery.pid, signal.SIGKILL)
    assert child.wait(ENDS_SOON) == -signal.SIGKILL
    assert gone(child.pid)
    with pytest.raises((NurseryGone, JailRefused)):
        nursery.spawn(sockets={"channel": theirs}, settings={}, grants=Grants(memory_bytes=1 << 30))
    assert not nursery.alive()
    nursery.close()
    ours.close()
    theirs.close()


def test_the_death_of_the_gateway_ends_the_nursery_and_its_children() -> None:
    gateway = (
        "import socket, time\n"
        "from ag_sandbox.nursery import Grants, Nursery\n"
        "nursery = Nursery.start(profile='kernel', entry='hostile:main')\n"
        "ours, theirs = socket.socketpair()\n"
        "child = nursery.spawn(sockets={'channel': theirs}, settings={}, grants=Grants(memory_bytes=1 << 30))\n"
        "print(nursery.pid, child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(GUESTS)}
    with subprocess.Popen(
        [sys.executable, "-c", gateway], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        nursery, child = map(int, process.stdout.readline().split())
        assert psutil.pid_exists(child)
        process.kill()
    assert gone(nursery)
    assert gone(child)


def test_a_nursery_whose_imports_fail_says_why() -> None:
    with pytest.raises(NurseryGone, match="No module named 'there_is_no_such_module'"):
        Nursery.start(profile="kernel", entry="there_is_no_such_module:main")


def test_a_nursery_with_a_second_thread_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "threaded.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\ndef main(s, t): pass\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(NurseryGone, match="started 1 thread"):
        Nursery.start(profile="kernel", entry="threaded:main")


def test_a_grant_that_does_not_exist_is_refused_in_one_sentence(nurseries: Nurseries, tmp_path: Path) -> None:
    with pytest.raises(JailRefused, match=f"the granted path {tmp_path}/absent does not exist"):
        nurseries.guest("vault", read=(tmp_path / "absent",))
    assert nurseries.guest("vault").run("answer = 1") == "1"


def test_settings_too_long_are_refused_before_a_child_is_left_behind(nurseries: Nurseries) -> None:
    with pytest.raises(ValueError, match="settings longer than"):
        nurseries.guest(settings={"x": "y" * (1 << 20)})
    assert nurseries.guest().run("answer = 1") == "1"


def test_many_threads_may_order_at_once(nurseries: Nurseries) -> None:
    _ = nurseries["kernel"]
    answers: list[str] = []
    threads = [
        threading.Thread(
            target=lambda n=n: answers.append(nurseries.guest(settings={"n": n}).run("answer = settings['n']"))
        )
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=int) == [str(n) for n in range(12)]


def test_siblings_draw_different_random_numbers(nurseries: Nurseries) -> None:
    code = "import random, numpy, uuid; answer = (random.random(), numpy.random.random(), uuid.uuid4().hex)"
    drawn = [nurseries.guest().run(code) for _ in range(4)]
    assert len({part for answer in drawn for part in answer.strip("()").split(", ")}) == 12


def test_siblings_of_a_warm_vault_draw_different_noise(nurseries: Nurseries) -> None:
    code = (
        "import opendp.prelude as dp; dp.enable_features('contrib')\n"
        "m = dp.m.make_laplace(dp.atom_domain(T=int), dp.absolute_distance(T=int), scale=1e6)\n"
        "answer = [m(0) for _ in range(3)]"
    )
    drawn = [nurseries.guest("vault", processes=4).run(code) for _ in range(4)]
    assert len(set(drawn)) == 4  # by chance alone two triples agree less than once in 10^18 runs


def test_nothing_of_the_gateways_environment_but_its_language_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AG_SECRET", "hunter2")
    with start("kernel") as nursery:
        ours, theirs = socket.socketpair()
        with nursery.spawn(sockets={"channel": theirs}, settings={}, grants=Grants(memory_bytes=1 << 30)):
            ours.sendall(b"answer = dict(os.environ)")
            assert b"hunter2" not in ours.recv(1 << 16)
        ours.close()
        theirs.close()


def test_settings_of_one_child_are_not_in_the_memory_of_the_next(nurseries: Nurseries) -> None:
    secret = "of-another-session"
    look = "import gc; answer = any(isinstance(one, list) and one[:1] == ['of-another-session'] for one in gc.get_objects())"
    first = nurseries.guest(settings={"secret": [secret]})
    assert first.run(look) == "True"  # the search works
    assert nurseries.guest().run(look) == "False"


def test_a_spawn_takes_milliseconds(nurseries: Nurseries) -> None:
    """Far above what a quiet machine needs (about 8 ms), far below a cold start (about 600 ms)."""
    nurseries.guest()
    taken = []
    for _ in range(9):
        begun = time.perf_counter()
        nurseries.guest()
        taken.append(time.perf_counter() - begun)
    assert min(taken) < 0.15
