"""``/ag/v1/reviews``: analysts submit code, owners run it and decide, and its reader fetches the result."""

import asyncio
import dataclasses
from typing import Any

from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.api.requests import Nothing
from ag_enclave.body import read_as
from ag_enclave.decisions import Denial
from ag_enclave.errors import Conflict, Refusal
from ag_enclave.review import DATA, Review, Run
from ag_enclave.reviewing import Approval, New, RunOn

STATES = ("open", "approved", "denied", "withdrawn")
_BINARY = "application/octet-stream"


async def show_all(call: Call) -> Response:
    """An analyst's own submissions and what was submitted for them to read, an owner's those that are bound to the data sets that are theirs; without the code. One state only: ``?state=open``."""
    state = call.request.query_params.get("state")
    if state is not None and state not in STATES:
        raise Refusal(400, f"state must be one of {', '.join(STATES)}.")
    found = await asyncio.to_thread(call.gateway.reviews.of, _whose(call), state=state, datasets=await call.held())
    return JSONResponse([model(call, each) | {"source": None} for each in found])


async def show_one(call: Call) -> Response:
    """One request with its runs; to an analyst those on mock data only."""
    found = await _named(call)
    runs = await asyncio.to_thread(call.gateway.reviews.runs_of, found.request_id)
    shown = [run_model(call, each) for each in runs if call.account.role == "owner" or each.on != DATA]
    return JSONResponse(model(call, found) | {"runs": shown})


async def submit(call: Call) -> Response:
    """A new request. Refusal 400 with lines where the policy or the run on mock data says no, 429 for too many."""
    wanted = await read_as(call.request, New)
    return JSONResponse(model(call, await call.gateway.reviewing.submit(call.account.user_id, wanted)), status_code=201)


async def run(call: Call) -> Response:
    """Run it, and how that ended. Refusal 409 where no run is left or it is decided."""
    wanted, request_id = await read_as(call.request, RunOn), (await _named(call)).request_id
    return JSONResponse(run_model(call, await call.gateway.reviewing.run(request_id, call.account.user_id, wanted.on)))


async def show_run(call: Call) -> Response:
    """What a run gave, encoded as exports are. Refusal 409 where it gave nothing, or it is decided and gone."""
    run_id, request_id = call.request.path_params["run_id"], (await _named(call)).request_id
    found = await asyncio.to_thread(call.gateway.reviews.run_of, request_id, run_id)
    if found.value is None:
        raise Conflict("That run gave nothing, or its request is decided and what it gave is gone.")
    return _bytes(found.value)


async def approve(call: Call) -> Response:
    """Deposit a result. Refusal 409 where it was decided otherwise, or the airlock warns and there are no words in spite of it."""
    wanted = await read_as(call.request, Approval, longest=2 * call.gateway.config.review.result_bytes)
    request_id = (await _named(call)).request_id
    return JSONResponse(model(call, await call.gateway.reviewing.approve(request_id, call.account.user_id, wanted)))


async def deny(call: Call) -> Response:
    """Say no, and why. Refusal 409 where it was decided otherwise."""
    wanted, request_id = await read_as(call.request, Denial), (await _named(call)).request_id
    return JSONResponse(model(call, await call.gateway.reviewing.deny(request_id, call.account.user_id, wanted.reason)))


async def withdraw(call: Call) -> Response:
    """The analyst no longer asks. Refusal 409 where it was decided."""
    await read_as(call.request, Nothing)
    return JSONResponse(
        model(call, await asyncio.to_thread(call.gateway.reviews.withdraw, _id(call), call.account.user_id))
    )


async def show_result(call: Call) -> Response:
    """The deposited result, encoded as exports are, for its reader and for its data sets' owners. Missing or Refusal 409 where there is none."""
    if call.account.role == "owner":
        return _bytes(await asyncio.to_thread(call.gateway.reviews.deposited, (await _named(call)).request_id))
    return _bytes(await asyncio.to_thread(call.gateway.reviews.fetch, _id(call), call.account.user_id))


def model(call: Call, found: Review) -> dict[str, Any]:
    """A request as both sides see it. Whoever may not read the result isn't told what it could be found with by trying."""
    facts = dataclasses.asdict(found)
    reads = call.account.role == "owner" or found.reader == call.account.user_id
    return facts if reads else facts | {"result_digest": "", "result_salt": ""}


def run_model(call: Call, found: Run) -> dict[str, Any]:
    """A run without its value; the salt is its owner's."""
    shown = dataclasses.asdict(dataclasses.replace(found, value=None))
    hidden = ("value",) if call.account.role == "owner" else ("value", "salt")
    return {name: value for name, value in shown.items() if name not in hidden}


def _bytes(value: bytes) -> Response:
    return Response(value, media_type=_BINARY, headers={"Cache-Control": "no-store"})


async def _named(call: Call) -> Review:
    """The request, where it is one that the caller may see; an owner where it is bound to nothing but data sets that are theirs."""
    return await asyncio.to_thread(call.gateway.reviews.find, _id(call), _whose(call), datasets=await call.held())


def _id(call: Call) -> str:
    return str(call.request.path_params["request_id"])


def _whose(call: Call) -> str | None:
    return None if call.account.role == "owner" else call.account.user_id
