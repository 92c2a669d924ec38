"""A cell streams as it runs, ends as it ended over there, and survives a connection that breaks under it."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import antigranular as ag
from antigranular.channel import REOPEN_DELAYS
from antigranular.view import PlainView
from tests.magic.conftest import Start
from tests.magic.fake_enclave import FakeEnclave, Stage


class Recorder(PlainView):
    """Everything a cell said, with the time it arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[float, str, object]] = []

    def note(self, kind: str, what: object) -> None:
        self.heard.append((time.monotonic(), kind, what))

    def stream(self, name, text) -> None:
        self.note(name, text)

    def display(self, shown) -> None:
        self.note("update" if shown.update else "display", (shown.display_id, shown.data))

    def result(self, shown) -> None:
        self.note("result", shown.data)

    def clear(self, *, wait) -> None:
        self.note("clear", wait)

    def export(self, name, value) -> None:
        self.note("export", (name, value))

    def budget(self, shown) -> None:
        self.note("budget", shown.data)

    def notice(self, text) -> None:
        self.note("notice", text)

    def said(self, *but: str) -> list[tuple[str, object]]:
        return [(kind, what) for _, kind, what in self.heard if kind not in but]


def test_output_appears_while_the_cell_still_runs(start: Start) -> None:
    go_on = threading.Event()

    def cell(stage: Stage) -> None:
        stage.print("first")
        assert go_on.wait(5)
        stage.print("second", "stderr")

    class Gate(Recorder):
        def stream(self, name, text) -> None:
            super().stream(name, text)
            go_on.set()

    session, _ = start({"slow": cell})
    view = Gate()
    session.execute("slow", view=view)
    assert view.said() == [("stdout", "first"), ("stderr", "second")]


def test_without_a_notebook_output_goes_to_the_standard_streams(start: Start, capsys) -> None:
    def cell(stage: Stage) -> None:
        stage.print("out\n")
        stage.print("err\n", "stderr")
        stage.show({"text/plain": "<plot>", "image/png": "…"})
        stage.export("x", {"t": "int", "v": "2"})
        stage.show({"text/plain": "42"}, kind="execute_result")

    session, _ = start({"c": cell})
    capsys.readouterr()
    result = session.execute("c")
    out, err = capsys.readouterr()
    assert out == "out\n<plot>\nSetting up exported variable in local environment: x\n42\n"
    assert err == "err\n"
    assert result.exports == {"x": 2}
    assert result.data == {"text/plain": "42"}
    assert result.execution_count == 1


def test_displays_updates_budget_and_exports_arrive_in_order(start: Start) -> None:
    budget = {"dataset": "Breast Cancer", "spent": "1/2", "left": "19.5"}

    def cell(stage: Stage) -> None:
        stage.show({"text/plain": "0 %"}, transient={"display_id": "bar"})
        stage.show({"text/plain": "100 %"}, kind="update_display_data", transient={"display_id": "bar"})
        stage.export("a", {"t": "ndarray", "dtype": "<i8", "shape": [1], "buffer": 0}, (np.array([7]).tobytes(),))
        stage.say("iopub", "clear_output", {"wait": True})
        stage.say("iopub", "comm_open", {"comm_id": "unheard of"})
        stage.show({"application/vnd.antigranular.budget+json": budget, "text/plain": "spent ε 0.50"})

    session, _ = start({"c": cell})
    view = Recorder()
    result = session.execute("c", view=view)
    kinds = [kind for kind, _ in view.said()]
    assert kinds == ["display", "update", "export", "clear", "budget"]
    assert result.budget == [budget]
    assert result.exports["a"].tolist() == [7]


def test_an_empty_cell_asks_nothing(start: Start) -> None:
    session, enclave = start({})
    assert session.execute(" \n\t").exports == {}
    assert enclave.lines == []


def test_a_failed_cell_raises_with_the_remote_name_message_and_traceback(start: Start) -> None:
    lines = ["Cell In[1], line 1", "    1/0", "ZeroDivisionError: division by zero"]
    session, _ = start({"1/0": lambda stage: stage.fail("ZeroDivisionError", "division by zero", lines)})
    with pytest.raises(ag.CellError, match=r"^ZeroDivisionError: division by zero") as caught:
        session.execute("1/0")
    assert (caught.value.ename, caught.value.evalue, caught.value.traceback) == (
        "ZeroDivisionError",
        "division by zero",
        lines,
    )
    assert "line 1" in caught.value.__notes__[0], "a plain script's traceback must show the remote one"


