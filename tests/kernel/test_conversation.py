"""What the kernel says to the notebook and when: streams, exports, interrupts, requests besides cells."""

import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ag_kernel.wire import Message, encode
from tests.kernel.conftest import Start
from tests.kernel.notebook import Notebook


def test_text_arrives_while_the_cell_still_runs(notebook: Notebook) -> None:
    ran = notebook.run("import time\nprint('a')\ntime.sleep(3600)", once_heard("a", notebook))
    assert (ran.text, ran.fault["ename"]) == ("a\n", "KeyboardInterrupt")


def test_text_held_back_for_a_moment_leaves_without_another_print(notebook: Notebook) -> None:
    ran = notebook.run("import time\nprint('a')\nprint('b')\ntime.sleep(3600)", once_heard("b", notebook))
    assert (ran.text, ran.fault["ename"]) == ("a\nb\n", "KeyboardInterrupt")


def test_streams_and_results_keep_their_order(notebook: Notebook) -> None:
    ran = notebook.run("import warnings\nprint('a')\nwarnings.warn('careful')\nprint('b')\ndisplay(1)\nprint('c')\n2")
    said = [m.content.get("name", m.kind) for m in ran.messages][2:-2]
    assert said == ["stdout", "stderr", "stdout", "display_data", "stdout", "execute_result"]
    assert "careful" in ran.errors


def test_half_a_surrogate_pair_is_printed_and_exported(notebook: Notebook) -> None:
    ran = notebook.run("text = 'é' + chr(0xD800)\nprint(text)\nexport(text, 'text')\ntext")
    assert ran.text == "é\ud800\n"
    assert ran.exports == {"text": "é\ud800"}


def test_a_warning_shows_the_analysts_line(notebook: Notebook) -> None:
    ran = notebook.run("import warnings\nwarnings.warn('careful', stacklevel=1)")
    assert f"Cell In[{ran.reply['execution_count']}]:2: UserWarning: careful" in ran.errors
    assert "warnings.warn('careful', stacklevel=1)" in ran.errors


def test_the_kernel_stays_one_thread(notebook: Notebook) -> None:
    notebook.run(
        "import numpy as np\nimport pandas as pd\na = np.ones((500, 500))\n(a @ a).sum()\npd.DataFrame(a).corr().sum().sum()"
    )
    assert len(list(Path(f"/proc/{notebook.kernel.pid}/task").iterdir())) == 1


def test_a_library_that_prints_is_heard(notebook: Notebook) -> None:
    assert "RangeIndex" in notebook.run("import pandas as pd\npd.DataFrame({'a': [1]}).info()").text


def test_output_over_the_limit_is_dropped_and_the_cell_told(opened: Start) -> None:
    with opened(limits={"output_bytes": 1000}) as notebook:
        ran = notebook.run("for i in range(1000):\n    print('x' * 99)")
        assert len(ran.text) == 1000
        assert "99,000 more bytes of output were dropped" in ran.errors
        assert ran.reply["status"] == "ok"
        assert notebook.run("print('again')").text == "again\n"
        assert notebook.run("'y' * 2000").result is None


def test_a_flood_of_small_prints_is_a_few_messages(notebook: Notebook) -> None:
    ran = notebook.run("for i in range(20000):\n    print(i)")
    assert ran.text == "".join(f"{i}\n" for i in range(20000))
    assert len(ran.messages) < 500


def test_exports_arrive_under_their_names(notebook: Notebook) -> None:
    ran = notebook.run(
        "from ag_utils import export as e\nimport pandas as pd\nexport(2, 'x')\ne(pd.DataFrame({'a': [1.5]}), 'df')"
    )
    assert ran.exports["x"] == 2
    pd.testing.assert_frame_equal(ran.exports["df"], pd.DataFrame({"a": [1.5]}))


@pytest.mark.parametrize(
    "source",
    [
        "export(toy, 'm')",
        "export([1, {'a': toy['age']}], 'm')",
        "hidden: object = toy\nexport(hidden, 'm')",
    ],
)
def test_private_objects_are_not_exported(notebook: Notebook, source: str) -> None:
    ran = notebook.run(source)
    assert "Please ensure export function is called on a non-private type." in ran.trace
    assert (ran.exports, ran.text) == ({}, "")


@pytest.mark.parametrize("source", ["print(toy)", "print([toy])", "ag_print(1, {'a': (toy,)})"])
def test_private_objects_are_not_printed_and_it_is_said_how_they_are_looked_at(notebook: Notebook, source: str) -> None:
    ran = notebook.run(source)
    assert "What is private can't be printed." in ran.trace
    assert "end a cell with its name" in ran.trace
    assert (ran.exports, ran.text) == ({}, "")


