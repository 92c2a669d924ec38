"""``%%ag`` in a real IPython shell: values, displays, errors and interrupts as in any notebook."""

import importlib
import io
import math
import os
import signal
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output

import antigranular as ag
from antigranular.login import login
from tests.magic.fake_enclave import FakeEnclave, Stage
from tests.magic.shells import fresh_shell, logged_in, run


@pytest.fixture
def shell(tmp_path, monkeypatch) -> Iterator[InteractiveShell]:
    with fresh_shell(tmp_path, monkeypatch) as made:
        yield made


def bundle(output: RichOutput) -> dict[str, Any]:
    return dict(output.data)


def test_login_offers_the_magic_and_shows_the_session_with_its_id(shell) -> None:
    with capture_output() as captured:
        logged_in(shell, {})
    (shown,) = captured.outputs
    data = bundle(shown)
    assert "PrivateDataFrame" in data["text/plain"]
    assert "<table" in data["text/html"]
    assert data["application/vnd.antigranular.session+json"]["session_id"] == shell.user_ns["session"].session_id
    assert shell.find_cell_magic("ag") is not None


def test_exports_become_variables_and_say_so(shell) -> None:
    logged_in(shell, {"export(2, 'x')": lambda stage: stage.export("x", {"t": "int", "v": "2"})})
    result, captured = run(shell, "%%ag\nexport(2, 'x')")
    assert result.success
    assert captured.stdout == "Setting up exported variable in local environment: x\n"
    assert shell.user_ns["x"] == 2


def test_an_export_replaces_no_module_and_no_session_and_the_cell_goes_on(shell) -> None:
    def cell(stage: Stage) -> None:
        for name in ("math", "session", "Out", "x"):
            stage.export(name, {"t": "int", "v": "2"})

    logged_in(shell, {"many": cell})
    shell.user_ns["math"] = math
    held = {name: shell.user_ns.get(name) for name in ("math", "session", "Out")}
    result, _ = run(shell, "%%ag\nmany")
    assert isinstance(result.error_in_exec, ag.NameTaken)
    assert "exported math, which is the module math here" in str(result.error_in_exec)
    assert {name: shell.user_ns.get(name) for name in held} == held
    assert shell.user_ns["x"] == 2


def test_the_last_expression_is_the_cell_s_out_with_all_its_forms(shell) -> None:
    data = {"text/plain": "a  b", "text/html": "<b>a</b>"}
    logged_in(shell, {"frame": lambda stage: stage.show(data, kind="execute_result", execution_count=1)})
    result, _ = run(shell, "%%ag\nframe")
    assert repr(result.result) == "a  b"
    formatted, _ = shell.display_formatter.format(result.result)
    assert formatted == data


def test_displays_show_with_their_metadata_and_scripts_do_not(shell) -> None:
    def cell(stage: Stage) -> None:
        stage.show(
            {"text/plain": "<plot>", "image/png": "aGk=", "application/javascript": "alert(1)"},
            metadata={"image/png": {"width": 10}},
        )

    logged_in(shell, {"plot": cell})
    _, captured = run(shell, "%%ag\nplot")
    (shown,) = captured.outputs
    assert bundle(shown) == {"text/plain": "<plot>", "image/png": "aGk="}
    assert shown.metadata == {"image/png": {"width": 10}}


def test_the_budget_line_shows_small(shell) -> None:
    line = {
        "application/vnd.antigranular.budget+json": {"left": "9.5"},
        "text/plain": "spent ε 0.50 on <Breast Cancer>",
    }
    logged_in(shell, {"mean": lambda stage: stage.show(line)})
    _, captured = run(shell, "%%ag\nmean")
    data = bundle(captured.outputs[0])
    assert "<small" in data["text/html"]
    assert "&lt;Breast Cancer&gt;" in data["text/html"]
    assert data["text/plain"] == line["text/plain"]


def test_a_failed_cell_fails_here_with_only_the_analyst_s_lines(shell) -> None:
    lines = ["Cell In[1], line 3", "    1/0", "ZeroDivisionError: division by zero"]
    logged_in(shell, {"x = 1\n1/0": lambda stage: stage.fail("ZeroDivisionError", "division by zero", lines)})
    run(shell, "1 + 1")
    result, captured = run(shell, "%%ag\nx = 1\n1/0")
    assert isinstance(result.error_in_exec, ag.CellError)
    said = captured.stdout + captured.stderr
    assert "Cell In[2], line 3" in said, "the number of the notebook's own cell"
    assert "division by zero" in said
    assert "antigranular/" not in said, "no line of this library"


