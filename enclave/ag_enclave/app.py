"""The routes, all of them on one screen, and the application made of them. Knows who may call what; does none of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from ag_enclave.accounts import Account
from ag_enclave.api import (
    about,
    budgets,
    channels,
    competitions,
    datasets,
    health,
    kernels,
    kernelspecs,
    me,
    notebooks,
    projects,
    requests,
    reviews,
    token,
    uploads,
    users,
)
from ag_enclave.api.call import Call, Endpoint, PublicEndpoint
from ag_enclave.auth import ANYONE, caller
from ag_enclave.body import watched
from ag_enclave.bridge.inbound import content_limit
from ag_enclave.console.pages import console_routes, refused_page
from ag_enclave.errors import BadState, Conflict, Missing, Refusal, Unfit
from ag_enclave.gateway import Gateway
from ag_enclave.session.session import Session


@dataclass(frozen=True, slots=True)
class Row:
    """One route: method, path, what serves it, which roles may call it, and whether a one-time secret's token may, too."""

    method: str
    path: str
    serves: Endpoint
    roles: Collection[str]
    one_time: bool = False


ANALYST = ("analyst",)
OPERATOR = ("operator",)
OWNER = ("owner",)
STEWARDS = ("owner", "operator")
ASKERS = ("analyst", "owner")
READERS = ("owner", "auditor")
WORKERS = ("analyst", "owner", "operator")
WATCHERS = ("analyst", "operator")
Serve = Callable[[Request], Awaitable[Response]]
KERNEL = "/api/kernels/{kernel_id}"
NOTEBOOK = "/api/sessions/{session_id}"
USER = "/ag/v1/users/{user_id}"
REQUEST = "/ag/v1/requests/{request_id}"
REVIEW = "/ag/v1/reviews/{request_id}"
PROJECT = "/ag/v1/projects/{project_id}"
DATASET = "/ag/v1/datasets/{dataset}"
UPLOAD = "/ag/v1/uploads/{upload_id}"
COMPETITIONS = "/ag/v1/competitions"
CHANNELS = f"{KERNEL}/channels"  # the websocket, for analysts