def test_a_refused_cell_is_told_from_a_failed_one(start: Start) -> None:
    session, _ = start({"global x": lambda stage: stage.fail("CellRefused", "line 1: no globals", ["…"])})
    with pytest.raises(ag.CellRefused):
        session.execute("global x")


def test_the_session_goes_on_after_a_failed_cell(start: Start, capsys) -> None:
    session, _ = start({"bad": lambda stage: stage.fail("E", "e", []), "good": lambda stage: stage.print("still here")})
    with pytest.raises(ag.CellError):
        session.execute("bad")
    session.execute("good")
    assert "still here" in capsys.readouterr().out


def interrupt_soon(after: threading.Event) -> None:
    def fire() -> None:
        assert after.wait(5)
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=fire).start()


def test_ctrl_c_interrupts_over_there_and_waits_for_the_end(start: Start) -> None:
    running = threading.Event()

    def cell(stage: Stage) -> dict:
        running.set()
        assert stage.enclave.interrupted.wait(5)
        stage.print("cleaned up")
        return stage.fail("KeyboardInterrupt", "", ["Cell In[1], line 1", "KeyboardInterrupt"])

    session, _ = start({"loop": cell, "next": lambda _: None})
    view = Recorder()
    interrupt_soon(running)
    with pytest.raises(ag.CellInterrupted) as caught:
        session.execute("loop", view=view)
    assert isinstance(caught.value, KeyboardInterrupt)
    assert ("stdout", "cleaned up") in view.said()
    session.execute("next")


def test_a_second_ctrl_c_stops_waiting(start: Start) -> None:
    running, release = threading.Event(), threading.Event()

    def cell(_stage: Stage) -> None:
        running.set()
        release.wait(60)

    session, enclave = start({"deaf": cell})
    interrupt_soon(running)
    interrupt_soon(enclave.interrupted)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        session.execute("deaf")
    assert time.monotonic() - began < 50
    release.set()


def test_interrupt_kernel_works_from_another_thread(start: Start) -> None:
    def cell(stage: Stage) -> dict:
        assert stage.enclave.interrupted.wait(5)
        return stage.fail("KeyboardInterrupt", "", [])

    session, _ = start({"loop": cell})
    threading.Timer(0.05, session.interrupt_kernel).start()
    with pytest.raises(ag.CellError, match="KeyboardInterrupt"):
        session.execute("loop")


def breaks(enclave: FakeEnclave, **how: object) -> None:
    enclave.lines[-1].cut(**how)  # type: ignore[arg-type]


def test_a_connection_that_breaks_mid_cell_loses_and_repeats_nothing(start: Start) -> None:
    def cell(stage: Stage) -> None:
        stage.print("one ")
        breaks(stage.enclave)
        stage.print("two ")
        stage.enclave.unreachable = 2
        time.sleep(0.05)
        stage.print("three")

    session, enclave = start({"c": cell})
    view = Recorder()
    session.execute("c", view=view)
    assert "".join(str(what) for _, what in view.said("notice")) == "one two three"
    assert any(kind == "notice" for kind, _ in view.said())
    assert len({line.client for line in enclave.lines}) == 1, "a reconnection must be recognizable as one"


def test_what_a_broken_connection_really_lost_is_said(start: Start) -> None:
    heard = threading.Event()

    def cell(stage: Stage) -> None:
        stage.print("one")
        assert heard.wait(60)
        stage.enclave.keeps = False
        breaks(stage.enclave)
        time.sleep(0.1)

    class Gate(Recorder):
        def stream(self, name, text) -> None:
            heard.set()

        def notice(self, text) -> None:
            time.sleep(0.2)

    session, _ = start({"c": cell})
    with pytest.raises(ag.ConnectionLost, match="lost; the session goes on"):
        session.execute("c", view=Gate())


def test_an_enclave_that_stays_away_is_given_up(start: Start) -> None:
    pauses: list[float] = []

    def cell(stage: Stage) -> None:
        stage.enclave.unreachable = 10_000
        breaks(stage.enclave)

    session, _ = start({"c": cell})
    session._channel._pause = pauses.append
    with pytest.raises(ag.ConnectionLost, match="can't be taken up again"):
        session.execute("c")
    assert pauses == list(REOPEN_DELAYS)