def test_line_numbers_are_those_of_the_notebook_s_cell(shell) -> None:
    seen = []
    enclave = logged_in(shell, {"a\nb": lambda stage: seen.append(stage.asked.content["code"])})
    run(shell, "%%ag\na\nb")
    assert seen[0].splitlines()[1:] == ["a", "b"]
    assert enclave.count == 1


def test_ctrl_c_stops_the_remote_cell_and_is_a_keyboard_interrupt_here(shell) -> None:
    def cell(stage: Stage) -> dict:
        os.kill(os.getpid(), signal.SIGINT)
        assert stage.enclave.interrupted.wait(5)
        return stage.fail("KeyboardInterrupt", "", ["Cell In[1], line 2", "KeyboardInterrupt"])

    logged_in(shell, {"loop": cell})
    result, captured = run(shell, "%%ag\nloop")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert "Cell In[1], line 2" in captured.stdout + captured.stderr


def test_without_a_login_the_magic_says_what_to_do(shell) -> None:
    shell.run_line_magic("load_ext", "antigranular")
    result, captured = run(shell, "%%ag\n1")
    assert isinstance(result.error_in_exec, ag.NotLoggedIn)
    assert "ag.login" in captured.stdout + captured.stderr


def test_the_import_offers_the_magic_so_that_a_cell_before_any_login_fails_and_says_what_to_do(shell) -> None:
    assert shell.find_cell_magic("ag") is None
    importlib.reload(ag)
    result, captured = run(shell, "%%ag\n1")
    assert type(result.error_in_exec).__name__ == "NotLoggedIn"
    assert "ag.login" in captured.stdout + captured.stderr


@pytest.mark.parametrize("before", ["x = 1\n", "# a comment\n"])
def test_a_cell_in_which_the_magic_is_not_first_fails_and_runs_nothing_below_it(shell, before: str) -> None:
    enclave = logged_in(shell, {})
    result, captured = run(shell, f"{before}%%ag\ny = 2")
    assert isinstance(result.error_in_exec, ag.AgError)
    assert "must be the first line of its cell" in captured.stdout + captured.stderr
    assert "y" not in shell.user_ns
    assert enclave.lines == []


def test_one_sign_in_place_of_two_shows_what_the_two_do(shell) -> None:
    logged_in(shell, {})
    result, captured = run(shell, "%ag\nx = 1")
    assert result.success
    (shown,) = captured.outputs
    assert "twice the sign" in shown.data["text/plain"]
    assert "twice the sign" in shown.data["text/html"]


@pytest.mark.parametrize(
    ("option", "says"), [("--fast", "it takes --timeout"), ("--timeout soon", "'soon' is no number of seconds")]
)
def test_options_that_do_not_exist_are_refused(shell, option: str, says: str) -> None:
    logged_in(shell, {})
    result, captured = run(shell, f"%%ag {option}\n1")
    assert isinstance(result.error_in_exec, ag.AgError)
    assert says in captured.stdout + captured.stderr


def test_an_empty_cell_does_nothing(shell) -> None:
    enclave = logged_in(shell, {})
    result, captured = run(shell, "%%ag\n\n")
    assert result.success
    assert captured.stdout == ""
    assert enclave.lines == []


def test_a_second_login_takes_the_magic_over(shell) -> None:
    logged_in(shell, {"who": lambda stage: stage.print("first")})
    logged_in(shell, {"who": lambda stage: stage.print("second")})
    _, captured = run(shell, "%%ag\nwho")
    assert captured.stdout == "second"


def test_a_terminated_session_fails_the_cell_clearly(shell) -> None:
    logged_in(shell, {})
    shell.user_ns["session"].terminate_session()
    result, _ = run(shell, "%%ag\n1")
    assert isinstance(result.error_in_exec, ag.SessionError)


def test_errors_of_login_show_the_analyst_s_line_and_one_sentence(shell) -> None:
    shell.user_ns["login"], shell.user_ns["enclave"] = login, FakeEnclave()
    _, captured = run(shell, "name = 'ada'\nlogin(name, 'wrong', dataset='Breast Cancer', transport=enclave)")
    said = captured.stdout + captured.stderr
    assert "line 2: login(name" in said
    assert "unknown user or wrong secret" in said
    assert "antigranular/" not in said


def test_outside_a_shell_login_prints_plain_text() -> None:
    InteractiveShell.clear_instance()
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        login("ada", "s3cret", dataset="Breast Cancer", transport=FakeEnclave())
    assert "breast_cancer" in out.getvalue()
