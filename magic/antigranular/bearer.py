"""The access token: fetched with the analyst's secret, kept in memory, renewed before it expires. Must not know what it opens."""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from antigranular.config import Credentials
from antigranular.errors import LoginError, RequestRefused, WireError
from antigranular.transport import Request, Response, Transport

PATH = "/oauth/token"
MARGIN_SECONDS = 30.0
"""Renewed this long before its end, so that a request under way does not outlive its token."""
_LONGEST_SECONDS = 1 << 31
_TOKEN = re.compile(r"[\x21-\x7e]+")
"""Letters that a header may carry."""
_NOT_ACCEPTED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Token:
    """OAuth 2.0 client credentials (RFC 6749 §4.4). ``clock`` gives seconds that only move forward."""

    def __init__(self, credentials: Credentials, transport: Transport, clock: Callable[[], float]) -> None:
        self._credentials = credentials
        self._transport = transport
        self._clock = clock
        self._lock = Lock()
        self._value = ""
        self._good_until = float("-inf")

    def __repr__(self) -> str:
        return f"<token of {self._credentials.user_id}>"

    def value(self) -> str:
        """A token that is good now. Raises LoginError where the enclave does not accept the analyst."""
        with self._lock:
            if self._clock() >= self._good_until:
                self._renew()
            return self._value

    def forget(self) -> None:
        """Drop the token: the enclave no longer accepts it."""
        with self._lock:
            self._good_until = float("-inf")

    def _renew(self) -> None:
        asked = self._clock()
        self._value, lifetime = fetch_token(self._credentials, self._transport)
        self._good_until = asked + max(lifetime - MARGIN_SECONDS, lifetime / 2)


def fetch_token(credentials: Credentials, transport: Transport, seconds: int | None = None) -> tuple[str, float]:
    """A token that lives so many seconds, or as long as the enclave likes; and for how long it does. Raises LoginError, RequestRefused."""
    form = _grant(credentials) | ({} if seconds is None else {"expires_in": str(seconds)})
    request = Request(
        method="POST",
        path=PATH,
        headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        body=urlencode(form).encode(),
    )
    answer = _token_answer(transport.exchange(request))
    token, lifetime = answer["access_token"], answer.get("expires_in", 0)
    named = isinstance(token, str) and _TOKEN.fullmatch(token)
    if not named or type(lifetime) not in {int, float} or not 0 <= lifetime <= _LONGEST_SECONDS:
        raise WireError("the enclave answered the login with something that is no token")
    return str(token), float(lifetime)


def _grant(credentials: Credentials) -> dict[str, str]:
    """A secret (RFC 6749 §4.4), or another issuer's token in exchange (RFC 8693)."""
    if credentials.identity is None:
        return {
            "grant_type": "client_credentials",
            "client_id": credentials.user_id,
            "client_secret": credentials.user_secret,
        }
    return {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "subject_token": credentials.identity(),
    }


def _token_answer(response: Response) -> dict[str, Any]:
    try:
        answer = json.loads(response.body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise WireError(
            f"the enclave answered the login with status {response.status} and no JSON; is this an enclave?"
        )
    if response.status in _NOT_ACCEPTED:
        reason = answer.get("error_description") or answer.get("message") or answer.get("error")
        raise LoginError(f"the enclave did not accept this user id and secret: {reason}")
    if response.status != HTTPStatus.OK or "access_token" not in answer:
        raise RequestRefused(str(answer.get("message", f"login failed with status {response.status}")), response.status)
    return answer
