"""In and out of the console. The same accounts, hashes and throttle as for access tokens."""

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from ag_enclave.accounts import Account
from ag_enclave.body import read_form
from ag_enclave.console.page import bare_page, moved
from ag_enclave.console.visit import Visit, check_origin, close_door, end_visit, filled_form, open_door
from ag_enclave.errors import Refusal
from ag_enclave.gateway import Gateway
from ag_enclave.proof import Unproven, prove

HOME, DOOR = "/console", "/console/login"
ROLES = ("owner", "auditor")


async def show(request: Request, gateway: Gateway) -> Response:
    """The form to log in."""
    del gateway
    expired = request.query_params.get("expired") == "1"
    return bare_page("login.html", next=_next(request), why="Your visit has ended; log in again." if expired else "")


async def enter(request: Request, gateway: Gateway) -> Response:
    """Log in and go on to the page that was wanted; the form again, with one sentence, where that can't be."""
    check_origin(request)
    form = await read_form(request)
    if form is None:
        raise Refusal(400, "This form could not be read; go back and send it again.")
    found = await _proven(request, gateway, form.get("user_id", ""), form.get("user_secret", ""))
    if isinstance(found, str):
        return bare_page("login.html", status=401, next=_next(request), why=found)
    response = moved(_next(request))
    open_door(response, gateway, found)
    return response


async def leave(visit: Visit) -> Response:
    """Log out."""
    await filled_form(visit)
    await end_visit(visit)
    response = moved(DOOR)
    close_door(response)
    return response


def to_the_door(request: Request, *, expired: bool) -> Response:
    """Where a visitor without a valid cookie is led: to the form, and back here afterwards if this was only looked at."""
    wanted = request.url.path if request.method == "GET" else HOME
    response = moved(f"{DOOR}?next={quote(wanted)}" + ("&expired=1" if expired else ""))
    if expired:
        close_door(response)
    return response


async def _proven(request: Request, gateway: Gateway, user_id: str, secret: str) -> Account | str:
    """The account, or why not."""
    found = await prove(gateway, request.client.host if request.client else "", user_id.strip(), secret)
    if isinstance(found, Unproven):
        return found.why
    if found.one_time:
        return "This secret is for one use: exchange it for a real one first (antigranular, or POST /ag/v1/me/secret)."
    if found.role not in ROLES:
        return f"The console is for owners and auditors; this account's role is {found.role}."
    return found


def _next(request: Request) -> str:
    """The page that was wanted; only ever one of the console's."""
    wanted = request.query_params.get("next", HOME)
    steps = wanted.split("/")
    ours = steps[:2] == ["", "console"] and ".." not in steps and "\\" not in wanted and wanted.isprintable()
    return quote(wanted) if ours and wanted != DOOR else HOME
