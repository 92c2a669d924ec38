"""``/ag/v1/requests``: an analyst asks for more budget, an owner decides, and the analyst sees it. Each step is harmless when it is repeated."""

import asyncio
import dataclasses
from typing import Annotated, Any

import msgspec
from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.body import read_as
from ag_enclave.budgets import check_words
from ag_enclave.decisions import Acceptance, Denial, Epsilon
from ag_enclave.errors import Refusal
from ag_enclave.requests import ACCEPTING, BudgetRequest, Limits

RequestId = Annotated[str, msgspec.Meta(max_length=64)]
STATES = ("open", "accepted", "denied", "withdrawn")


class New(msgspec.Struct, forbid_unknown_fields=True):
    """What an analyst asks: how much more ε on which data set, and why."""

    dataset: Annotated[str, msgspec.Meta(max_length=200)]
    epsilon: Epsilon
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No field at all."""


class Seen(msgspec.Struct, forbid_unknown_fields=True):
    """Which decisions an analyst has seen."""

    requests: Annotated[list[RequestId], msgspec.Meta(max_length=500)]


async def show_all(call: Call) -> Response:
    """An analyst's own requests, an owner's those about the data sets that are theirs. ``?state=open`` …, ``?unseen=1``: decisions that their analyst hasn't seen."""
    state = call.request.query_params.get("state")
    if state is not None and state not in STATES:
        raise Refusal(400, f"state must be one of {', '.join(STATES)}.")
    unseen = call.request.query_params.get("unseen") == "1"
    held = await call.held()
    found = await asyncio.to_thread(call.gateway.requests.of, _whose(call), state=state, unseen=unseen, datasets=held)
    return JSONResponse([model(each) for each in found])


async def show_one(call: Call) -> Response:
    """One request."""
    return JSONResponse(model(await _named(call)))


async def ask(call: Call) -> Response:
    """A new request, or the open one that says the same. Refusal 404 for an unknown data set, 429 for too many requests."""
    wanted, gateway = await read_as(call.request, New), call.gateway
    check_words(wanted.reason)
    if not float(wanted.epsilon) > 0:
        raise Refusal(400, "epsilon must be above 0.")
    dataset = gateway.budgets.named(wanted.dataset).name
    limits = Limits(open=gateway.config.requests.open_per_analyst, daily=gateway.config.requests.per_day)
    made, fresh = await asyncio.to_thread(
        gateway.requests.ask, call.account.user_id, dataset, wanted.epsilon, wanted.reason, limits=limits
    )
    return JSONResponse(model(made), status_code=201 if fresh else 200)


async def accept(call: Call) -> Response:
    """Raise the analyst's cap, once, however often this is asked. Refusal 409 where it was decided otherwise."""
    wanted = await read_as(call.request, Acceptance)
    request_id, by = (await _named(call)).request_id, call.account.user_id
    return JSONResponse(model(await call.gateway.decisions.accept(request_id, by, wanted)))


async def deny(call: Call) -> Response:
    """Say no, and why. Refusal 409 where it was accepted or withdrawn."""
    wanted = await read_as(call.request, Denial)
    request_id, by = (await _named(call)).request_id, call.account.user_id
    return JSONResponse(model(await call.gateway.decisions.deny(request_id, by, wanted)))


async def withdraw(call: Call) -> Response:
    """The analyst no longer asks. Refusal 409 where it was decided."""
    await read_as(call.request, Nothing)
    request_id = call.request.path_params["request_id"]
    return JSONResponse(
        model(await asyncio.to_thread(call.gateway.requests.withdraw, request_id, call.account.user_id))
    )


async def mark_seen(call: Call) -> Response:
    """The analyst has seen these decisions; others' are left alone."""
    seen = await read_as(call.request, Seen)
    await asyncio.to_thread(call.gateway.requests.mark_seen, call.account.user_id, seen.requests)
    return Response(status_code=204)


def model(found: BudgetRequest) -> dict[str, Any]:
    """A request as both sides see it."""
    shown = dataclasses.asdict(found)
    return shown | {"state": "open" if found.state == ACCEPTING else found.state}


async def _named(call: Call) -> BudgetRequest:
    request_id = call.request.path_params["request_id"]
    return await asyncio.to_thread(call.gateway.requests.find, request_id, _whose(call), datasets=await call.held())


def _whose(call: Call) -> str | None:
    return None if call.account.role == "owner" else call.account.user_id
