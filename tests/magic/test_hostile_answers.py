"""Whatever an enclave answers, what the client shows of it is shown, or is one sentence about the enclave: never an error of the client's own."""

import contextlib
import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from antigranular.audit_log import AuditLog
from antigranular.bearer import Token
from antigranular.budgets import Budgets
from antigranular.catalogue import Catalogue
from antigranular.config import Credentials
from antigranular.errors import AgError, WireError
from antigranular.holdings import Datasets
from antigranular.owner import Owner
from antigranular.rest import Enclave
from antigranular.session import Session
from antigranular.transport import Line, Request, Response
from antigranular.users import Users

VIEW = {"key": "patients", "kind": "frame"}
HELD: dict[str, Any] = {
    "name": "Clinic",
    "variable": "clinic",
    "description": "made up",
    "summary": "",
    "citation": "",
    "url": "",
    "contributors": ["Ann"],
    "tables": {"patients": {"rows": 5, "columns": {"age": {}}}},
    "views": [VIEW],
    "version": 1,
    "owners": ["ann"],
    "origin": {"report": {"patients": {"age": {"clamped": 3}}}},
    "retired": None,
}
CAP = {"kind": "analyst", "who": "ann", "epsilon": "2", "delta": "0", "seconds": 86400}
ODOMETER = {
    "dataset": "Clinic",
    "epsilon_spent": "1",
    "epsilon_left": "2",
    "delta_spent": "0",
    "delta_left": "0",
    "epsilon_per_call": "1",
    "windows": [
        {"whose": "everyone", "span": "a day", "epsilon": "2", "epsilon_left": "1", "refreshes": "2026-01-01T00:00"}
    ],
    "libraries": {"op_pandas": {"epsilon": "1", "delta": "0"}},
}
HONEST: dict[str, Any] = {
    "/ag/v1/datasets": [HELD],
    "/api/kernels": {
        "id": "s",
        "ag": {
            "dataset": "Clinic",
            "variable": "clinic",
            "competition": "Cup",
            "views": [VIEW],
            "idle_timeout_seconds": 3600,
        },
    },
    "/ag/v1/sessions/s/odometer": {"balances": [ODOMETER]},
    "/ag/v1/competitions/Cup/board": {
        "metric": "accuracy",
        "closes": "2026-01-01T00:00:00",
        "board": [
            {
                "rank": 1,
                "analyst": "ann",
                "score": 0.5,
                "half_width": 0.1,
                "submissions": 2,
                "at": "2026-01-01T00:00:00",
            }
        ],
    },
    "/ag/v1/me": {"user_id": "ann", "role": "owner"},
    "/ag/v1/users": [{"user_id": "ann", "role": "owner", "disabled": False, "one_time": False, "issuer": ""}],
    "/ag/v1/budgets": [
        {
            "dataset": "Clinic",
            "declared": {"everyone": {"epsilon": "9", "delta": "0"}},
            "caps": [CAP],
            "spent": [{"who": "ann", "epsilon": "1", "amount": 1.0, "unanswered": 2}],
        }
    ],
    "/ag/v1/budgets/Clinic/outlook": [{"epsilon": "1", "calls": 9, "half_width": 0.2}],
    "/ag/v1/log": [
        {
            "sequence": 1,
            "at": 10**18,
            "actor": "ann",
            "action": "cap",
            "subject": "Clinic",
            "details": {"reason": "why", "cap": {}},
        }
    ],
}
PUT_IN: tuple[Any, ...] = (None, 5, -1, "x", [], {}, [1], [None], {"a": 1}, 10**400, float("nan"), [{}], {"x": {}})


class Answering:
    """A transport that has one answer per path."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def exchange(self, request: Request) -> Response:
        path = request.path.partition("?")[0]
        self.asked.append(path)
        if path == "/oauth/token":
            return Response(status=200, body=b'{"access_token": "t", "token_type": "Bearer", "expires_in": 600}')
        if path not in self._answers:
            return Response(status=404, body=b'{"message": "there is nothing there"}')
        return Response(status=200, body=json.dumps(self._answers[path]).encode())

    def open_line(self, request: Request, subprotocol: str) -> Line:
        raise AssertionError("nothing here needs a line")


def enclave(answering: Answering) -> Enclave:
    credentials = Credentials(user_id="ann", user_secret="s")
    return Enclave(answering, Token(credentials, answering, lambda: 0.0))


@contextlib.contextmanager
def session(of: Enclave) -> Iterator[Session]:
    started = Session(of, of.start({"dataset": "Clinic"}))
    try:
        yield started
    finally:
        started.leave()


def show(value: Any) -> None:
    str(value)
    repr(value)
    for picture in ("_repr_html_", "describe"):
        getattr(value, picture, str)()


def of_session(look: Callable[[Session], Any]) -> Callable[[Enclave], None]:
    def looked(of: Enclave) -> None:
        with session(of) as started:
            show(look(started))

    return looked


def held(of: Enclave) -> None:
    show(Datasets(of))
    for each in Datasets(of):
        show(each)
        show(each.report)
        show((each.owners, each.version, each.retired))
    show(Datasets(of).search("made"))


LOOKS: dict[str, Callable[[Enclave], None]] = {
    "data sets": lambda of: show(Catalogue(of.datasets())),
    "a session": of_session(lambda started: started),
    "an odometer": of_session(lambda started: started.privacy_odometer()),
    "a board": of_session(lambda started: started.leaderboard()),
    "an owner": lambda of: show(Owner(of)),
    "users": lambda of: show(Users(of)),
    "budgets": lambda of: show(Budgets(of)),
    "what was spent": lambda of: show((Budgets(of).spent("Clinic"), Budgets(of).lost("Clinic"))),
    "an outlook": lambda of: show(Budgets(of).allows("Clinic", 1)),
    "an owner's data sets": held,
    "the log": lambda of: show(AuditLog(of)),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from places(part, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    other = copy.deepcopy(value)
    inner = other
    for key in path[:-1]:
        inner = inner[key]
    if new is PUT_IN:
        del inner[path[-1]]
    else:
        inner[path[-1]] = new
    return other


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_shown_of_an_honest_answer_is_shown(look: str) -> None:
    LOOKS[look](enclave(Answering(HONEST)))


@pytest.mark.parametrize("look", LOOKS)
def test_an_answer_that_is_none_is_one_sentence(look: str) -> None:
    honest = Answering(HONEST)
    LOOKS[look](enclave(honest))
    refused = 0
    for asked in set(honest.asked) - {"/oauth/token"}:
        for path in places(HONEST[asked]):
            for new in (*PUT_IN, PUT_IN) if path else PUT_IN:
                answers = {**HONEST, asked: changed(HONEST[asked], path, new)}
                try:
                    LOOKS[look](enclave(Answering(answers)))
                except AgError as said:
                    refused += isinstance(said, WireError)
                    assert "\n" not in str(said)
    assert refused
