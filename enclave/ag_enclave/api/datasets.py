"""``/ag/v1``: the catalogue, and the odometer of a session."""

from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.errors import Refusal, SessionLost


async def show_catalogue(call: Call) -> Response:
    """The data sets' public parts."""
    return JSONResponse([dataset.public() for dataset in call.gateway.catalog.everything()])


async def show_odometer(call: Call) -> Response:
    """What was spent and what is left, as the session's vault says."""
    session = call.gateway.sessions.find(call.request.path_params["session_id"], call.whose)
    try:
        return JSONResponse(await session.ask_vault("odometer"))
    except SessionLost as problem:
        raise Refusal(503, str(problem)) from problem