def test_an_enclave_whose_connections_break_at_once_is_given_up(start: Start) -> None:
    pauses: list[float] = []
    given_up = threading.Event()

    def cell(stage: Stage) -> None:
        stage.enclave.frail = True
        breaks(stage.enclave)
        given_up.wait(60)

    session, enclave = start({"c": cell})
    session._channel._pause = pauses.append
    with pytest.raises(ag.ConnectionLost, match="can't be taken up again"):
        session.execute("c")
    given_up.set()
    assert pauses == list(REOPEN_DELAYS)
    assert len(enclave.lines) < 10 * len(REOPEN_DELAYS)


def test_a_break_between_cells_is_not_noticed(start: Start) -> None:
    session, enclave = start({"a": lambda _: None})
    session.execute("a")
    breaks(enclave)
    view = Recorder()
    session.execute("a", view=view)
    assert view.said("notice") == []
    assert len(enclave.lines) == 2


def test_a_cell_that_is_too_large_is_refused_with_the_enclave_s_reason(start: Start) -> None:
    def cell(stage: Stage) -> None:
        breaks(stage.enclave, code=1009, reason="the limit is 1 MB")
        time.sleep(3600)

    session, _ = start({"c": cell})
    with pytest.raises(ag.CellRefused, match="the limit is 1 MB"):
        session.execute("c")


def test_a_kernel_that_dies_ends_the_cell_with_its_reason(start: Start) -> None:
    def cell(stage: Stage) -> None:
        stage.announce("stream", {"name": "stderr", "text": "The kernel used more than 1 GB of memory.\n"})
        stage.announce("status", {"execution_state": "dead"})
        time.sleep(3600)

    session, _ = start({"c": cell})
    with pytest.raises(ag.SessionError, match="more than 1 GB"):
        session.execute("c")


def test_what_the_gateway_says_to_everybody_is_shown_once_and_not_beside_an_error_that_says_it(start: Start) -> None:
    def dropped(stage: Stage) -> None:
        stage.announce("stream", {"name": "stderr", "text": "3 older messages were dropped\n"})
        stage.print("the rest")

    def died(stage: Stage) -> dict[str, object]:
        stage.announce("stream", {"name": "stderr", "text": "The vault died.\n"})
        return stage.fail("SessionLost", "The vault died.", [])

    session, _ = start({"dropped": dropped, "died": died})
    view = Recorder()
    session.execute("dropped", view=view)
    assert view.said() == [("notice", "3 older messages were dropped"), ("stdout", "the rest")]
    with pytest.raises(ag.SessionError, match="The vault died"):
        session.execute("died", view=view)
    assert len(view.said()) == 2


def test_a_session_that_the_gateway_declares_lost_is_a_session_error(start: Start) -> None:
    session, _ = start({"c": lambda stage: stage.fail("SessionLost", "The kernel is gone.", [])})
    with pytest.raises(ag.SessionError, match="The kernel is gone"):
        session.execute("c")


def test_garbage_from_the_enclave_ends_the_cell_with_one_error(start: Start) -> None:
    def cell(stage: Stage) -> None:
        stage.enclave.said.append(b"garbage")
        stage.enclave.lines[-1].flush()
        time.sleep(3600)

    session, _ = start({"c": cell})
    with pytest.raises(ag.WireError):
        session.execute("c")


def test_messages_of_other_clients_of_the_session_are_not_ours(start: Start) -> None:
    def cell(stage: Stage) -> None:
        other = Stage(stage.enclave, stage.asked.__class__(channel="shell", header={"msg_id": "another"}))
        other.print("not yours")
        other.say("shell", "execute_reply", {"status": "ok"})
        other.say("iopub", "status", {"execution_state": "idle"})
        stage.print("yours")

    session, _ = start({"c": cell})
    view = Recorder()
    session.execute("c", view=view)
    assert view.said() == [("stdout", "yours")]


def test_a_cell_lost_on_its_way_is_sent_again_once(start: Start) -> None:
    session, enclave = start({"go": lambda stage: stage.print("here")})
    enclave.loses = 1
    assert session.execute("go").execution_count == 1
    assert enclave.count == 1
    enclave.loses = 3
    assert session.execute("go").execution_count == 2, "whatever is lost of it"
    assert enclave.count == 2
