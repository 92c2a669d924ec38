"""``GET /api`` and ``/api/status``: what this is, and how much is going on."""

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.api.kernels import written
from ag_enclave.gateway import Gateway

WIRE = 1
RELEASE = version("ag-enclave")


async def show_version(_request: Request, _gateway: Gateway) -> Response:
    """The release, and the number of the wire that clients must speak."""
    return JSONResponse({"version": RELEASE, "ag": {"wire": WIRE, "release": RELEASE}})


async def show_status(call: Call) -> Response:
    """Counts over the sessions that the caller may see."""
    sessions = call.gateway.sessions.of(call.whose)
    body = {
        "started": written(call.gateway.started),
        "last_activity": written(max((session.last_activity for session in sessions), default=call.gateway.started)),
        "connections": sum(len(session.ring.readers) for session in sessions),
        "kernels": len(sessions),
    }
    return JSONResponse(body)
