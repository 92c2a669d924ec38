"""The console's pages, all of them on one screen, and who may open each. Knows the table and what becomes of refusals."""

import dataclasses
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from ag_enclave.body import watched
from ag_enclave.console import analysts, datasets, entrance, log, overview, requests, reviews
from ag_enclave.console.page import HEADERS, bare_page, moved
from ag_enclave.console.visit import NobodyIn, Visit, visit_of
from ag_enclave.errors import BadState, Conflict, Missing, Refusal, Unfit
from ag_enclave.gateway import Gateway

Page = Callable[[Visit], Awaitable[Response]]
_STYLE = Path(__file__).parent / "console.css"


@dataclass(frozen=True, slots=True)
class Row:
    """One page: method, path, what serves it, which roles may open it."""

    method: str
    path: str
    serves: Page
    roles: Collection[str]


_STATUSES: Mapping[type[Exception], int] = {Missing: 404, Conflict: 409, Unfit: 400}
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
    """All routes of the console: the door, the style sheet and the pages."""
    return [
        Route("/", _to_home, methods=["GET"]),
        Route("/console/console.css", _style, methods=["GET"]),
        Route(entrance.DOOR, _kept(gateway, entrance.show), methods=["GET"]),
        Route(entrance.DOOR, _kept(gateway, entrance.enter), methods=["POST"]),
        *(Route(row.path, _kept(gateway, _visited(row)), methods=[row.method]) for row in PAGES),
        Route("/console/{rest:path}", _nowhere, methods=["GET", "POST"]),
    ]


def _visited(row: Row) -> Callable[[Request, Gateway], Awaitable[Response]]:
    async def serve(request: Request, gateway: Gateway) -> Response:
        async def let_in() -> Visit:
            return await visit_of(request, gateway, row.roles)

        try:
            visit = await let_in()
            return await row.serves(dataclasses.replace(visit, request=watched(request, let_in)))
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
        except Refusal as refusal:
            return refused_page(refusal.status, refusal.message)
        except (Missing, Conflict, Unfit) as problem:
            return refused_page(_STATUSES[type(problem)], str(problem))
        except BadState:
            return refused_page(503, "The enclave can't use its accounts just now; tell its operator.")

    return endpoint


def refused_page(status: int, message: str) -> Response:
    """What can't be done, as a page of one sentence."""
    return bare_page("refused.html", status=status, message=message)


async def _nowhere(_request: Request) -> Response:
    return refused_page(404, "There is no such page.")


async def _to_home(_request: Request) -> Response:
    return moved(entrance.HOME)


async def _style(_request: Request) -> Response:
    return FileResponse(_STYLE, media_type="text/css", headers={**HEADERS, "Cache-Control": "max-age=300"})
