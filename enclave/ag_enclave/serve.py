"""Runs the gateway: everything that must be ready first, the server, the ready file, and the end of it all.

The order is on one screen (``run``). Knows how things are started, not what they do.
"""

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.websockets.auto import AutoWebSocketsProtocol

from ag_enclave import descriptors
from ag_enclave.accounts import Accounts
from ag_enclave.app import make_app
from ag_enclave.bench import Bench
from ag_enclave.budgets import Budgets
from ag_enclave.catalog import Catalog
from ag_enclave.channels import channels_of
from ag_enclave.clerk import Clerk
from ag_enclave.competitions import Competitions
from ag_enclave.config import Config
from ag_enclave.decisions import Decisions
from ag_enclave.deeds import Deeds
from ag_enclave.errors import BadAddress, BadConfig, BadState
from ag_enclave.gateway import Gateway
from ag_enclave.holdings import Holdings
from ag_enclave.intake import Intake
from ag_enclave.judge import Judge
from ag_enclave.loader import sweep
from ag_enclave.notices import Channel, Notices
from ag_enclave.oidc import Issuer, issuer_of
from ag_enclave.operations import listening, operating
from ag_enclave.ownership import Ownership
from ag_enclave.pace import Pace
from ag_enclave.projects import Projects
from ag_enclave.put_back import check_settled
from ag_enclave.requests import Requests
from ag_enclave.retirement import Retirement
from ag_enclave.reviewing import Reviewing
from ag_enclave.reviews import Reviews
from ag_enclave.revocations import Revocations
from ag_enclave.scoring import Scoring
from ag_enclave.secrets import Verifier
from ag_enclave.session.nurseries import Nurseries
from ag_enclave.session.sessions import Sessions
from ag_enclave.standing import Standing
from ag_enclave.state import State, empty_scratch, write_private, write_private_json
from ag_enclave.throttle import Lasting, Throttle
from ag_enclave.tls import Certificates, current_time, ensure_certificates
from ag_enclave.tokens import Tokens, signing_key
from ag_enclave.turn import BUDGETS, Turn
from ag_enclave.uploads import Uploads

_GOODBYE_SECONDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What to serve with. ``credentials``: accounts made at this start, for the ready file; ``prepare`` runs beside the nurseries' start."""

    config: Config
    state: State
    accounts: Accounts
    ready_file: Path | None
    credentials: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None
    tell: Callable[[str], None] = lambda _line: None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What is made of the settings before the long start, so that a wrong one is known at once. ``scraped``: the socket for metrics."""

    listener: socket.socket
    scraped: socket.socket | None
    certificates: Certificates
    key: bytes
    channels: Mapping[str, Channel]
    issuer: Issuer | None


def run(start: Start) -> None:
    """Serve until SIGTERM or SIGINT. Unusable where that can't begin."""
    config = start.config
    descriptors.provide(config)
    with bound(config) as listener, listening(config.server.metrics_port) as scraped, _no_stale(start.ready_file):
        opened = _Opened(
            listener=listener,
            scraped=scraped,
            certificates=_certificates(start),
            key=signing_key(start.state.folder("keys")),
            channels=channels_of(config.notify),
            issuer=issuer_of(config.oidc, time.time),
        )
        asyncio.run(_serve(start, opened))


async def _serve(start: Start, opened: _Opened) -> None:
    nurseries = Nurseries(config=start.config, state=start.state)
    clerk = Clerk(nurseries.clerk)
    try:
        await asyncio.to_thread(empty_scratch, start.state)
        await asyncio.to_thread(sweep, start.state)
        await asyncio.gather(nurseries.warm_up(), asyncio.to_thread(start.prepare))
        await clerk.start()
        await check_settled(clerk, start.accounts.database)
        gateway = make_gateway(start, nurseries, clerk, opened)
        app = make_app(gateway, lambda: _running(gateway, opened.scraped))
        url = _url(start.config.server.host, opened.listener)
        server = _Server(
            _settings(start.config, app, opened.certificates),
            lambda: _announce(start, gateway, url, opened.certificates),
        )
        await server.serve(sockets=[opened.listener])
    finally:
        clerk.close()
        await nurseries.close()


