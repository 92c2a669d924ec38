"""A session as people hold it: the odometer's keys, ending, and clear refusals of what comes later."""

import pytest

import antigranular as ag
from antigranular.hearing import CellResult
from antigranular.intervals import cost
from antigranular.odometer import Odometer
from antigranular.transport import Response
from tests.magic.conftest import Start
from tests.magic.fake_enclave import FakeEnclave, FakeLine


def test_the_odometer_has_the_keys_that_notebooks_rely_on_and_what_remains(start: Start) -> None:
    session, _ = start({})
    odometer = session.privacy_odometer()
    assert dict(odometer) == {
        "total_epsilon_used": 0.5,
        "total_delta_used": 0.0,
        "library_costs": {"op_pandas": {"eps": 0.5, "delta": 0.0}},
        "dataset_costs": {"Breast Cancer": {"eps": 0.5, "delta": 0.0}},
        "remaining": {"Breast Cancer": {"eps": 19.5, "delta": 1e-6, "eps_per_call": 10.0, "windows": []}},
    }


def test_the_odometer_shows_as_a_table() -> None:
    from IPython.lib.pretty import pretty

    balance = {"dataset": "<b>", "epsilon_spent": 1, "delta_spent": 0, "epsilon_left": "1/3", "delta_left": 0}
    odometer = Odometer.from_balances({"balances": [balance]})
    assert "0.3333" in pretty(odometer)
    assert "ε left" in odometer._repr_html_()
    assert "<b>" not in odometer._repr_html_(), "names are escaped"


def test_windows_are_listed_by_name_and_say_when_they_give_again() -> None:
    week = {"whose": "everyone", "seconds": 604800, "span": "7 days", "epsilon": 4, "epsilon_left": 0}
    balance = {"dataset": "x", "epsilon_spent": 4, "delta_spent": 0, "epsilon_left": 0, "delta_left": 0}
    balance["windows"] = [{**week, "refreshes": "2026-01-08 00:00:01 UTC"}]
    odometer = Odometer.from_balances({"balances": [balance]})
    assert odometer["remaining"]["x"]["windows"][0]["eps"] == 0
    for shown in (str(odometer), odometer._repr_html_()):
        assert "everyone's, 7 days" in shown or "everyone&#x27;s, 7 days" in shown
        assert "from 01-08 00:00 UTC" in shown


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"balances": 1},
        {"balances": [{}]},
        {"balances": [{"dataset": "x", "epsilon_spent": "y"}]},
        {"balances": [{"dataset": "x", "epsilon_spent": "1e999999999"}]},
        {"balances": [{"dataset": "x", "epsilon_spent": "9" * 1000}]},
    ],
    ids=repr,
)
def test_an_odometer_that_can_t_be_read_is_said(answer) -> None:
    with pytest.raises(ag.WireError):
        Odometer.from_balances(answer)


def test_a_terminated_session_says_so_and_ends_over_there(start: Start) -> None:
    session, enclave = start({"a": lambda _: None})
    session.execute("a")
    assert session.terminate_session() == {"status": "ok"}
    assert session.terminate_session() == {"status": "ok"}
    assert enclave.sessions == {}
    assert not enclave.lines[-1].open
    for use in (lambda: session.execute("a"), session.privacy_odometer, session.interrupt_kernel):
        with pytest.raises(ag.SessionError, match="was terminated"):
            use()
    assert "ended" in repr(session)


def test_a_with_block_ends_the_session(start: Start) -> None:
    session, enclave = start({})
    with session:
        assert session.session_id in enclave.sessions
    assert enclave.sessions == {}


def test_a_session_that_ended_over_there_is_a_session_error(start: Start) -> None:
    session, enclave = start({"a": lambda _: None})
    enclave.sessions.clear()
    for use in (lambda: session.execute("a"), session.privacy_odometer, session.interrupt_kernel):
        with pytest.raises(ag.SessionError, match=r"ag\.login"):
            use()
    assert session.terminate_session() == {"status": "ok"}


def test_interrupt_kernel_answers_as_notebooks_expect(start: Start) -> None:
    session, _ = start({})
    assert session.interrupt_kernel() == {"status": "ok"}


def test_a_cell_longer_than_the_enclave_takes_does_not_travel(start: Start) -> None:
    session, enclave = start({})
    session._facts["cell_bytes"] = 10
    with pytest.raises(ag.CellRefused, match="10 bytes"):
        session.execute("x = 'ä'  # 13")
    assert enclave.lines == []


def test_predictions_need_a_competition(start: Start) -> None:
    session, _ = start({})
    for use in (lambda: session.submit_predictions([1]), session.leaderboard):
        with pytest.raises(ag.SessionError, match="belongs to no competition"):
            use()


def test_every_name_offered_is_there_and_every_error_is_offered() -> None:
    from antigranular import errors

    assert all(hasattr(ag, name) for name in ag.__all__)
    raised = {
        name for name, kind in vars(errors).items() if isinstance(kind, type) and kind.__module__ == errors.__name__
    }
    assert raised <= set(ag.__all__)
    assert all(name in (errors.__doc__ or "") for name in raised), "the tree on top draws them all"


@pytest.mark.parametrize(
    "lifetime",
    ["soon", None, [], True, -1, 10**400, float("nan")],
    ids=["a word", "nothing", "a list", "a truth", "less than none", "too many digits", "no number"],
)
def test_a_token_that_says_no_time_is_one_sentence(lifetime) -> None:
    enclave = FakeEnclave()
    enclave.lifetime = lifetime
    with pytest.raises(ag.WireError, match="no token"):
        ag.login("ann", "s3cret", dataset="Breast Cancer", transport=enclave)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"message":' + b"[" * 100_000], ids=["an answer", "a refusal"])
@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_that_is_endlessly_nested_is_one_sentence(body: bytes, status: int) -> None:
    class Deep(FakeEnclave):
        def _authorized(self, *_: object) -> Response:
            return Response(status=status, body=body)

    with pytest.raises((ag.WireError, ag.RequestRefused)):
        ag.login("ann", "s3cret", dataset="Breast Cancer", transport=Deep())


@pytest.mark.parametrize("where", ["open_line", "receive"])
def test_whatever_the_threads_of_a_connection_meet_reaches_the_cell_that_waits(
    start: Start, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("nobody foresaw this")

    session, enclave = start({"pass": lambda _stage: None})
    monkeypatch.setattr(enclave if where == "open_line" else FakeLine, where, fail)
    with pytest.raises(ag.WireError, match="ValueError"):
        session.execute("pass")


def test_what_a_cell_left_is_shown_in_a_line() -> None:
    spent = {"dataset": "Iris", "spent": 0.5, "rho": 0.0, "left": 2.0}
    whole = CellResult(exports={"a": 1, "b": 2}, budget=[spent], execution_count=3)
    assert repr(whole) == "<cell 3, exported a, b, spent ε 0.5 on Iris>"
    assert repr(CellResult(mock=True)) == "<a cell, of mock data>"


@pytest.mark.parametrize(
    ("exact", "shown"),
    [("1/2", "0.5"), ("1/10", "0.1"), ("3", "3"), ("1/3", "1/3"), ("123456789/7", "1.76367e+07"), (0.25, "0.25")],
)
def test_a_cost_is_a_decimal_number_where_it_is_one(exact: object, shown: str) -> None:
    assert cost({"epsilon": exact}) == f"ε {shown}"
