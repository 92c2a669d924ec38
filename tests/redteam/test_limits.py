"""Each limit of a session through a whole enclave: the cell ends, a sentence says which limit, and another session goes on."""

from collections.abc import Iterator

import pytest

from tests.enclave.people import add_user
from tests.enclave.raw_client import Channels, RawClient, only, printed
from tests.enclave_server import running_enclave

CONFIG = """
[sessions]
cell_timeout_seconds = 6
stand_back_percent = 1000
cell_cpu_seconds = 1
interrupt_grace_seconds = 1
[wire]
cell_bytes = 2000
[kernel]
memory_bytes = 268435456
cell_output_bytes = 100000
cell_messages = 500
cell_depth = 40
history_cells = 5
"""


DRAWING = "KeyboardInterrupt TypeError AttributeError"
"""Some of matplotlib's compiled code takes any error, an interrupt too, for "not like this", and raises one of its own, about once in two hundred times."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawClient]:
    state = tmp_path_factory.mktemp("limits")
    with running_enclave(state, config=CONFIG) as enclave:
        yield RawClient(enclave, account=add_user(state, "limited", "analyst")).login()


@pytest.fixture(scope="module")
def cells(client: RawClient) -> Iterator[Channels]:
    with client.session() as channels:
        yield channels


@pytest.fixture(scope="module")
def bystander(client: RawClient) -> Iterator[Channels]:
    with client.session() as channels:
        channels.execute("mine = 41")
        yield channels


@pytest.mark.parametrize(
    ("cell", "words", "ends"),
    [
        ("while True: pass", "more than 1 seconds of processor time and is interrupted", "KeyboardInterrupt"),
        ("import time\ntime.sleep(100)", "ran for more than 6 seconds and is interrupted", "KeyboardInterrupt"),
        ("import re\nre.match('(a+)+$', 'a' * 40 + 'b')", "seconds of processor time", "KeyboardInterrupt"),
        ("from itertools import repeat\nsum(repeat(0))", "did not stop when interrupted", "KernelRestarted"),
        ("n = 3 * 10**7\nm = 7**n\nm * m * m", "is interrupted", "KeyboardInterrupt"),
        ("import numpy as np\nx = np.random.default_rng(0).normal(size=10**6)\nfor _ in range(10**6): x = np.sort(-x)", "is interrupted", "KeyboardInterrupt"),
        ("import matplotlib.pyplot as plt\nfor n in range(10**6):\n    plt.figure(figsize=(1, 1)); plt.plot([n]); plt.show()", "is interrupted", DRAWING),
        ("while True: display(1)", "sent more than 500 messages and is interrupted", "KeyboardInterrupt"),
        ("x = bytearray(10**9)", "may use 256 MiB of memory", "MemoryError"),
        ("x = []\nwhile True: x.append(' ' * 10**6 + str(len(x)))", "may use 256 MiB of memory", "MemoryError"),
        ("x = " + "[" * 60 + "]" * 60, "nested more than 40 levels", "CellRefused"),
        ("x = 10 ** 10 ** 9", "too large to be written out", "CellRefused"),
        ("x = 1 # " + "x" * 2000, "at most 2000 bytes", "CellTooLarge"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else None,
)  # fmt: skip
def test_a_limit_ends_the_cell_and_says_so(
    cells: Channels, bystander: Channels, cell: str, words: str, ends: str
) -> None:
    seen = cells.execute(cell)
    error = only(seen, "error")["content"]
    assert words in printed(seen) + "\n".join(error["traceback"])
    assert error["ename"] in ends.split()
    assert only(bystander.execute("mine + 1"), "execute_result")["content"]["data"]["text/plain"] == "42"
    assert only(cells.execute("1 + 1"), "execute_result")["content"]["data"]["text/plain"] == "2"


def test_output_beyond_the_limit_is_dropped_and_counted(cells: Channels) -> None:
    seen = cells.execute("for i in range(100): print('x' * 10000)")
    assert "a cell may show 100,000 bytes" in printed(seen)
    assert only(seen, "execute_reply")["content"]["status"] == "ok"
    assert sum(len(text) for text in printed(seen).split()) < 110_000


def test_old_cells_still_count_when_their_text_is_forgotten(cells: Channels) -> None:
    cells.execute("def fail():\n    return 1 / 0")
    for number in range(8):
        cells.execute(f"x{number} = {number}")
    trace = "\n".join(only(cells.execute("fail()"), "error")["content"]["traceback"])
    assert "fail()" in trace
    assert "ZeroDivisionError" in trace


def test_what_an_analyst_interrupts_ends_within_the_grace(client: RawClient) -> None:
    with client.session() as channels:
        cell = channels.request("execute_request", {"code": "from itertools import repeat\nprint(1)\nsum(repeat(0))"})
        channels.until(lambda message: message["header"]["msg_type"] == "stream")
        assert client.ask("POST", f"/api/kernels/{channels.kernel}/interrupt").status == 204
        seen = channels.answers(cell)
        assert only(seen, "error")["content"]["ename"] in {"KernelRestarted", "KeyboardInterrupt"}