def make_gateway(start: Start, nurseries: Nurseries, clerk: Clerk, opened: _Opened) -> Gateway:
    """The gateway's parts, wired."""
    config, database, clock = start.config, start.accounts.database, time.time
    limits, catalog = config.accounts, Catalog(start.state.folder("datasets"))
    sessions = Sessions(config=config, state=start.state, nurseries=nurseries)
    shelf = Catalog(start.state.folder("competitions"))
    scoring = Scoring(competitions=Competitions(database), judge=Judge(sessions, shelf), now=current_time)
    sessions.serve_entries(scoring.score)
    requests, ownership = Requests(database), Ownership(database, catalog, scoring.competitions)
    budgets = Budgets(catalog, clerk, shelf, turn=Turn(database, BUDGETS), ownership=ownership)
    reviews, projects, holdings = Reviews(database), Projects(database), Holdings(start.state, database)
    return Gateway(
        config=config,
        accounts=start.accounts,
        verifier=Verifier(),
        throttle=_throttle(start, opened),
        pace=Pace(per_second=limits.requests_per_second, at_once=limits.requests_at_once),
        revocations=Revocations(database, clock),
        tokens=Tokens(key=opened.key, seconds=limits.token_seconds, longest=limits.longest_token_seconds, clock=clock),
        issuer=opened.issuer,
        catalog=catalog,
        competitions=scoring.competitions,
        scoring=scoring,
        clerk=clerk,
        requests=requests,
        budgets=budgets,
        decisions=Decisions(requests=requests, budgets=budgets, ownership=ownership, clerk=clerk, sessions=sessions),
        projects=projects,
        reviews=reviews,
        reviewing=Reviewing(
            reviews=reviews, projects=projects, accounts=start.accounts, catalog=catalog,
            ownership=ownership, sessions=sessions, bench=Bench(nurseries, config.review),
        ),
        deeds=Deeds(database, clerk),
        holdings=holdings,
        ownership=ownership,
        intake=Intake(Uploads(start.state.folder("uploads"), config.uploads, clock=clock), holdings, config.uploads),
        retirement=Retirement(catalog, sessions),
        notices=Notices(database, opened.channels, patience=config.notify.retry_seconds, clock=clock),
        nurseries=nurseries,
        sessions=sessions,
        standing=Standing(start.accounts, sessions),
        now=current_time,
        started=current_time(),
    )  # fmt: skip


def _throttle(start: Start, opened: _Opened) -> Throttle:
    limits, memory = start.config.accounts, Lasting(start.accounts.database)
    wait = limits.failure_wait_seconds
    return Throttle(allowed=limits.failures_allowed, wait=wait, clock=time.time, memory=memory, salt=opened.key)


@contextlib.asynccontextmanager
async def _running(gateway: Gateway, scraped: socket.socket | None) -> AsyncIterator[None]:
    """Sweeps while it serves; ends every session when it stops."""
    await asyncio.to_thread(gateway.reviews.abandon)
    watched = (gateway.sessions, gateway.standing, gateway.clerk, gateway.deeds, gateway.notices)
    watches = [asyncio.create_task(each.watch()) for each in (*watched, gateway.intake, gateway.retirement)]
    try:
        async with operating(gateway, scraped):
            yield
    finally:
        gateway.intake.close()
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
        await gateway.sessions.close_all()


class _Server(uvicorn.Server):
    """Uvicorn, that says when it accepts requests and treats a signal as the ordinary end."""

    def __init__(self, config: uvicorn.Config, accepting: Callable[[], None]) -> None:
        super().__init__(config)
        self._accepting = accepting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what is there now stays: looking through it again and again would hold up every session for a tenth of a second
        if self.started:
            self._accepting()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


