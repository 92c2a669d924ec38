"""The page for scrapers on this host: metrics and health over plain HTTP on 127.0.0.1, where the operator has set a port. No token, so nothing but counts."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ag_enclave.api import health
from ag_enclave.api.call import PublicEndpoint
from ag_enclave.errors import BadAddress
from ag_enclave.gateway import Gateway

PAGES: dict[str, PublicEndpoint] = {
    "/healthz": health.show_life,
    "/readyz": health.show_readiness,
    "/metrics": health.show_counts,
}
_HOST = "127.0.0.1"


@contextlib.contextmanager
def listening(port: int) -> Iterator[socket.socket | None]:
    """A socket for the page; None for port 0. BadAddress where the port can't be used."""
    if not port:
        yield None
        return
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, port))
            listener.listen(16)
        except OSError as problem:
            raise BadAddress(f"Port {port} of server.metrics_port can't be used: {problem.strerror}.") from problem
        yield listener


@contextlib.asynccontextmanager
async def operating(gateway: Gateway, listener: socket.socket | None) -> AsyncIterator[None]:
    """The page, for as long as this is held."""
    if listener is None:
        yield
        return
    settings = uvicorn.Config(
        Starlette(routes=[Route(path, _endpoint(gateway, serves)) for path, serves in PAGES.items()]),
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = _Quiet(settings)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)


class _Quiet(uvicorn.Server):
    """Leaves signals to the enclave's own server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _endpoint(gateway: Gateway, serves: PublicEndpoint) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await serves(request, gateway)

    return endpoint