_HEADERS: Mapping[int, dict[str, str]] = {401: {"WWW-Authenticate": "Bearer"}, 429: {"Retry-After": "1"}}
STATUSES: Mapping[type[Exception], int] = {Unfit: 400, Missing: 404, Conflict: 409}
PUBLIC_ROUTES: tuple[tuple[str, str, PublicEndpoint], ...] = (
    ("GET", "/api", about.show_version),
    ("POST", "/oauth/token", token.issue),
    ("GET", "/healthz", health.show_life),
    ("GET", "/readyz", health.show_readiness),
)
ROUTES: tuple[Row, ...] = (
    Row("GET", "/api/status", about.show_status, WORKERS),
    Row("GET", "/api/kernelspecs", kernelspecs.show_all, WORKERS),
    Row("GET", "/api/kernelspecs/{name}", kernelspecs.show_one, WORKERS),
    Row("GET", "/api/kernels", kernels.show_all, WATCHERS),
    Row("POST", "/api/kernels", kernels.create, ANALYST),
    Row("GET", KERNEL, kernels.show_one, WATCHERS),
    Row("DELETE", KERNEL, kernels.end, WATCHERS),
    Row("POST", f"{KERNEL}/interrupt", kernels.interrupt, ANALYST),
    Row("POST", f"{KERNEL}/restart", kernels.restart, ANALYST),
    Row("GET", "/api/sessions", notebooks.show_all, ANALYST),
    Row("POST", "/api/sessions", notebooks.create, ANALYST),
    Row("GET", NOTEBOOK, notebooks.show_one, ANALYST),
    Row("PATCH", NOTEBOOK, notebooks.rename, ANALYST),
    Row("DELETE", NOTEBOOK, notebooks.end, ANALYST),
    Row("GET", "/ag/v1/datasets", datasets.show_catalogue, WORKERS),
    Row("GET", DATASET, datasets.show_one, WORKERS),
    Row("PATCH", DATASET, datasets.change, OWNER),
    Row("POST", f"{DATASET}/retire", datasets.retire, OWNER),
    Row("POST", f"{DATASET}/restore", datasets.restore, OWNER),
    Row("PUT", f"{DATASET}/owners", datasets.hand_over, STEWARDS),
    Row("GET", "/ag/v1/uploads", uploads.show_all, OWNER),
    Row("POST", "/ag/v1/uploads", uploads.create, OWNER),
    Row("GET", UPLOAD, uploads.show_one, OWNER),
    Row("DELETE", UPLOAD, uploads.cancel, OWNER),
    Row("PUT", f"{UPLOAD}/files/{{number}}", uploads.receive, OWNER),
    Row("POST", f"{UPLOAD}/load", uploads.load, OWNER),
    Row("GET", "/ag/v1/sessions/{session_id}/odometer", datasets.show_odometer, ANALYST),
    Row("GET", COMPETITIONS, competitions.show_all, ANYONE),
    Row("GET", f"{COMPETITIONS}/{{name}}/board", competitions.show_board, ANYONE),
    Row("POST", f"{COMPETITIONS}/{{name}}/submissions", competitions.submit, ANALYST),
    Row("GET", "/ag/v1/me", me.show, ANYONE, one_time=True),
    Row("POST", "/ag/v1/me/secret", me.replace_secret, ANYONE, one_time=True),
    Row("GET", "/ag/v1/requests", requests.show_all, ASKERS),
    Row("POST", "/ag/v1/requests", requests.ask, ANALYST),
    Row("POST", "/ag/v1/requests/seen", requests.mark_seen, ANALYST),
    Row("GET", REQUEST, requests.show_one, ASKERS),
    Row("POST", f"{REQUEST}/accept", requests.accept, OWNER),
    Row("POST", f"{REQUEST}/deny", requests.deny, OWNER),
    Row("POST", f"{REQUEST}/withdraw", requests.withdraw, ANALYST),
    Row("GET", "/ag/v1/projects", projects.show_all, ASKERS),
    Row("POST", "/ag/v1/projects", projects.make, ASKERS),
    Row("POST", f"{PROJECT}/join", projects.join, ASKERS),
    Row("POST", f"{PROJECT}/leave", projects.leave, ASKERS),
    Row("GET", "/ag/v1/reviews", reviews.show_all, ASKERS),
    Row("POST", "/ag/v1/reviews", reviews.submit, ANALYST),
    Row("GET", REVIEW, reviews.show_one, ASKERS),
    Row("GET", f"{REVIEW}/result", reviews.show_result, ASKERS),
    Row("POST", f"{REVIEW}/withdraw", reviews.withdraw, ANALYST),
    Row("POST", f"{REVIEW}/runs", reviews.run, OWNER),
    Row("GET", f"{REVIEW}/runs/{{run_id}}", reviews.show_run, OWNER),
    Row("POST", f"{REVIEW}/approve", reviews.approve, OWNER),
    Row("POST", f"{REVIEW}/deny", reviews.deny, OWNER),
    Row("GET", "/ag/v1/budgets", budgets.show_all, OWNER),
    Row("PUT", "/ag/v1/budgets/{dataset}", budgets.change, OWNER),
    Row("GET", "/ag/v1/budgets/{dataset}/outlook", budgets.show_outlook, OWNER),
    Row("GET", "/ag/v1/log", budgets.show_log, READERS),
    Row("GET", "/metrics", health.show_metrics, OPERATOR),
    Row("GET", "/ag/v1/users", users.show_all, OPERATOR),
    Row("POST", "/ag/v1/users", users.create, OPERATOR),
    Row("PATCH", USER, users.change, OPERATOR),
    Row("POST", f"{USER}/secret", users.replace_secret, OPERATOR),
)