class _Channel(AutoWebSocketsProtocol):  # type: ignore[misc,valid-type]  # a class chosen by what is installed
    """Uvicorn's websocket, that takes a refusal for what it is: without this, each leaves an error in the log and a second response."""

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True


def _settings(config: Config, app: Starlette, certificates: Certificates) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").setLevel(
        logging.WARNING
    )  # below that it logs paths with their query, and so tokens
    settings = uvicorn.Config(
        app,
        ssl_certfile=certificates.certificate,
        ssl_keyfile=certificates.key,
        lifespan="on",
        ws=_Channel,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        ws_max_size=config.wire.message_bytes,
        ws_per_message_deflate=False,  # costs more time than loopback saves, and sizes of secrets show through compression
        timeout_graceful_shutdown=_GOODBYE_SECONDS,
    )
    settings.load()
    if settings.ssl is not None:
        # A ticket arrives while clients with a thread per direction write their first request: OpenSSL can't do both at once there.
        settings.ssl.num_tickets = 0
    return settings


@contextlib.contextmanager
def bound(config: Config) -> Iterator[socket.socket]:
    """A listening socket. BadAddress with one sentence where there can't be one."""
    host, port = config.server.host, config.server.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as problem:
        raise BadAddress(f"The address {host!r} can't be used: {problem.strerror}.") from problem
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(128)
        except OSError as problem:
            raise BadAddress(
                f"Port {port} on {host} can't be used: {problem.strerror}. Choose another with --port."
            ) from problem
        yield listener


def _url(host: str, listener: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"https://{shown}:{listener.getsockname()[1]}"


def _certificates(start: Start) -> Certificates:
    """The operator's own certificate where one is set, else one of the enclave's own authority."""
    server = start.config.server
    if bool(server.certificate) != bool(server.certificate_key):
        raise BadConfig("server.certificate and server.certificate_key belong together: set both or none.")
    if server.certificate:
        paths = Certificates(ca=None, certificate=Path(server.certificate), key=Path(server.certificate_key))
        for path in (paths.certificate, paths.key):
            if not path.is_file():
                raise BadConfig(f"There is no certificate file {path}.")
        return _usable(paths)
    return _usable(ensure_certificates(start.state.folder("tls"), server.host, current_time()))


def _usable(paths: Certificates) -> Certificates:
    """The same, tried now rather than after a long start. BadConfig where the two files are no certificate and its open key."""
    try:
        # Without the empty password, a locked key would be asked about on the terminal, where nobody may be.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(paths.certificate, paths.key, password="")
    except OSError as problem:
        raise BadConfig(
            f"The certificate {paths.certificate} and the key {paths.key} can't be used together: both must be readable PEM, "
            "the key without a password and the certificate's own."
        ) from problem
    return paths


def _announce(start: Start, gateway: Gateway, url: str, certificates: Certificates) -> None:
    """Write the ready file and say where the enclave is."""
    content: dict[str, Any] = {
        "url": url,
        "ca": str(certificates.ca) if certificates.ca else None,
        "accounts": {role: dict(credentials) for role, credentials in start.credentials.items()},
        "datasets": [dataset.name for dataset in gateway.catalog.everything()],
    }
    if start.ready_file is not None:
        write_private_json(start.ready_file, content)
    start.tell(f"The enclave accepts requests at {url} with {len(content['datasets'])} data sets.")


@contextlib.contextmanager
def _no_stale(ready_file: Path | None) -> Iterator[None]:
    """No ready file before the enclave is ready, nor after it ended."""
    if ready_file is None:
        yield
        return
    try:
        ready_file.unlink(missing_ok=True)
        probe = ready_file.with_name(f".{ready_file.name}.probe")
        write_private(probe, b"")  # that it can be written is better known now than at the end of a long start
        probe.unlink()
    except OSError as problem:
        raise BadState(f"The ready file {ready_file} can't be written: {problem.strerror}.") from problem
    try:
        yield
    finally:
        ready_file.unlink(missing_ok=True)
