"""A cell that submits predictions: one question to the gateway, whose answer it waits for; nothing else is lost meanwhile."""

from typing import Any

import pytest

from ag_kernel.wire import Message
from tests.kernel.notebook import Notebook

SCORED = {"score": {"leaderboard": 0.5, "logs": {"submission": 1}}}


def answer(notebook: Notebook, asked: Message, **content: Any) -> None:
    notebook.send("submit_reply", {"number": asked.content["number"], **content}, channel="stdin")


def test_a_cell_waits_for_its_score_and_what_comes_meanwhile_keeps_its_turn(notebook: Notebook) -> None:
    later: list[str] = []

    def gateway(message: Message) -> None:
        if message.kind == "submit_request":
            assert (message.channel, message.content["predictions"]) == ("stdin", [1, 2.5, "a", True, None])
            later.append(notebook.send("execute_request", {"code": "print('later')"}))
            notebook.send_raw(b"no message")
            notebook.send("submit_reply", {"number": -1, "status": "ok", "scored": {}}, channel="stdin")
            answer(notebook, message, status="ok", scored=SCORED)

    ran = notebook.run("submit_predictions((1, 2.5, 'a', True, None))['score']['leaderboard']", gateway)
    assert ran.plain == "0.5"
    assert notebook.collect(later[0]).text == "later\n"


def test_a_refusal_is_an_error_in_the_gateway_s_words(notebook: Notebook) -> None:
    def gateway(message: Message) -> None:
        if message.kind == "submit_request":
            answer(notebook, message, status="error", evalue="Cup closed at noon; nothing was charged.")

    ran = notebook.run("try:\n    submit_predictions([1])\nexcept RuntimeError as why:\n    print(why)", gateway)
    assert ran.text == "Cup closed at noon; nothing was charged.\n"


def test_an_interrupt_ends_the_wait_and_the_late_answer_is_nobody_s(notebook: Notebook) -> None:
    asked: list[Message] = []

    def gateway(message: Message) -> None:
        if message.kind == "submit_request":
            asked.append(message)
            notebook.interrupt()

    assert notebook.run("submit_predictions([1])", gateway).fault["ename"] == "KeyboardInterrupt"
    answer(notebook, asked[0], status="ok", scored=SCORED)
    assert notebook.run("print('alive')").text == "alive\n"


@pytest.mark.parametrize(
    ("source", "name", "problem"),
    [
        ("submit_predictions('abc')", "TypeError", "a list: one value per row, not a str"),
        ("submit_predictions([float('inf')])", "ValueError", "Prediction 0 is inf, and must be a finite number."),
        ("import pandas\nsubmit_predictions(pandas.DataFrame({'a': [1], 'b': [2]}))", "ValueError", "the columns a, b"),
        ("import datetime\nsubmit_predictions([datetime.date(2026, 1, 1)])", "ValueError", "Prediction 0 is a date"),
        ("submit_predictions([print])", "NotExportable", "can't be exported"),
    ],
)
def test_what_are_no_predictions_never_leaves(notebook: Notebook, source: str, name: str, problem: str) -> None:
    ran = notebook.run(source)
    assert ran.fault["ename"] == name
    assert problem in ran.fault["evalue"]
    assert "submit_request" not in [message.kind for message in ran.messages]


def test_arrays_of_one_column_series_and_frames_are_read_row_by_row(notebook: Notebook) -> None:
    sent: list[Any] = []

    def gateway(message: Message) -> None:
        if message.kind == "submit_request":
            sent.append(message.content["predictions"])
            answer(notebook, message, status="ok", scored=SCORED)

    source = "import numpy, pandas\nfor held in (numpy.array([[1], [2]]), pandas.Series([1, 2]), pandas.DataFrame({'y': [1, 2]}), [numpy.int64(1), 2]):\n    submit_predictions(held)"
    assert notebook.run(source, gateway).fault is None
    assert sent == [[1, 2]] * 4
