"""``/ag/v1/competitions``: the rules, the boards, and submissions."""

import asyncio
from datetime import UTC

import msgspec
from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.body import read_as
from ag_enclave.competitions import board, final_board
from ag_enclave.rules import public


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One prediction for each row of the test set, in its order."""

    predictions: list[str | int | float | bool | None]


async def show_all(call: Call) -> Response:
    """The rules of all competitions."""
    everything = await asyncio.to_thread(call.gateway.competitions.everything)
    return JSONResponse([public(each.rules) for each in everything])


async def show_board(call: Call) -> Response:
    """Each analyst's best score, best first; ``final``, once the competition has closed, by the rows that didn't count until then."""
    gateway, name = call.gateway, call.request.path_params["name"]
    rules = (await asyncio.to_thread(gateway.competitions.named, name)).rules
    submitted = await asyncio.to_thread(gateway.competitions.submitted, rules.name)
    final = final_board(rules, submitted) if gateway.now() > rules.closes else None
    shown = {
        "metric": rules.metric,
        "closes": rules.closes.astimezone(UTC).isoformat(),
        "board": board(rules, submitted),
    }
    return JSONResponse({**shown, "final": final})


async def submit(call: Call) -> Response:
    """Score predictions. What is late, too much or malformed is refused before anything is charged."""
    entry = await read_as(call.request, Entry)
    name = call.request.path_params["name"]
    said = await call.gateway.scoring.score(name, entry.predictions, call.account.user_id)
    return JSONResponse(said, status_code=201)
