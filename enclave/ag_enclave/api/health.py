"""``/healthz``, ``/readyz`` and ``/metrics``: whether it lives, whether it can serve, and what it counts. Tells nothing of data, budgets or people."""

import asyncio
from collections import Counter

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.errors import BadState
from ag_enclave.gateway import Gateway
from ag_enclave.metrics import gauge, page


async def show_life(_request: Request, _gateway: Gateway) -> Response:
    """That requests are answered."""
    return JSONResponse({"status": "ok"})


async def show_readiness(_request: Request, gateway: Gateway) -> Response:
    """Whether a session could begin and its charges be kept; 503, and which part isn't there, where not."""
    parts = await _parts(gateway)
    good = all(parts.values())
    body = {
        "status": "ready" if good else "not ready",
        "parts": {name: "ok" if well else "away" for name, well in parts.items()},
    }
    return JSONResponse(body, status_code=200 if good else 503)


async def show_metrics(call: Call) -> Response:
    """For operators with a token."""
    return await show_counts(call.request, call.gateway)


async def show_counts(_request: Request, gateway: Gateway) -> Response:
    """For a scraper on this host."""
    states = Counter(session.state for session in gateway.sessions.of(None))
    parts = await _parts(gateway)
    waiting = await asyncio.to_thread(_waiting, gateway) if parts["database"] else {}
    families = [
        gauge(
            "ag_up", "Whether each part that a session needs is there.", {k: float(v) for k, v in parts.items()}, "part"
        ),
        gauge("ag_sessions", "Sessions by state.", {state: float(n) for state, n in states.items()}, "state"),
        gauge("ag_sessions_capacity", "How many sessions there may be.", float(gateway.config.sessions.capacity)),
        gauge("ag_waiting", "What waits: for owners, for the log, for delivery.", waiting, "what"),
        gauge(
            "ag_start_time_seconds", "When this gateway started, in seconds since 1970.", gateway.started.timestamp()
        ),
        *gateway.metrics.requests(),
    ]
    return PlainTextResponse(page(families), media_type="text/plain; version=0.0.4")


def _waiting(gateway: Gateway) -> dict[str, float]:
    return {
        "requests": float(len(gateway.requests.of(None, state="open"))),
        "log": float(gateway.deeds.untold()),
        "notices": float(gateway.notices.waiting()),
    }


async def _parts(gateway: Gateway) -> dict[str, bool]:
    parts = {"database": await asyncio.to_thread(_database, gateway), "ledger": gateway.clerk.alive}
    return parts | gateway.nurseries.alive()


def _database(gateway: Gateway) -> bool:
    try:
        with gateway.accounts.database.transaction() as connection:
            return bool(connection.execute(sa.text("SELECT 1")).scalar_one() == 1)
    except BadState:
        return False