def make_app(gateway: Gateway, running: Callable[[], Any]) -> Starlette:
    """The application. ``running`` is an asynchronous context held while it serves."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with running():
            yield

    handlers: Any = {
        HTTPException: _show_http,
        Refusal: _show_refusal,
        BadState: _show_bad_state,
        **{kind: _shower(status) for kind, status in STATUSES.items()},
        Exception: _show_bug,
    }
    app = Starlette(routes=_routes(gateway), exception_handlers=handlers, lifespan=lifespan)
    app.router.redirect_slashes = False  # it would lead to whichever host a request names
    return app


def _routes(gateway: Gateway) -> list[BaseRoute]:
    public = [
        Route(path, _counted(gateway, method, path, _public(gateway, serves)), methods=[method])
        for method, path, serves in PUBLIC_ROUTES
    ]
    private = [
        Route(row.path, _counted(gateway, row.method, row.path, _private(gateway, row)), methods=[row.method])
        for row in ROUTES
    ]
    return [*public, *private, WebSocketRoute(CHANNELS, _channels(gateway)), *console_routes(gateway)]


def _counted(gateway: Gateway, method: str, route: str, serve: Serve) -> Serve:
    async def endpoint(request: Request) -> Response:
        began, status = gateway.metrics.clock(), 500
        try:
            response = await serve(request)
            status = response.status_code
            return response
        except Refusal as refusal:
            status = refusal.status
            raise
        except tuple(STATUSES) as problem:
            status = STATUSES[type(problem)]
            raise
        finally:
            gateway.metrics.served(method, route, status, gateway.metrics.clock() - began)

    return endpoint


def _public(gateway: Gateway, serves: PublicEndpoint) -> Serve:
    async def endpoint(request: Request) -> Response:
        return await serves(request, gateway)

    return endpoint


def _private(gateway: Gateway, row: Row) -> Serve:
    async def endpoint(request: Request) -> Response:
        async def still_in() -> Account:
            return await caller(request, gateway, row.roles, one_time=row.one_time, counted=True)

        account = await caller(request, gateway, row.roles, one_time=row.one_time)
        return await row.serves(Call(request=watched(request, still_in), gateway=gateway, account=account))

    return endpoint


def _channels(gateway: Gateway) -> Callable[[WebSocket], Awaitable[None]]:
    async def endpoint(websocket: WebSocket) -> None:
        try:
            account = await caller(websocket, gateway, ANALYST)
            session = gateway.sessions.find(websocket.path_params["kernel_id"], account.user_id)
            _check_room(session, gateway.config.sessions.connections)
        except Refusal as refusal:
            await websocket.send_denial_response(_refused(refusal))
            return
        presence = gateway.standing.arrive(account)
        try:
            await channels.serve(websocket, session, presence.over, content_limit(gateway.config.wire))
        finally:
            gateway.standing.leave(presence)

    return endpoint


def _check_room(session: Session, most: int) -> None:
    if len(session.ring.readers) >= most:
        raise Refusal(429, f"This session has {most} connections, the most it may have; close one first.")


async def _show_refusal(_request: Request, refusal: Refusal) -> Response:
    return _refused(refusal)


def _refused(refusal: Refusal) -> Response:
    headers = _HEADERS.get(refusal.status, {})
    return JSONResponse({"message": refusal.message}, status_code=refusal.status, headers=headers)


def _shower(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def show(_request: Request, problem: Exception) -> Response:
        return _refused(Refusal(status, str(problem)))

    return show


async def _show_http(_request: Request, problem: HTTPException) -> Response:
    return JSONResponse({"message": problem.detail}, status_code=problem.status_code, headers=problem.headers)


async def _show_bad_state(_request: Request, _problem: BadState) -> Response:
    return JSONResponse({"message": "The enclave can't use its accounts just now; tell its operator."}, status_code=503)


async def _show_bug(request: Request, _problem: Exception) -> Response:
    words = "The enclave failed at this request; its operator finds why in the log."
    if request.url.path.startswith("/console"):
        return refused_page(500, words)
    return JSONResponse({"message": words}, status_code=500)
