"""The console's pages, all of them on one screen, and who may open each. Knows the table and what becomes of refusals."""

import dataclasses
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from ag_enclave.auth import keep_pace
from ag_enclave.body import watched
from ag_enclave.console import analysts, datasets, entrance, log, overview, requests, reviews
from ag_enclave.console.page import HEADERS, bare_page, moved, page
from ag_enclave.console.visit import NobodyIn, Visit, visit_of
from ag_enclave.errors import BadState, Conflict, Missing, Refusal, Unfit
from ag_enclave.gateway import Gateway

Page = Callable[[Visit], Awaitable[Response]]
_FILES = {
    "console.css": "text/css",
    "icon.svg": "image/svg+xml",
}
"""What every page asks for, as it lies beside this file."""


@dataclass(frozen=True, slots=True)
class Row:
    """One page: method, path, what serves it, which roles may open it."""

    method: str
    path: str
    serves: Page
    roles: Collection[str]


_STATUSES: Mapping[type[Exception], int] = {Missing: 404, Conflict: 409, Unfit: 400, BadState: 503}
_HEADINGS: Mapping[int, str] = {403: "Not allowed", 404: "Not found", 503: "Not just now"}
_NO_PAGE = "There is no such page."
_NO_ACCOUNTS = "The enclave can't use its accounts just now; tell its operator."
OWNER = ("owner",)
READERS = entrance.ROLES
PAGES: tuple[Row, ...] = (
    Row("GET", entrance.HOME, overview.show, READERS),
    Row("GET", datasets.PATH, datasets.show_all, READERS),
    Row("GET", f"{datasets.PATH}/{{name}}", datasets.show_one, READERS),
    Row("POST", f"{datasets.PATH}/{{name}}/cap", datasets.change_cap, OWNER),
    Row("GET", analysts.PATH, analysts.show, READERS),
    Row("GET", requests.PATH, requests.show, READERS),
    Row("POST", f"{requests.PATH}/{{request_id}}", requests.decide, OWNER),
    Row("GET", reviews.PATH, reviews.show_all, READERS),
    Row("GET", f"{reviews.PATH}/{{request_id}}", reviews.show_one, READERS),
    Row("POST", f"{reviews.PATH}/{{request_id}}", reviews.decide, OWNER),
    Row("GET", log.PATH, log.show, READERS),
    Row("GET", log.FILE, log.show_file, READERS),
    Row("POST", "/console/logout", entrance.leave, READERS),
)


def console_routes(gateway: Gateway) -> list[BaseRoute]:
    """All routes of the console: the door, style sheet and icon, and the pages."""
    return [
        Route("/", _to_home, methods=["GET"]),
        *(Route(f"/console/{name}", _file(name, kind), methods=["GET"]) for name, kind in _FILES.items()),
        Route(entrance.DOOR, _kept(gateway, entrance.show), methods=["GET"]),
        Route(entrance.DOOR, _kept(gateway, entrance.enter), methods=["POST"]),
        *(Route(row.path, _kept(gateway, _visited(row)), methods=[row.method]) for row in PAGES),
        Route("/console/{rest:path}", _kept(gateway, _nowhere), methods=["GET", "POST"]),
    ]


def _visited(row: Row) -> Callable[[Request, Gateway], Awaitable[Response]]:
    async def serve(request: Request, gateway: Gateway) -> Response:
        async def let_in() -> Visit:
            return await visit_of(request, gateway, row.roles)

        try:
            visit = await let_in()
            keep_pace(gateway, visit.account.user_id)
            try:
                return await row.serves(dataclasses.replace(visit, request=watched(request, let_in)))
            except _REFUSALS as problem:
                return _refused(problem, visit)
        except NobodyIn as nobody:
            return entrance.to_the_door(request, expired=nobody.expired)

    return serve


def _kept(
    gateway: Gateway, serve: Callable[[Request, Gateway], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """Refusals as pages of one sentence."""

    async def endpoint(request: Request) -> Response:
        try:
            return await serve(request, gateway)
        except _REFUSALS as problem:
            return _refused(problem)

    return endpoint


_REFUSALS = (Refusal, Missing, Conflict, Unfit, BadState)


def _refused(problem: Exception, visit: Visit | None = None) -> Response:
    """What can't be done, as a page of one sentence; with the way to the other pages, for who is in."""
    status = problem.status if isinstance(problem, Refusal) else _STATUSES[type(problem)]
    message = _NO_ACCOUNTS if isinstance(problem, BadState) else str(problem)
    return refused_page(status, message, visit)


def refused_page(status: int, message: str, visit: Visit | None = None) -> Response:
    """One sentence, under a heading that fits the status."""
    content = {"heading": _HEADINGS.get(status, "This can't be done"), "message": message}
    if visit is None:
        return bare_page("refused.html", status=status, **content)
    return page(visit, "refused.html", status=status, **content)


async def _nowhere(request: Request, gateway: Gateway) -> Response:
    try:
        visit = await visit_of(request, gateway, READERS)
    except (NobodyIn, Refusal):
        return _refused(Missing(_NO_PAGE))
    return _refused(Missing(_NO_PAGE), visit)


async def _to_home(_request: Request) -> Response:
    return moved(entrance.HOME)


def _file(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    async def serve(_request: Request) -> Response:
        path = Path(__file__).parent / name
        return FileResponse(path, media_type=kind, headers={**HEADERS, "Cache-Control": "max-age=300"})

    return serve
