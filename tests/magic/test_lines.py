"""``%ag`` words and the options of ``%%ag``, in a real IPython shell."""

import time
from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

import antigranular as ag
from antigranular.lines import WORDS
from tests.magic.fake_enclave import FakeEnclave, Stage
from tests.magic.shells import fresh_shell, logged_in, run


@pytest.fixture
def shell(tmp_path, monkeypatch) -> Iterator[InteractiveShell]:
    with fresh_shell(tmp_path, monkeypatch) as made:
        yield made


def prints(stage: Stage) -> None:
    stage.print("hello\n")
    stage.export("x", {"t": "int", "v": "2"})


def lasts(enclave: FakeEnclave):
    def cell(stage: Stage) -> dict[str, object] | None:
        if enclave.interrupted.wait(30):
            return stage.fail("KeyboardInterrupt", "", ["KeyboardInterrupt"])
        return None

    return cell


def test_every_word_answers_and_help_lists_them_all(shell) -> None:
    enclave = logged_in(shell, {})
    session = shell.user_ns["session"]
    said = {word: run(shell, f"%ag {word}")[0] for word in WORDS if word not in ("attach", "preview")}
    assert [word for word, result in said.items() if not result.success] == []
    assert session.session_id in repr(said["status"].result)
    assert "idle" in repr(said["status"].result)
    assert said["budget"].result["total_epsilon_used"] == 0.5
    assert "Breast Cancer" in repr(said["datasets"].result)
    assert "here" in said["sessions"].result._repr_html_()
    assert all(word in repr(said["help"].result) for word in WORDS)
    assert enclave.interrupted.is_set()
    assert enclave.restarts == 1


def test_an_unknown_word_is_one_sentence_that_names_the_known_ones(shell) -> None:
    logged_in(shell, {})
    for line, sentence in (
        ("%ag budgte", "it knows status, budget"),
        ("%ag budget now", "stands alone"),
        ("%ag attach", "takes one session's id"),
        ("%ag preview", "takes one statistic"),
        ("%ag preview 1 +", "takes one statistic"),
        ("%ag preview mean(eps=1)", "takes one statistic"),
    ):
        result, _ = run(shell, line)
        assert isinstance(result.error_in_exec, ag.AgError)
        assert sentence in str(result.error_in_exec)


def test_a_preview_asks_the_method_s_preview_with_the_same_arguments(shell) -> None:
    shows = lambda stage: stage.show({"text/plain": "ε 0.5"}, kind="execute_result", execution_count=1)  # noqa: E731
    logged_in(shell, {"people.groupby('sex').mean.preview(eps=0.5)": shows})
    result, _ = run(shell, "%ag preview people.groupby('sex').mean(eps=0.5)")
    assert repr(result.result) == "ε 0.5"


def test_the_data_sets_are_listed_before_a_login_and_no_session_is_started(shell, monkeypatch) -> None:
    enclave = FakeEnclave({})
    assert [each["name"] for each in ag.datasets("ada", "s3cret", transport=enclave)] == ["Breast Cancer"]
    assert not enclave.sessions
    ag.load_ipython_extension(shell)
    for name in ("AG_USER_ID", "AG_USER_SECRET"):
        monkeypatch.delenv(name, raising=False)
    result, _ = run(shell, "%ag datasets")
    assert isinstance(result.error_in_exec, ag.LoginError)


def test_an_error_of_a_magic_shows_no_line_that_its_writer_did_not_write(shell) -> None:
    ag.load_ipython_extension(shell)
    result, _ = run(shell, "%ag status")
    shown = result.error_in_exec._render_traceback_()
    assert len(shown) == 1
    assert "there is no session yet" in shown[0]


def test_words_before_a_login_say_how_to_log_in(shell) -> None:
    ag.load_ipython_extension(shell)
    result, _ = run(shell, "%ag status")
    assert isinstance(result.error_in_exec, ag.NotLoggedIn)


def test_quiet_shows_nothing_and_sets_what_is_exported(shell) -> None:
    logged_in(shell, {"go": prints})
    result, captured = run(shell, "%%ag --quiet\ngo")
    assert result.success
    assert (captured.stdout, captured.stderr, captured.outputs) == ("", "", [])
    assert shell.user_ns["x"] == 2


def test_a_quiet_cell_that_fails_still_fails(shell) -> None:
    logged_in(shell, {"bad": lambda stage: stage.fail("ValueError", "no", ["ValueError: no"])})
    result, _ = run(shell, "%%ag --quiet\nbad")
    assert isinstance(result.error_in_exec, ag.CellError)


def test_a_cell_past_its_timeout_is_interrupted_and_fails_as_that(shell) -> None:
    enclave = logged_in(shell, {})
    enclave.cells["endless"] = lasts(enclave)
    began = time.monotonic()
    result, _ = run(shell, "%%ag --timeout 0.3\nendless")
    assert isinstance(result.error_in_exec, ag.CellTimedOut)
    assert "0.3 seconds" in str(result.error_in_exec)
    shown = "\n".join(result.error_in_exec._render_traceback_())
    assert "the cell ran longer than 0.3 seconds and was interrupted; the session goes on" in shown
    assert "KeyboardInterrupt" not in shown
    assert time.monotonic() - began < 10


def test_a_cell_within_its_timeout_is_left_alone(shell) -> None:
    enclave = logged_in(shell, {"go": prints})
    result, _ = run(shell, "%%ag --timeout 60\ngo")
    assert result.success
    assert not enclave.interrupted.is_set()


def test_a_cell_may_run_in_another_session_of_the_notebook(shell) -> None:
    first = logged_in(shell, {"who": lambda stage: stage.print("first")})
    name = shell.user_ns["session"].session_id
    logged_in(shell, {"who": lambda stage: stage.print("second")})
    assert run(shell, "%%ag\nwho")[1].stdout == "second"
    assert run(shell, f"%%ag --session {name}\nwho")[1].stdout == "first"
    assert first.count == 1
    result, _ = run(shell, "%%ag --session nobody\nwho")
    assert "ag.attach" in str(result.error_in_exec)


def test_attaching_shows_what_was_said_and_sets_what_was_exported(shell) -> None:
    logged_in(shell, {"go": prints})
    said = run(shell, "%%ag\ngo")[1].stdout
    assert shell.user_ns.pop("x") == 2
    result, captured = run(shell, f"%ag attach {shell.user_ns['session'].session_id}")
    assert result.success
    assert said
    assert said in captured.stdout
    assert shell.user_ns["x"] == 2


@pytest.mark.parametrize("line", ["--timeout", "--timeout soon", "--timeout -1", "--timeout nan", "--loud", "extra"])
def test_a_wrong_option_is_one_sentence_and_runs_nothing(shell, line) -> None:
    enclave = logged_in(shell, {"go": prints})
    result, _ = run(shell, f"%%ag {line}\ngo")
    assert isinstance(result.error_in_exec, ag.AgError)
    assert "--timeout SECONDS, --session ID, --mock and --quiet" in str(result.error_in_exec)
    assert enclave.count == 0


def test_a_long_cell_shows_one_line_that_counts(shell) -> None:
    logged_in(shell, {"long": lambda _: time.sleep(3.3), "short": lambda _: None})
    _, captured = run(shell, "%%ag\nlong")
    said = [output.data["text/plain"] for output in captured.outputs]
    assert said[0] == "running in the enclave for 2 s"
    assert said[-1].startswith("ran in the enclave for 3.")
    assert run(shell, "%%ag\nshort")[1].outputs == []
