"""Who looks at a page: the token in a cookie, the account behind it, and what proves that a form is one of ours.

Knows tokens and accounts, no pages. The cookie can't be read by scripts nor sent from another site; its token is void when the account's are.
"""

import asyncio
import hmac
from collections.abc import Collection
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ag_enclave.accounts import Account
from ag_enclave.auth import standing
from ag_enclave.body import read_form
from ag_enclave.errors import Refusal
from ag_enclave.gateway import Gateway
from ag_enclave.tokens import CONSOLE

COOKIE = "__Host-ag-console"
FIELD = "form_token"
_OUR_OWN = ("same-origin", "none")


class NobodyIn(Exception):
    """Nobody is logged in. ``expired``: somebody was."""

    def __init__(self, *, expired: bool) -> None:
        super().__init__(expired)
        self.expired = expired


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request for a page whose visitor is known. ``form_token``: what a form of this visit carries."""

    request: Request
    gateway: Gateway
    account: Account
    form_token: str

    @property
    def decides(self) -> bool:
        """Owners decide, auditors read."""
        return self.account.role == "owner"

    async def held(self) -> frozenset[str] | None:
        """The names of an owner's own data sets; None for auditors, who read of all."""
        return await asyncio.to_thread(self.gateway.ownership.held, self.account.user_id) if self.decides else None


async def visit_of(request: Request, gateway: Gateway, roles: Collection[str]) -> Visit:
    """The visit. NobodyIn without a valid cookie, Refusal 403 for another role."""
    token = request.cookies.get(COOKIE, "")
    account = await asyncio.to_thread(standing, gateway, token, opens=CONSOLE)
    if account is None:
        raise NobodyIn(expired=bool(token))
    if account.role not in roles or account.one_time:
        raise Refusal(403, f"This page is not open to the role {account.role}.")
    return Visit(request=request, gateway=gateway, account=account, form_token=gateway.tokens.mark(token))


def open_door(response: Response, gateway: Gateway, account: Account) -> None:
    """Let the account in, for as long as a token may live."""
    seconds = gateway.config.accounts.console_seconds
    token = gateway.tokens.issue(account.user_id, account.generation, seconds, opens=CONSOLE)
    response.set_cookie(COOKIE, token, max_age=seconds, path="/", secure=True, httponly=True, samesite="strict")


async def end_visit(visit: Visit) -> None:
    """The token of this visit is void from now on, whoever has a copy."""
    gateway, token = visit.gateway, visit.request.cookies.get(COOKIE, "")
    await asyncio.to_thread(gateway.revocations.end, token, gateway.tokens.longest)


def close_door(response: Response) -> None:
    """Forget the visitor."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")


async def filled_form(visit: Visit) -> dict[str, str]:
    """The fields of a form of ours. Refusal 403 where it was sent by anything but a page of this visit, 400 where it is no form."""
    check_origin(visit.request)
    fields = await read_form(visit.request)
    if fields is None:
        raise Refusal(400, "This form could not be read; go back and send it again.")
    if not hmac.compare_digest(fields.pop(FIELD, "").encode(), visit.form_token.encode()):
        raise Refusal(403, "This form is from an earlier visit; go back, load its page again, and send it anew.")
    return fields


def check_origin(request: Request) -> None:
    """A form comes from a page of this server. Refusal 403 where the browser says that it doesn't."""
    origin = request.headers.get("origin")
    foreign = origin is not None and origin != f"https://{request.headers.get('host', '')}"
    if foreign or request.headers.get("sec-fetch-site", "none") not in _OUR_OWN:
        raise Refusal(403, "This form was sent from another site.")
