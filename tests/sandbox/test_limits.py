"""Bombs: what takes memory, files or time without end is stopped in its own process, and nobody else feels it."""

import signal
import sys
from pathlib import Path

import pytest

from tests.sandbox.conftest import Nurseries

MEMORY = 256 << 20

MEMORY_BOMBS = {
    "one huge block": "answer = bytearray(1 << 40)",
    "a block just over the limit": "answer = bytearray(300 << 20)",
    "an array": "import numpy; answer = numpy.ones(1 << 30)",
    "many small objects": "hoard = []\nwhile True: hoard.append(' ' * 1000 + str(len(hoard)))",
    "a string that doubles": "s = 'x'\nwhile True: s += s",
    "a list of lists": "hoard = []\nwhile True: hoard.append([0] * 10000)",
    "shared anonymous memory": "import mmap\nhoard = []\nwhile True: hoard.append(mmap.mmap(-1, 256 << 20))",
    "private anonymous memory": (
        "import mmap\nhoard = []\nwhile True: hoard.append(mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))"
    ),
    "a frame": "import pandas, numpy; answer = pandas.DataFrame(numpy.zeros((10000, 10000)))",
    "a huge shift": "answer = 1 << (1 << 40)",
}


@pytest.mark.parametrize("bomb", sorted(MEMORY_BOMBS))
def test_a_memory_bomb_ends_in_an_error_of_its_own(nurseries: Nurseries, bomb: str) -> None:
    bystander = nurseries.guest()
    guest = nurseries.guest(memory_bytes=MEMORY)
    answer = guest.run(MEMORY_BOMBS[bomb])
    assert (
        answer.startswith(
            ("MemoryError", "OSError: [Errno 12]", "numpy._core._exceptions._ArrayMemoryError", "_ArrayMemoryError")
        )
        or answer == "died"
    )
    assert bystander.run("answer = 1") == "1"


def test_the_memory_granted_can_be_used(nurseries: Nurseries) -> None:
    assert nurseries.guest(memory_bytes=MEMORY).run("answer = len(bytearray(200 << 20))") == str(200 << 20)


def test_an_endless_computation_in_c_ends_with_the_processor_time(nurseries: Nurseries) -> None:
    guest = nurseries.guest(cpu_seconds=1)
    guest.line.sendall(b"signal.signal(signal.SIGXCPU, signal.SIG_IGN); answer = 7 ** 10 ** 9")
    assert guest.child.wait(20) == -signal.SIGKILL


def test_processor_time_ends(nurseries: Nurseries) -> None:
    guest = nurseries.guest(cpu_seconds=1)
    assert guest.run("while True: pass") == "died"
    assert guest.child.wait(5) in {-signal.SIGXCPU, -signal.SIGKILL}


def test_a_loop_that_is_deaf_to_signals_can_still_be_killed(nurseries: Nurseries) -> None:
    guest = nurseries.guest()
    guest.run("for n in signal.valid_signals() - {9, 19}: signal.signal(n, signal.SIG_IGN)")
    guest.line.sendall(b"while True: pass")
    guest.child.interrupt()
    with pytest.raises(TimeoutError):
        guest.child.wait(0.2)
    guest.child.kill()
    assert guest.child.wait(5) == -signal.SIGKILL


def test_descriptors_end(nurseries: Nurseries) -> None:
    answer = nurseries.guest().run("hoard = []\nwhile True: hoard.append(os.dup(0))")
    assert answer == "OSError: [Errno 24] Too many open files"


def test_a_file_ends_at_the_limit(nurseries: Nurseries, tmp_path: Path) -> None:
    guest = nurseries.guest("vault", write=(tmp_path,), file_bytes=100 << 20)
    answer = guest.run(f"open({str(tmp_path / 'spill')!r}, 'wb').truncate(200 << 20)")
    assert answer == "OSError: [Errno 27] File too large"


def test_threads_of_an_engine_end_with_the_memory(nurseries: Nurseries) -> None:
    guest = nurseries.guest("vault", processes=4, memory_bytes=MEMORY)
    answer = guest.run(
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )
    assert answer == "RuntimeError: can't start new thread"


def test_no_core_is_dumped(nurseries: Nurseries) -> None:
    guest = nurseries.guest()
    assert guest.run("import resource; answer = resource.getrlimit(resource.RLIMIT_CORE)") == "(0, 0)"
    assert guest.run("os.abort()") == "died"
    assert guest.child.wait(5) in {
        -signal.SIGABRT,
        -signal.SIGSEGV,
    }  # the first process of a number space is deaf to its own abort


def test_a_stack_without_end_ends_its_own_process_only(nurseries: Nurseries) -> None:
    bystander = nurseries.guest()
    nested = "sys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**6): x = [x]\nrepr(x)"
    guest = nurseries.guest()
    answer = guest.run(nested)
    if sys.version_info >= (3, 12) and answer.startswith("RecursionError"):  # counted there by C code, too
        answer = guest.run("import ctypes; ctypes.string_at(0)")
    assert answer == "died"
    assert guest.child.wait(5) == -signal.SIGSEGV
    assert bystander.run("answer = 1") == "1"
