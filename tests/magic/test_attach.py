"""Taking a running session up again: from another process, after a notebook's kernel was restarted, while a cell runs."""

import os
import subprocess
import sys
import textwrap
import threading

import pytest
from jupyter_client.manager import start_new_kernel

import antigranular as ag
from tests.enclave_server import Enclave
from tests.magic.conftest import running_sessions
from tests.magic.fake_enclave import FakeEnclave, Stage


def prints(stage: Stage) -> None:
    stage.print("hello\n")
    stage.export("x", {"t": "int", "v": "2"})
    stage.show({"text/plain": "the value"}, kind="execute_result", execution_count=1)


def fails(stage: Stage) -> dict[str, object]:
    return stage.fail("ValueError", "no", ["ValueError: no"])


def opened(enclave: FakeEnclave) -> ag.Session:
    return ag.login("ada", "s3cret", dataset="Breast Cancer", transport=enclave)


def test_what_was_said_and_exported_arrives_and_earlier_errors_are_shown_not_raised(capsys) -> None:
    enclave = FakeEnclave({"go": prints, "bad": fails})
    first = opened(enclave)
    first.execute("go")
    with pytest.raises(ag.CellError):
        first.execute("bad")
    first.leave()
    capsys.readouterr()
    second = ag.attach(None, "ada", "s3cret", transport=enclave, show=False)
    result = second.replay()
    said = capsys.readouterr()
    assert result.exports == {"x": 2}
    assert "hello\nSetting up exported variable in local environment: x\nthe value\n" in said.out
    assert "ValueError: no" in said.err
    assert second.session_id == first.session_id
    assert second.execute("go").exports == {"x": 2}


def test_a_running_cell_is_followed_to_its_end(capsys) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def long(stage: Stage) -> None:
        stage.print("before ")
        begun.set()
        assert go_on.wait(30)
        stage.print("after")
        stage.export("y", {"t": "int", "v": "3"})

    enclave = FakeEnclave({"long": long})
    first = opened(enclave)
    threading.Thread(target=first.execute, args=("long",), daemon=True).start()
    assert begun.wait(30)
    second = ag.attach(first.session_id, "ada", "s3cret", transport=enclave, show=False)
    threading.Timer(0.3, go_on.set).start()
    assert second.replay().exports == {"y": 3}
    assert "after" in capsys.readouterr().out


def test_a_session_let_go_of_says_how_to_take_it_up() -> None:
    session = opened(FakeEnclave())
    session.leave()
    with pytest.raises(ag.SessionError, match=r"ag\.attach"):
        session.execute("go")


def test_without_a_name_one_session_is_meant_and_several_are_listed() -> None:
    enclave = FakeEnclave()
    with pytest.raises(ag.SessionError, match="no running session"):
        ag.attach(None, "ada", "s3cret", transport=enclave)
    first = opened(enclave)
    assert ag.attach(None, "ada", "s3cret", transport=enclave).session_id == first.session_id
    second = opened(enclave)
    with pytest.raises(ag.SessionError, match="several") as caught:
        ag.attach(None, "ada", "s3cret", transport=enclave)
    assert first.session_id in str(caught.value)
    assert second.session_id in str(caught.value)
    with pytest.raises(ag.SessionError, match="nobody"):
        ag.attach("nobody", "ada", "s3cret", transport=enclave)


_OTHER_PROCESS = """
    import sys
    import antigranular as ag
    session = ag.attach(sys.argv[1], show=False)
    print(session.replay().exports["x"], session.execute("export(x + 1, 'y')").exports["y"])
    session.leave()
"""


@pytest.mark.slow
def test_another_process_gets_output_exports_and_the_rest_of_a_running_cell(at_demo: Enclave) -> None:
    with ag.login(dataset="Breast Cancer") as session:
        session.execute("x = 41\nexport(x, 'x')\nprint('early')")
        other = [sys.executable, "-c", textwrap.dedent(_OTHER_PROCESS), session.session_id]
        said = subprocess.run(other, capture_output=True, text=True, timeout=60, check=True).stdout
        assert "early" in said
        assert said.rstrip().endswith("41 42")
        assert session.execute("export(x, 'x')").exports["x"] == 41, "the session went on"
    assert running_sessions(at_demo) == []


@pytest.mark.slow
def test_a_restarted_notebook_finds_its_session_and_a_closed_one_leaves_none(at_demo: Enclave) -> None:
    manager, client = start_new_kernel(kernel_name="python3", env=dict(os.environ))
    try:

        def run(source: str) -> str:
            said: list[str] = []
            reply = client.execute_interactive(
                source, timeout=60, output_hook=lambda message: said.append(_text(message))
            )
            assert reply["content"]["status"] == "ok", reply["content"]
            return "".join(said)

        run("import antigranular as ag\nsession = ag.login(dataset='Breast Cancer')")
        run("%%ag\nx = 7\nexport(x, 'x')")
        (before,) = running_sessions(at_demo)
        manager.restart_kernel(now=False)
        client.wait_for_ready(timeout=60)
        assert running_sessions(at_demo) == [before]
        run("import antigranular as ag\nsession = ag.attach()")
        assert "8" in run("print(x + 1)")
        assert "49" in run("%%ag\nprint(x * 7)")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=False)
    assert running_sessions(at_demo) == []


def _text(message: dict[str, dict[str, str]]) -> str:
    return message["content"].get("text", "") if message["header"]["msg_type"] == "stream" else ""
