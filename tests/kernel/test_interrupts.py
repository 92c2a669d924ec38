"""An interrupt ends its cell wherever it strikes, also where Python drops what is raised; and it ends no other cell."""

import time
from typing import Any

import pytest

from ag_kernel.wire import Message
from tests.kernel.conftest import Start
from tests.kernel.notebook import Notebook

# Whoever lets go of such a generator runs the rest of it; an error in there is raised to nobody.
SWALLOWER = """
from collections.abc import Iterator
def swallower(rounds: int) -> Iterator[int]:
    try:
        yield 1
    finally:
        print("eating")
        while rounds:
            rounds -= 1
"""
ENDLESS_TEXT = """
class Odd(Exception):
    def __str__(self) -> str:
        print("asked")
        while True: pass
"""


def once(text: str, notebook: Notebook) -> Any:
    """Interrupts when the cell says so, the first time only."""
    asked: list[str] = []

    def watch(message: Message) -> None:
        if not asked and message.kind == "stream" and text in message.content["text"]:
            asked.append(text)
            notebook.interrupt()

    return watch


def test_an_interrupt_that_nobody_hears_of_is_raised_again(notebook: Notebook) -> None:
    notebook.run(SWALLOWER)
    eaten = (
        "for _ in range(5):\n    one = swallower(-1)\n    next(one)\n    one = None\nprint('eaten')\nwhile True: pass"
    )
    ran = notebook.run(eaten, once("eating", notebook))
    assert ran.fault["ename"] == "KeyboardInterrupt"
    assert ran.text.count("eating") == 5
    assert "eaten" in ran.text
    assert ran.errors == ""
    assert notebook.run("1 + 1").plain == "2"


def test_what_was_lost_in_one_cell_is_not_raised_in_the_next(notebook: Notebook) -> None:
    notebook.run(SWALLOWER)
    for _ in range(20):
        first = notebook.send("execute_request", {"code": "one = swallower(-1)\nnext(one)\none = None"})
        second = notebook.send("execute_request", {"code": "for n in range(10**6): pass\nn"})
        notebook.collect(first, once("eating", notebook))
        assert notebook.collect(second).plain == "999999"


def test_a_cell_that_catches_its_interrupt_has_a_while_to_end(opened: Start) -> None:
    tidying = "try:\n    print('at work')\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('tidying')\n"
    with opened(limits={"again_seconds": 0.5}) as notebook:
        notebook.run("import time")
        ran = notebook.run(tidying + "    time.sleep(0.2)\nprint('done')", once("work", notebook))
        assert (ran.reply["status"], ran.text.split()[-1]) == ("ok", "done")
        started = time.monotonic()
        ran = notebook.run(tidying + "    time.sleep(60)\nprint('done')", once("work", notebook))
        assert ran.fault["ename"] == "KeyboardInterrupt"
        assert 0.4 < time.monotonic() - started < 30
        assert notebook.run("time.sleep(1)\n1 + 1").plain == "2"


def test_an_error_whose_text_never_ends_is_interrupted_like_its_cell(notebook: Notebook) -> None:
    notebook.run(ENDLESS_TEXT)
    for raising in ("raise Odd", "try:\n    raise Odd\nfinally:\n    raise ValueError"):
        assert notebook.run(raising, once("asked", notebook)).fault["ename"] == "KeyboardInterrupt"
    assert notebook.run("1 + 1").plain == "2"


@pytest.mark.parametrize(
    "body", ["raise SystemExit", "raise KeyboardInterrupt", "raise GeneratorExit", "return 1", "return Long()", "return str(self)"]
)  # fmt: skip
def test_no_text_of_an_error_ends_the_kernel(notebook: Notebook, body: str) -> None:
    notebook.run(
        "class Long(str):\n    def __len__(self) -> int:\n        raise SystemExit\n"
        f"class Odd(Exception):\n    def __str__(self):\n        {body}"
    )
    assert notebook.run("raise Odd").reply["status"] == "error"
    assert notebook.run("1 + 1").plain == "2"
