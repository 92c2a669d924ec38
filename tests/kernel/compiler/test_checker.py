"""The conversation with the checker: it fails closed, survives garbage, and costs little."""

import json
import os
import signal
import socket
import statistics
import threading
import time

import pytest

import ag_utils
from ag_kernel.compiler.checker import Desk
from ag_kernel.compiler.checker_client import CheckerClient
from ag_kernel.compiler.inference import Inference
from ag_kernel.compiler.session_names import KINDS, kinds_of, prelude, valid
from ag_plan.frames import receive_frame, send_frame
from ag_plan.messages import DatasetSchema, View
from tests.kernel.compiler.conftest import Session, checker_process


def test_without_a_checker_no_cell_passes():
    ours, theirs = socket.socketpair()
    client = CheckerClient(ours)
    theirs.close()
    for _ in range(2):
        (problem,) = client.check(1, "x = 1")
        assert "checker has stopped" in problem.message


def test_a_checker_that_does_not_answer_in_time_lets_nothing_pass():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        (problem,) = CheckerClient(ours, patience=0.05).check(1, "x = 1")
        assert "0.05 seconds" in problem.message


def test_replies_to_older_questions_are_passed_over():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = CheckerClient(ours, patience=0.05)
        client.check(1, "x = 1")

        def answer_both() -> None:
            for message in ("old", "new"):
                question = json.loads(receive_frame(theirs) or b"{}")
                told = {"line": 1, "column": 0, "end_column": 1, "message": message, "instead": ""}
                send_frame(theirs, json.dumps({"id": question["id"], "problems": [told]}).encode())

        thread = threading.Thread(target=answer_both)
        thread.start()
        client = _patient(client)
        (problem,) = client.check(2, "x = 2")
        thread.join()
        assert problem.message == "new"


def _patient(client: CheckerClient) -> CheckerClient:
    client._patience = 10
    return client


@pytest.mark.parametrize(
    "reply",
    [b"", b"[]", b"{}", b"\xff", b'{"id": 1}', b'{"id": 1, "problems": [{"line": 1}]}', b'{"id": 1, "problems": 3}'],
)
def test_a_garbled_reply_lets_nothing_pass(reply: bytes):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send_frame(theirs, reply)
        assert CheckerClient(ours, patience=0.05).check(1, "x = 1") != ()


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk(Inference())


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[1]",
        b'{"op": ["check"]}',
        b'{"op": "run"}',
        b'{"op": "check"}',
        b'{"op": "check", "id": "1", "source": "x"}',
        b'{"op": "check", "id": 1, "source": 3}',
        b'{"op": "accept", "completed": 1}',
        b'{"op": "again", "source": 3, "completed": true}',
        b'{"op": "again", "source": "x"}',
        b'{"op": "start", "names": {"x": "int"}, "strict": false}',
        b'{"op": "start", "names": {"x; import os": "any"}, "strict": false}',
        b'{"op": "start", "names": [], "strict": false}',
        b'{"op": "declare", "names": {"1x": "any"}}',
        b'{"op": "declare", "names": {"x": {"title": "T"}}}',
        b'{"op": "declare", "names": {"x": {"title": "T", "single": true, "views": {"k": "int"}}}}',
        b'{"op": "declare", "names": {"x": {"title": 3, "single": true, "views": {}}}}',
        b'{"op": "declare", "names": {"x": {"title": "T", "single": true, "views": 3}}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_question_ends_the_conversation(desk: Desk, payload: bytes):
    assert desk.answer(payload) is None


@pytest.mark.parametrize(
    "source", ["x = = 1", "\x00", "(" * 5000, "x" + ".a" * 20_000, "'\ud800'", "-" * 3000 + "1", ""]
)
def test_text_that_is_no_python_has_no_types(desk: Desk, source: str):
    assert desk.answer(json.dumps({"op": "check", "id": 1, "source": source}).encode()) == {"id": 1, "problems": []}
    assert desk.answer(json.dumps({"op": "check", "id": 2, "source": "x = 1"}).encode()) == {"id": 2, "problems": []}


def test_every_kind_of_name_has_a_type():
    inference = Inference()
    assert inference.check("names", prelude({f"n_{kind}": kind for kind in KINDS})) == ()


def test_kinds_are_taken_from_a_namespace():
    found = kinds_of({"export": ag_utils.export, "x": 3, "__name__": "__main__", "export2": ag_utils.export, "d": {}})
    assert found == {"export": "export", "x": "any", "export2": "any", "d": "any"}
    assert valid(found)


def test_a_data_sets_keys_are_taken_from_its_schema():
    views = (View(key="train_x", kind="frame"), View(key="odd'\\n]", kind="series"), View(key="new", kind="unheard"))
    schema = DatasetSchema(name="My 'Set'", variable="my_set", tables=("t",), views=views)
    found = kinds_of({"my_set": object(), "load_dataset": ag_utils.load_dataset}, [schema])
    assert found["my_set"] == {"title": "My 'Set'", "single": True, "views": {"train_x": "frame", "odd'\\n]": "series"}}
    assert valid(found)
    inference = Inference()
    assert inference.check("names", prelude(found)) is not None
    source = "from names import my_set, load_dataset\nreveal_type\nlen(load_dataset(\"My 'Set'\")['train_x'])"
    assert "PrivateDataFrame" in "".join(one.message for one in inference.check("m", source) or ())


def test_the_cost_of_a_cell_does_not_grow_with_the_history(session: Session):
    """Each cell reads two names; medians of 20 at the beginning and after 200 cells, with room for a busy machine."""
    taken = []
    for number in range(240):
        source = f"v{number} = {number}\ndef f{number}(x): return x + v{max(0, number - 1)}\nw = f{max(0, number - 1)}(v{number})"
        start = time.thread_time()
        assert session.run(source) == ()
        taken.append(time.thread_time() - start)
    early, late = statistics.median(taken[:20]), statistics.median(taken[-20:])
    assert late < 3 * early + 0.003, (early, late)
    assert late < 0.03


def test_nothing_is_written_and_no_new_file_is_opened_after_the_warm_state(tmp_path, monkeypatch):
    inference = Inference()
    monkeypatch.chdir(tmp_path)
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(
        os, "open", lambda path, *rest, **more: (opened.append(str(path)), real(path, *rest, **more))[1]
    )
    monkeypatch.setattr("builtins.open", lambda path, *_, **__: opened.append(str(path)))
    assert (
        inference.check(
            "cell_1",
            "import numpy as np\nimport json, re\nfrom datetime import datetime\nimport nowhere\nx = np.zeros(3)",
        )
        == ()
    )
    assert opened == []
    assert list(tmp_path.iterdir()) == []


def test_calls_nested_beyond_reason_cost_no_time(session: Session):
    start = time.thread_time()
    assert session.run("x = " + "{}.get('a', " * 40 + "1" + ")" * 40) == ()
    assert session.run("x.anything") == ()
    assert time.thread_time() - start < 2


def test_a_check_that_never_ends_is_ended_with_its_process():
    with checker_process('{"check_seconds": 0.5}') as (ours, process):
        client = CheckerClient(ours, patience=60)
        assert client.check(1, "x = 1") == ()
        (problem,) = client.check(2, "x = (1,)\n" + "x = (x, x)\n" * 60)
        assert "checker has stopped" in problem.message
        assert process.wait(10) == -signal.SIGALRM
