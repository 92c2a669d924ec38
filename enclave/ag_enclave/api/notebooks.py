"""``/api/sessions``: Jupyter's pairing of a notebook with a kernel. A name and a path for a kernel, nothing more."""

from typing import Any

from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.api.kernels import model, open_session
from ag_enclave.body import read_json
from ag_enclave.errors import Refusal
from ag_enclave.session.session import Session

_LONGEST = 1024


async def show_all(call: Call) -> Response:
    """The caller's notebooks."""
    return JSONResponse([_model(call, session) for session in call.gateway.sessions.of(call.whose)])


async def show_one(call: Call) -> Response:
    """One notebook."""
    return JSONResponse(_model(call, _named(call)))


async def create(call: Call) -> Response:
    """Pair a notebook with a kernel: the one named, the one already paired with this path, or a new one."""
    body = await read_json(call.request)
    wish = _kernel(body)
    words = _words(body)
    session = _paired(call, wish, words.get("path", ""))
    if session is None:
        session = await open_session(call, {"name": wish.get("name"), "ag": body.get("ag")})
    session.notebook.update(words)
    location = {"Location": f"/api/sessions/{session.subject.session_id}"}
    return JSONResponse(_model(call, session), status_code=201, headers=location)


async def rename(call: Call) -> Response:
    """Change the notebook's path, name or type."""
    session = _named(call)
    session.notebook.update(_words(await read_json(call.request)))
    return JSONResponse(_model(call, session))


async def end(call: Call) -> Response:
    """End the notebook's kernel."""
    await call.gateway.sessions.close(_named(call))
    return Response(status_code=204)


def _paired(call: Call, wish: dict[str, Any], path: str) -> Session | None:
    if isinstance(wish.get("id"), str):
        return call.gateway.sessions.find(wish["id"], call.whose)
    mine = call.gateway.sessions.of(call.account.user_id)
    return next((session for session in mine if path and session.notebook.get("path") == path), None)


def _named(call: Call) -> Session:
    return call.gateway.sessions.find(call.request.path_params["session_id"], call.whose)


def _kernel(body: dict[str, Any]) -> dict[str, Any]:
    wish = body.get("kernel") or {}
    if not isinstance(wish, dict):
        raise Refusal(400, 'The body\'s "kernel" must be an object.')
    return wish


def _words(body: dict[str, Any]) -> dict[str, str]:
    given = {word: body[word] for word in ("path", "name", "type") if body.get(word) is not None}
    if not all(isinstance(value, str) and len(value) <= _LONGEST for value in given.values()):
        raise Refusal(400, "A notebook's path, name and type are short texts.")
    return given


def _model(call: Call, session: Session) -> dict[str, Any]:
    path, name = session.notebook.get("path", ""), session.notebook.get("name", "")
    return {
        "id": session.subject.session_id,
        "path": path,
        "name": name,
        "type": session.notebook.get("type", "notebook"),
        "kernel": model(call, session),
        "notebook": {"path": path, "name": name},
    }
