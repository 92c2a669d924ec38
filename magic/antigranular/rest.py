"""The enclave's REST routes as methods, one each. Must not know what a cell is or how bytes travel."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from antigranular.bearer import Token
from antigranular.errors import IncompatibleEnclave, RequestRefused, SessionError, WireError
from antigranular.transport import Line, Request, Response, Transport
from antigranular.wire import SUBPROTOCOL, WIRE

KERNEL = "antigranular"
_EXPIRED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Enclave:
    """One enclave as one analyst sees it. All methods raise RequestRefused where it says no."""

    def __init__(self, transport: Transport, token: Token) -> None:
        self._transport = transport
        self._token = token

    def shake_hands(self) -> str:
        """Check that both sides speak the same wire; the enclave's release. Raises IncompatibleEnclave."""
        answer = _json(self._transport.exchange(Request(method="GET", path="/api")))
        ours = answer.get("ag") if isinstance(answer, dict) else None
        if not isinstance(ours, dict) or not isinstance(ours.get("wire"), int):
            raise IncompatibleEnclave("what answers there is not an enclave: /api names no version of its wire")
        if ours["wire"] != WIRE:
            newer = ours["wire"] > WIRE
            remedy = (
                "upgrade the client: pip install --upgrade ag-enclave"
                if newer
                else "ask its operator to upgrade the enclave"
            )
            raise IncompatibleEnclave(
                f"the enclave (release {ours.get('release', 'unknown')}) speaks wire {ours['wire']} and this client wire {WIRE}: {remedy}"
            )
        return str(ours.get("release", ""))

    def datasets(self) -> list[dict[str, Any]]:
        """The catalogue, as far as this analyst may see it."""
        answer = self._ask("GET", "/ag/v1/datasets")
        listed = answer.get("datasets") if isinstance(answer, dict) else answer
        if not isinstance(listed, list):
            raise WireError("the enclave's catalogue is not a list")
        return [entry for entry in listed if isinstance(entry, dict)]

    def start(self, wanted: Mapping[str, Any] | None) -> dict[str, Any]:
        """Start a session on ``{"dataset": name}`` or ``{"competition": name}``, None: on all data sets; the kernel's model."""
        about = {} if wanted is None else {"ag": dict(wanted)}
        return _object(self._ask("POST", "/api/kernels", {"name": KERNEL, **about}))

    def stop(self, session_id: str) -> None:
        """End a session. An unknown one counts as ended."""
        try:
            self._ask("DELETE", _kernel(session_id))
        except SessionError:
            return

    def sessions(self) -> list[dict[str, Any]]:
        """The analyst's running sessions, as kernels' models."""
        return self.rows("/api/kernels")

    def session(self, session_id: str) -> dict[str, Any]:
        """A running session's model. Raises SessionError where there is none of that id."""
        return _object(self._ask("GET", _kernel(session_id)))

    def restart(self, session_id: str) -> dict[str, Any]:
        """A fresh kernel under the same id; its model."""
        return _object(self._ask("POST", f"{_kernel(session_id)}/restart"))

    def interrupt(self, session_id: str) -> None:
        """Interrupt the running cell."""
        self._ask("POST", f"{_kernel(session_id)}/interrupt")

    def odometer(self, session_id: str) -> dict[str, Any]:
        """What was spent and what is left."""
        return _object(self._ask("GET", f"/ag/v1/sessions/{quote(session_id, safe='')}/odometer"))

    def submit(self, competition: str, predictions: Sequence[Any]) -> dict[str, Any]:
        """Predictions for a competition; the enclave's score."""
        path = f"/ag/v1/competitions/{quote(competition, safe='')}/submissions"
        return _object(self._ask("POST", path, {"predictions": list(predictions)}))

    def board(self, competition: str) -> dict[str, Any]:
        """A competition's board."""
        return _object(self._ask("GET", f"/ag/v1/competitions/{quote(competition, safe='')}/board"))

    def open_channel(self, session_id: str, client: str, after: int) -> Line:
        """The session's websocket, from its message number ``after`` on; ``client`` is the same over reconnections."""
        path = f"{_kernel(session_id)}/channels?{urlencode({'session_id': client, 'after': after})}"
        for renewed in (False, True):
            try:
                return self._transport.open_line(
                    Request(method="GET", path=path, headers=self._authorization()), SUBPROTOCOL
                )
            except RequestRefused as refusal:
                if refusal.status == HTTPStatus.NOT_FOUND:
                    raise SessionError(_ended(session_id)) from None
                if refusal.status not in _EXPIRED or renewed:
                    raise
                self._token.forget()
        raise AssertionError("unreachable")

    def replace_secret(self, secret: str) -> str:
        """A new secret in place of the one this token was fetched with, which is void from now on."""
        return secret_in(self._ask("POST", "/ag/v1/me/secret", {"user_secret": secret}))

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Any other route; its JSON, None where it has none."""
        return self._ask(method, path, body)

    def rows(self, path: str) -> list[dict[str, Any]]:
        """What a route lists. WireError where it is no list of objects."""
        answer = self._ask("GET", path)
        if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
            raise WireError(f"the enclave's answer to {path.partition('?')[0]} is not a list of objects")
        return answer

    def send(self, method: str, path: str, content: bytes) -> Any:
        """Bytes to any other route; its JSON."""
        return _json(self._answered(method, path, content, "application/octet-stream"))

    def fetch(self, path: str) -> bytes:
        """What a route has that is no JSON, as it is."""
        return self._answered("GET", path, None).body

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One authorized exchange, whose answer is JSON or nothing."""
        response = self._answered(method, path, None if body is None else json.dumps(body).encode())
        return _json(response) if response.body else None

    def _answered(self, method: str, path: str, content: bytes | None, kind: str = "application/json") -> Response:
        """One authorized exchange; a token refused as expired is renewed once."""
        response = self._exchange(method, path, content, kind)
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._token.forget()
            response = self._exchange(method, path, content, kind)
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise _refusal(response, path)
        return response

    def _exchange(self, method: str, path: str, content: bytes | None, kind: str) -> Response:
        headers = {**self._authorization(), "Accept": "application/json", "Content-Type": kind}
        return self._transport.exchange(Request(method=method, path=path, headers=headers, body=content))

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.value()}"}


def secret_in(answer: Any) -> str:
    """The new secret of an answer. WireError where it has none."""
    secret = _object(answer).get("user_secret")
    if not isinstance(secret, str):
        raise WireError("the enclave answered without the new secret; ask for another one")
    return secret


def _kernel(session_id: str) -> str:
    return f"/api/kernels/{quote(session_id, safe='')}"


def _ended(session_id: str) -> str:
    return f"the session {session_id} has ended; ag.login(...) starts a new one"


def _refusal(response: Response, path: str) -> RequestRefused | SessionError:
    """The enclave's own sentence, as the exception it deserves."""
    try:
        answer = json.loads(response.body)
        message = str(answer["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        message = f"the enclave refused {path} with status {response.status}"
    if response.status == HTTPStatus.NOT_FOUND and path.startswith(("/api/kernels/", "/ag/v1/sessions/")):
        return SessionError(f"{message.rstrip('.')}; ag.login(...) starts a new session")
    return RequestRefused(message, response.status)


def _json(response: Response) -> Any:
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        raise WireError(f"the enclave answered with status {response.status} and something that is not JSON") from None


def _object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise WireError("the enclave answered with something that is not an object")
    return answer
