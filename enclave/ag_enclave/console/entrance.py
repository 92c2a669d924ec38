"""In and out of the console. The same accounts, hashes and throttle as for access tokens."""

from urllib.parse import quote, unquote, urlsplit

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
_ENDED = {
    "1": "Your visit has ended; log in again.",
    "form": "Your visit has ended, so what you filled in was not sent; log in again.",
}
_LONGEST = 256


async def show(request: Request, gateway: Gateway) -> Response:
    """The form to log in."""
    del gateway
    why = _ENDED.get(request.query_params.get("expired", ""), "")
    return bare_page("login.html", next=_wanted(request), why=why, user_id="")


async def enter(request: Request, gateway: Gateway) -> Response:
    """Log in and go on to the page that was wanted; the form again, with one sentence, where that can't be."""
    check_origin(request)
    form = await read_form(request)
    if form is None:
        raise Refusal(400, "This form could not be read; go back and send it again.")
    user_id = form.get("user_id", "").strip()
    found = await _proven(request, gateway, user_id, form.get("user_secret", ""))
    if isinstance(found, str):
        return bare_page("login.html", status=401, next=_wanted(request), why=found, user_id=user_id[:_LONGEST])
    response = moved(_located(_wanted(request)))
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
    """Where a visitor without a valid cookie is led: to the form, and afterwards back to what was looked at, or to the page of the form that was sent."""
    sent = request.method != "GET"
    wanted = _before(request) if sent else _address(request.url.path, request.url.query)
    response = moved(f"{DOOR}?next={quote(wanted)}" + (f"&expired={'form' if sent else 1}" if expired else ""))
    if expired:
        close_door(response)
    return response


def _before(request: Request) -> str:
    """The page that a form was on, as the browser says; the door sees that it is one of ours."""
    try:
        said = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return HOME
    return _address(unquote(said.path), said.query) if said.netloc == request.headers.get("host") else HOME


def _address(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


async def _proven(request: Request, gateway: Gateway, user_id: str, secret: str) -> Account | str:
    """The account, or why not."""
    found = await prove(gateway, request.client.host if request.client else "", user_id, secret)
    if isinstance(found, Unproven):
        return found.why
    if found.one_time:
        return "This secret is for one use: exchange it for a real one first (antigranular, or POST /ag/v1/me/secret)."
    if found.role not in ROLES:
        return f"The console is for owners and auditors; this account's role is {found.role}."
    return found


def _wanted(request: Request) -> str:
    """The page that was wanted; only ever one of the console's."""
    wanted = request.query_params.get("next", HOME)
    path = wanted.partition("?")[0]
    steps = path.split("/")
    ours = steps[:2] == ["", "console"] and ".." not in steps and "\\" not in path and wanted.isprintable()
    return wanted if ours and path != DOOR else HOME


def _located(wanted: str) -> str:
    """As an address: what was wanted has a plain path, and the query as the browser sent it."""
    path, _, query = wanted.partition("?")
    return _address(quote(path), quote(query, safe="=&+%"))
