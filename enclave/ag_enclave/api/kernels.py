"""``/api/kernels``: opening, showing, interrupting, restarting and ending sessions, as Jupyter clients ask for it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.api.kernelspecs import NAME, check_name
from ag_enclave.body import read_json
from ag_enclave.catalog import Dataset
from ag_enclave.errors import Refusal, SessionLost
from ag_enclave.rules import Rules
from ag_enclave.session.session import Session


async def show_all(call: Call) -> Response:
    """The caller's kernels."""
    return JSONResponse([model(call, session) for session in call.gateway.sessions.of(call.whose)])


async def show_one(call: Call) -> Response:
    """One kernel."""
    return JSONResponse(model(call, named(call)))


async def create(call: Call) -> Response:
    """Open a session: on one data set where the body's ``ag`` names it, else on all of them."""
    session = await open_session(call, await read_json(call.request))
    location = {"Location": f"/api/kernels/{session.subject.session_id}"}
    return JSONResponse(model(call, session), status_code=201, headers=location)


async def open_session(call: Call, body: dict[str, Any]) -> Session:
    """A new session as the body asks for it. Refusal 400, 404, 429 or 503."""
    kernel_name = check_name(body.get("name") or NAME)
    competition = await _competition(call, body.get("ag"))
    dataset = call.gateway.catalog.named(competition.dataset) if competition else _dataset(call, body.get("ag"))
    offered = [dataset] if dataset else call.gateway.catalog.everything()
    return await call.gateway.sessions.open(
        analyst=call.account.user_id,
        kernel_name=kernel_name,
        dataset=dataset.name if dataset else None,
        datasets={each.name: each.folder for each in offered},
        competition=competition.name if competition else None,
    )


async def _competition(call: Call, wish: Any) -> Rules | None:
    """The rules of the competition asked for; None where none was. Missing where there is none of that name."""
    name = wish.get("competition") if isinstance(wish, dict) and len(wish) == 1 else None
    if not isinstance(name, str):
        return None
    return (await asyncio.to_thread(call.gateway.competitions.named, name)).rules


def _dataset(call: Call, wish: Any) -> Dataset | None:
    """The data set asked for; None where none was. Refusal 400 or 404."""
    if wish is None:
        return None
    if not isinstance(wish, dict) or len(wish) != 1 or not isinstance(next(iter(wish.values())), str):
        raise Refusal(400, 'The body\'s "ag" must be {"dataset": name} or {"competition": name}.')
    kind, name = next(iter(wish.items()))
    if kind == "dataset":
        return call.gateway.catalog.named(name)
    raise Refusal(400, 'The body\'s "ag" must be {"dataset": name} or {"competition": name}.')


async def end(call: Call) -> Response:
    """End a session; nothing of it stays."""
    await call.gateway.sessions.close(named(call))
    return Response(status_code=204)


async def interrupt(call: Call) -> Response:
    """Interrupt the running cell; its variables stay."""
    await named(call).interrupt()
    return Response(status_code=204)


async def restart(call: Call) -> Response:
    """A fresh kernel under the same id."""
    session = named(call)
    try:
        await session.restart()
    except SessionLost as problem:
        raise Refusal(503, str(problem)) from problem
    return JSONResponse(model(call, session))


def named(call: Call) -> Session:
    """The session that the path names. Refusal 404."""
    return call.gateway.sessions.find(call.request.path_params["kernel_id"], call.whose)


def model(call: Call, session: Session) -> dict[str, Any]:
    """Jupyter's model of a kernel, and what it is to us."""
    subject = session.subject
    return {
        "id": subject.session_id,
        "name": subject.kernel_name,
        "last_activity": written(session.last_activity),
        "execution_state": session.state,
        "connections": len(session.ring.readers),
        "ag": {
            "session_id": subject.session_id,
            "dataset": subject.dataset,
            "competition": subject.competition,
            "idle_timeout_seconds": call.gateway.config.sessions.idle_timeout_seconds,
            "cell_bytes": call.gateway.config.wire.cell_bytes,
            "import_bytes": call.gateway.config.wire.import_bytes,
            **_bound(call, subject.dataset),
        },
    }


def written(moment: datetime) -> str:
    """A moment as Jupyter's own servers write it, and some of its clients insist on."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _bound(call: Call, name: str | None) -> dict[str, Any]:
    """The variable and the views of the session's data set, where it has one that is still offered."""
    if name is None:
        return {"variable": None, "views": []}
    try:
        dataset = call.gateway.catalog.named(name, retired=True)
    except Refusal:
        return {"variable": None, "views": []}
    return {"variable": dataset.variable, "views": list(dataset.views)}
