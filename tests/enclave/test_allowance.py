"""What one cell may use and say, counted with a clock of the test's own."""

import asyncio

from ag_enclave.bridge import replies
from ag_enclave.bridge.mimes import EXPORT
from ag_enclave.config import Config, Kernel, Sessions, Wire
from ag_enclave.session.allowance import Allowance, Pace

CONFIG = Config(
    sessions=Sessions(cell_timeout_seconds=10, cell_cpu_seconds=5),
    wire=Wire(export_bytes=1 << 22),
    kernel=Kernel(cell_output_bytes=1 << 20, cell_messages=50),
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def started() -> tuple[Allowance, Clock]:
    clock = Clock()
    allowance = Allowance(CONFIG, clock)
    allowance.begin(cpu_seconds=7.0)
    return allowance, clock


def text(size: int) -> replies.Message:
    return replies.iopub("stream", {"name": "stdout", "text": "x" * size}, {})


def test_a_cell_may_run_for_so_long() -> None:
    allowance, clock = started()
    clock.now += 9
    assert allowance.passed(8.0) == ""
    clock.now += 2
    assert allowance.passed(8.0) == "This cell ran for more than 10 seconds"


def test_a_cell_may_compute_for_so_long_counted_from_its_start() -> None:
    allowance, _ = started()
    assert allowance.passed(11.9) == ""
    assert allowance.passed(12.1) == "This cell took more than 5 seconds of processor time"


def test_a_cell_may_send_so_many_messages() -> None:
    allowance, _ = started()
    assert [allowance.take(text(1)) for _ in range(51)] == [True] * 50 + [False]
    assert allowance.passed(7.0) == "This cell sent more than 50 messages"
    allowance.begin(7.0)
    assert allowance.take(text(1))


def test_a_cell_may_show_and_export_so_much() -> None:
    allowance, _ = started()
    data = {"data": {EXPORT: {"name": "x", "value": {"t": "str", "v": "x" * (4 << 20)}}}}
    export = replies.iopub("display_data", data, {})
    assert allowance.take(export)
    assert allowance.take(text(1 << 20))
    assert not allowance.take(export)
    assert allowance.passed(7.0) == "This cell exported more than 4,194,304 bytes"
    allowance.begin(7.0)
    assert not allowance.take(text(5 << 20))
    assert allowance.passed(7.0) == "This cell showed more than 1,048,576 bytes"


def test_between_cells_nothing_is_overdue_and_everything_is_counted() -> None:
    allowance, clock = started()
    allowance.end()
    clock.now += 1000
    assert (allowance.seconds, allowance.passed(1000.0)) == (0.0, "")
    assert [allowance.take(text(1)) for _ in range(51)][-1] is False


def test_a_fast_kernel_waits() -> None:
    clock = Clock()
    pace = Pace(Kernel(messages_per_second=100, bytes_per_second=1 << 20), clock)
    loop_time = []

    async def take() -> None:
        began = asyncio.get_running_loop().time()
        for _ in range(205):  # two seconds' worth, and five more
            await pace.take(10)
        loop_time.append(asyncio.get_running_loop().time() - began)

    asyncio.run(take())
    assert 0.1 < loop_time[0] < 2.0