@pytest.mark.parametrize("value", ["lambda: 1", "np", "np.sum", "object()", "type", "(i for i in [1])"])
def test_what_is_no_data_is_not_exported(notebook: Notebook, value: str) -> None:
    ran = notebook.run(f"import numpy as np\nfrom typing import Any\nvalue: Any = {value}\nexport(value, 'm')")
    assert ran.reply["status"] == "error"
    assert "can be exported" in ran.trace or "export" in ran.trace
    assert ran.exports == {}


def test_exports_over_the_limit_are_refused(opened: Start) -> None:
    with opened(limits={"export_bytes": 10_000}) as notebook:
        notebook.run("import numpy as np")
        assert "may export 10,000 bytes" in notebook.run("export(np.zeros(5000), 'm')").trace
        assert notebook.run("export(np.zeros(500), 'm')").exports["m"].shape == (500,)


def after(seconds: float, notebook: Notebook) -> Any:
    """Interrupts so long after the cell began to run."""

    def watch(message: Message) -> None:
        if message.kind == "execute_input":
            time.sleep(seconds)
            notebook.interrupt()

    return watch


def once_heard(text: str, notebook: Notebook) -> Any:
    """Interrupts once the cell has said so."""

    def watch(message: Message) -> None:
        if message.kind == "stream" and text in message.content["text"]:
            notebook.interrupt()

    return watch


@pytest.mark.parametrize(
    "source",
    [
        "n = 0\nwhile True:\n    n += 1",
        "n = 1\nimport time\ntime.sleep(30)",
        "n = 1\nwhile True:\n    print('x')",
        "n = 1\nwhile True:\n    toy.columns\n    load_dataset('Toy')",
        "n = 1\nwhile True:\n    export(n, 'x')",
    ],
    ids=["loop", "sleep", "print", "plan", "export"],
)
def test_an_interrupt_ends_the_cell_and_keeps_the_session(notebook: Notebook, source: str) -> None:
    ran = notebook.run(source, after(0.4, notebook))
    assert ran.fault["ename"] == "KeyboardInterrupt"
    assert "Cell In[" in ran.trace
    assert notebook.run("n > 0").plain == "True"
    assert notebook.run("list(load_dataset('Toy').columns)").plain == "['age', 'income', 'sex']"


def test_an_interrupt_while_the_vault_works_leaves_the_plan_socket_in_step(opened: Start) -> None:
    with opened(slow=4.0) as notebook:
        started = time.monotonic()
        ran = notebook.run("toy['age'].mean(eps=1)", after(0.3, notebook))
        assert ran.fault["ename"] == "KeyboardInterrupt"
        assert time.monotonic() - started < 3.5
        assert notebook.vault is not None
        notebook.vault.slow = 0.0
        ran = notebook.run("toy['income'].sum(eps=1)")
        assert ran.plain == "42.0"
        assert [line["application/vnd.antigranular.budget+json"]["spent"] for line in ran.budget] == [2.0]


def test_many_interrupts_in_a_row_never_break_a_frame(notebook: Notebook) -> None:
    for _ in range(30):
        ran = notebook.run("while True:\n    print('x' * 50)\n    export('y' * 50, 'y')", after(0.02, notebook))
        assert ran.fault["ename"] == "KeyboardInterrupt"
    assert notebook.run("1").plain == "1"


def test_an_exhausted_stack_leaves_interrupts_working(notebook: Notebook) -> None:
    source = "def f(n: int) -> int:\n    print('x')\n    export(n, 'n')\n    toy.columns\n    return f(n + 1)\nf(0)"
    for _ in range(3):
        assert notebook.run(source).fault["ename"] == "RecursionError"
        assert notebook.run("while True:\n    pass", after(0.05, notebook)).fault["ename"] == "KeyboardInterrupt"
    assert notebook.run("load_dataset('Toy').columns[0]").plain == "'age'"


def test_an_interrupt_between_cells_means_nothing(notebook: Notebook) -> None:
    notebook.interrupt()
    time.sleep(0.05)
    assert notebook.run("import time\ntime.sleep(0.1)\n1").plain == "1"


def test_cells_sent_with_a_failing_one_are_not_run(notebook: Notebook) -> None:
    asked = [
        notebook.send("execute_request", {"code": code})
        for code in ("import time\ntime.sleep(0.3)\n1 / 0", "reached = 1", "reached = 2")
    ]
    statuses = [notebook.collect(number).reply["status"] for number in asked]
    assert statuses == ["error", "aborted", "aborted"]
    assert notebook.run("reached").fault["ename"] in {"NameError", "CellRefused"}


def test_cells_go_on_where_the_client_asks_for_it(notebook: Notebook) -> None:
    asked = [notebook.send("execute_request", {"code": code, "stop_on_error": False}) for code in ("1 / 0", "3")]
    assert [notebook.collect(number).reply["status"] for number in asked] == ["error", "ok"]


def test_the_kernel_says_who_it_is(notebook: Notebook) -> None:
    info = notebook.ask("kernel_info_request")
    assert (info["status"], info["protocol_version"], info["language_info"]["name"]) == ("ok", "5.3", "python")


