"""Who is calling: the token of a request, and the account behind it. Knows no secrets, only tokens."""

import asyncio
from collections.abc import Collection

from starlette.requests import HTTPConnection

from ag_enclave.accounts import Account
from ag_enclave.errors import Refusal
from ag_enclave.gateway import Gateway
from ag_enclave.roles import ROLES
from ag_enclave.tokens import API

ANYONE: Collection[str] = ROLES
_SCHEMES = ("token", "bearer")


async def caller(
    connection: HTTPConnection,
    gateway: Gateway,
    roles: Collection[str],
    *,
    one_time: bool = False,
    counted: bool = False,
) -> Account:
    """The account whose valid token this is. Refusal 401 without one, 403 where its role is not among ``roles``, 429 where it asks too fast.

    The token of a one-time secret is refused (403) but where ``one_time`` says that it is enough. ``counted``: this is a look at a request that was counted before.
    """
    token = _token(connection)
    claims = gateway.tokens.read(token) if token else None
    if claims is None:
        raise Refusal(401, "A valid access token is needed; log in (again)." if token else "An access token is needed.")
    if not counted:
        keep_pace(gateway, claims.user_id)
    account = await asyncio.to_thread(standing, gateway, token)
    if account is None:
        raise Refusal(401, "This access token was revoked; log in again.")
    if account.one_time and not one_time:
        raise Refusal(403, "This secret is for one use: exchange it for a real one first (POST /ag/v1/me/secret).")
    if account.role not in roles:
        raise Refusal(403, f"This is not open to the role {account.role}.")
    return account


def keep_pace(gateway: Gateway, user_id: str) -> None:
    """Count a request of this account. Refusal 429 where there are too many."""
    if gateway.pace.wait_seconds(user_id):
        raise Refusal(429, "Too many requests of this account; ask more slowly, and again in a second.")


def standing(gateway: Gateway, token: str, *, opens: str = API) -> Account | None:
    """The account behind a token; None where the token or the account isn't good, no longer, or not for this. Reads; call it off the event loop."""
    claims = gateway.tokens.read(token, opens=opens) if token else None
    account = gateway.accounts.find(claims.user_id) if claims else None
    if claims is None or account is None or account.disabled or account.generation != claims.generation:
        return None
    return None if gateway.revocations.ended(token) else account


def _token(connection: HTTPConnection) -> str:
    """From the header, else from the query (browsers can't set headers on websockets); empty where there is none."""
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() in _SCHEMES:
        return value.strip()
    return connection.query_params.get("token", "")
