"""``POST /oauth/token``: a short-lived access token for client credentials (RFC 6749, section 4.4) or for another issuer's token (RFC 8693).

Never says whether the account or the secret was wrong, nor logs either.
"""

import asyncio
import base64
import binascii
import math
from http import HTTPStatus
from urllib.parse import unquote_plus

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ag_enclave.body import read_form
from ag_enclave.errors import Conflict
from ag_enclave.gateway import Gateway
from ag_enclave.oidc import Issuer
from ag_enclave.proof import LONGEST, Unproven, prove

_log = structlog.get_logger(__name__)
_DIGITS = 10
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_TYPES = tuple(f"urn:ietf:params:oauth:token-type:{kind}" for kind in ("id_token", "access_token", "jwt"))
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def issue(request: Request, gateway: Gateway) -> Response:
    """A token, or one of the errors of RFC 6749 section 5.2; 429 after too many failures."""
    form = await read_form(request)
    if form is None or "grant_type" not in form:
        return _error(400, "invalid_request", "Send a URL-encoded form with grant_type, client_id and client_secret.")
    if form["grant_type"] == EXCHANGE and gateway.issuer is not None:
        return await _exchange(gateway, gateway.issuer, form)
    if form["grant_type"] != "client_credentials":
        return _error(400, "unsupported_grant_type", "The only grant_type here is client_credentials.")
    credentials = _credentials(request, form)
    if credentials is None:
        return _error(401, "invalid_client", "Send client_id and client_secret, in the form or by HTTP Basic.")
    seconds = _lifetime(form, gateway)
    if seconds is None:
        return _error(400, "invalid_request", f"expires_in is a number of seconds from 1 to {gateway.tokens.longest}.")
    return await _grant(request, gateway, *credentials, seconds)


def _lifetime(form: dict[str, str], gateway: Gateway) -> int | None:
    """How long the token shall live; None for what is no such time. Clients that can't renew theirs ask for long."""
    wish = form.get("expires_in", str(gateway.tokens.seconds))
    seconds = int(wish) if wish.isascii() and wish.isdigit() and len(wish) < _DIGITS else 0
    return seconds if 0 < seconds <= gateway.tokens.longest else None


async def _grant(request: Request, gateway: Gateway, user_id: str, secret: str, seconds: int) -> Response:
    found = await prove(gateway, request.client.host if request.client else "", user_id, secret)
    if isinstance(found, Unproven):
        return _error(429 if found.wait else 401, "invalid_client", found.why, retry=found.wait)
    token = gateway.tokens.issue(found.user_id, found.generation, seconds)
    body = {"access_token": token, "token_type": "Bearer", "expires_in": seconds}
    return JSONResponse(body, headers=_NO_STORE)


async def _exchange(gateway: Gateway, issuer: Issuer, form: dict[str, str]) -> Response:
    """A token of ours for the issuer's, that lives no longer than either."""
    if form.get("subject_token_type") not in _TYPES or not form.get("subject_token"):
        return _error(
            400, "invalid_request", "Send subject_token and subject_token_type (an id_token, access_token or jwt)."
        )
    person = await asyncio.to_thread(issuer.read, form["subject_token"])
    if isinstance(person, str):
        return _error(400, "invalid_grant", person)
    try:
        account = await asyncio.to_thread(gateway.accounts.vouched, person.user_id, person.role, issuer.name)
    except Conflict as problem:
        return _error(400, "invalid_grant", str(problem))
    seconds = min(_lifetime(form, gateway) or gateway.tokens.seconds, int(person.until - gateway.now().timestamp()))
    if account.disabled or seconds <= 0:
        _log.info("login failed", user_id=account.user_id, issuer=issuer.name)
        return _error(
            400, "invalid_grant", "This account is disabled." if account.disabled else "The token has expired."
        )
    token = gateway.tokens.issue(account.user_id, account.generation, seconds)
    body = {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "issued_token_type": _TYPES[1]}
    return JSONResponse(body, headers=_NO_STORE)


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str] | None:
    """From HTTP Basic, else from the form; None where they are missing or malformed."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user_id, colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        found = (unquote_plus(user_id), unquote_plus(secret)) if colon else ("", "")
    else:
        found = (form.get("client_id", ""), form.get("client_secret", ""))
    return found if all(0 < len(word) <= LONGEST for word in found) else None


def _error(status: int, error: str, description: str, *, retry: float = 0.0) -> Response:
    headers = dict(_NO_STORE)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="ag-enclave"'
    if retry:
        headers["Retry-After"] = str(math.ceil(retry))
    body = {"error": error, "error_description": description, "message": description}
    return JSONResponse(body, status_code=status, headers=headers)