def test_requests_about_other_things_get_empty_answers(notebook: Notebook) -> None:
    assert notebook.ask("comm_info_request") == {"status": "ok", "comms": {}}
    assert notebook.ask("history_request") == {"status": "ok", "history": []}


@pytest.mark.parametrize(
    ("code", "expected"),
    [("x = 1", "complete"), ("for i in x:", "incomplete"), ("x = (", "incomplete"), ("x = )", "invalid")],
)
def test_the_kernel_says_whether_code_is_complete(notebook: Notebook, code: str, expected: str) -> None:
    assert notebook.ask("is_complete_request", code=code)["status"] == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("exp", "export"),
        ("to", "toy"),
        ("toy.des", "describe"),
        ("np.lin", "linspace"),
        ("np.linalg.de", "det"),
        ("x = pd.DataF", "DataFrame"),
        ("frame.grou", "groupby"),
        ("thing.visi", "visible"),
        ("whil", "while"),
    ],
)
def test_names_are_completed(notebook: Notebook, code: str, expected: str) -> None:
    notebook.run(
        "import numpy as np\nimport pandas as pd\nframe = pd.DataFrame()\nclass T:\n    visible = 1\nthing = T()"
    )
    reply = notebook.ask("complete_request", code=code, cursor_pos=len(code))
    assert expected in reply["matches"]
    assert code[reply["cursor_start"] :] + expected[len(code) - reply["cursor_start"] :] == expected
    assert reply["cursor_end"] == len(code)


TRAP = """
ran = []
class Trap:
    @property
    def poisoned(self) -> int:
        ran.append(1)
        return 1
    def __len__(self) -> int:
        ran.append(2)
        return 1
    def __repr__(self) -> str:
        ran.append(3)
        return ''
trap = Trap()
def sprung(a: int = 1, b: object = trap) -> None: ...
"""


def test_completion_and_inspection_run_nothing_of_the_guests(notebook: Notebook) -> None:
    notebook.run(TRAP)
    for code in ("trap.poi", "trap.poisoned.", "trap.", "trap.__cl", "trap().", "trap[0]."):
        notebook.ask("complete_request", code=code, cursor_pos=len(code))
        notebook.ask("inspect_request", code=code, cursor_pos=len(code), detail_level=1)
    assert "sprung(a: int = 1, b: object = …)" in str(
        notebook.ask("inspect_request", code="sprung", cursor_pos=6)["data"]
    )
    assert notebook.ask("complete_request", code="trap.poi", cursor_pos=8)["matches"] == ["poisoned"]
    assert notebook.ask("complete_request", code="trap.__", cursor_pos=7)["matches"] == []
    assert notebook.run("ran").plain == "[]"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("export", "Send a public value to the notebook"),
        ("export(1, ", "Send a public value to the notebook"),
        ("np.linspace", "(start, stop, num=50"),
        ("mine", "(a: int, b=2)"),
        ("toy.mean", "eps"),
    ],
)
def test_the_name_under_the_cursor_is_documented(notebook: Notebook, code: str, expected: str) -> None:
    notebook.run("import numpy as np\ndef mine(a: int, b=2):\n    '''My own.'''")
    reply = notebook.ask("inspect_request", code=code, cursor_pos=len(code))
    assert reply["found"]
    assert expected in reply["data"]["text/plain"]


@pytest.mark.parametrize("code", ["", "nothing_known", "1 +", "a.b.c.d", "é" * 10, "x" * 100_000])
def test_what_is_unknown_is_found_nowhere(notebook: Notebook, code: str) -> None:
    assert not notebook.ask("inspect_request", code=code, cursor_pos=len(code))["found"]
    assert notebook.ask("complete_request", code=code, cursor_pos=10**9)["status"] == "ok"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"garbage",
        bytes(range(256)) * 4,
        encode(Message(channel="shell", header={"msg_id": "x", "msg_type": "unknown_request"})),
        encode(Message(channel="shell", header={"msg_id": "x", "msg_type": "execute_request"}, content={"code": 7})),
        encode(Message(channel="shell", header={"msg_id": "x", "msg_type": "complete_request"}, content={"code": []})),
    ],
    ids=range(6),
)
def test_garbage_on_the_channel_disturbs_nothing(notebook: Notebook, payload: bytes) -> None:
    notebook.send_raw(payload)
    assert notebook.run("1").plain == "1"


def test_a_shutdown_is_answered_and_ends_the_process(opened: Start) -> None:
    with opened() as notebook:
        assert notebook.ask("shutdown_request", restart=False)["status"] == "ok"
        assert notebook.kernel.wait(5) == 0


def test_a_gateway_that_is_gone_ends_the_process(opened: Start) -> None:
    with opened() as notebook:
        notebook.stream.close()
        assert notebook.kernel.wait(5) == 0
