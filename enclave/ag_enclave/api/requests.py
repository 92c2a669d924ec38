"""``/ag/v1/requests``: an analyst asks for more budget, an owner decides, and the analyst sees it. Each step is harmless when it is repeated."""

import asyncio
import dataclasses
from typing import Annotated, Any

import msgspec
from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.body import read_as
from ag_enclave.errors import Conflict, Refusal
from ag_enclave.requests import ACCEPTED, ACCEPTING, BudgetRequest, Limits

Epsilon = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,9})?$")]
Reason = Annotated[str, msgspec.Meta(max_length=1000)]
RequestId = Annotated[str, msgspec.Meta(max_length=64)]
STATES = ("open", "accepted", "denied", "withdrawn")


class New(msgspec.Struct, forbid_unknown_fields=True):
    """What an analyst asks: how much more ε on which data set, and why."""

    dataset: Annotated[str, msgspec.Meta(max_length=200)]
    epsilon: Epsilon
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Acceptance(msgspec.Struct, forbid_unknown_fields=True):
    """How much an owner gives: what was asked for, where it isn't said."""

    epsilon: Epsilon | None = None
    reason: Reason = ""


class Denial(msgspec.Struct, forbid_unknown_fields=True):
    """Why an owner doesn't."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No field at all."""


class Seen(msgspec.Struct, forbid_unknown_fields=True):
    """Which decisions an analyst has seen."""

    requests: Annotated[list[RequestId], msgspec.Meta(max_length=500)]


async def show_all(call: Call) -> Response:
    """An analyst's own requests, an owner's everybody's. ``?state=open`` …, ``?unseen=1``: decisions that their analyst hasn't seen."""
    state = call.request.query_params.get("state")
    if state is not None and state not in STATES:
        raise Refusal(400, f"state must be one of {', '.join(STATES)}.")
    unseen = call.request.query_params.get("unseen") == "1"
    found = await asyncio.to_thread(call.gateway.requests.of, _whose(call), state=state, unseen=unseen)
    return JSONResponse([model(each) for each in found])


async def show_one(call: Call) -> Response:
    """One request."""
    return JSONResponse(model(await _named(call)))


async def ask(call: Call) -> Response:
    """A new request, or the open one that says the same. Refusal 404 for an unknown data set, 429 for too many requests."""
    wanted, gateway = await read_as(call.request, New), call.gateway
    _check_words(wanted.reason)
    if not float(wanted.epsilon) > 0:
        raise Refusal(400, "epsilon must be above 0.")
    dataset = gateway.catalog.named(wanted.dataset).name
    limits = Limits(open=gateway.config.requests.open_per_analyst, daily=gateway.config.requests.per_day)
    made, fresh = await asyncio.to_thread(
        gateway.requests.ask, call.account.user_id, dataset, wanted.epsilon, wanted.reason, limits=limits
    )
    return JSONResponse(model(made), status_code=201 if fresh else 200)


async def accept(call: Call) -> Response:
    """Raise the analyst's cap, once, however often this is asked. Refusal 409 where it was decided otherwise."""
    wanted, gateway = await read_as(call.request, Acceptance), call.gateway
    _check_words(wanted.reason)
    async with gateway.deciding:  # two raises of one cap must not both start from the same number
        found = await _named(call)
        decided = found.state in (ACCEPTING, ACCEPTED)
        granted = wanted.epsilon or (found.granted if decided else found.epsilon)
        if decided and granted != found.granted:
            raise Conflict(f"This request was accepted already, with ε {found.granted}, by {found.decided_by}.")
        if not float(granted) > 0:
            raise Refusal(400, "epsilon must be above 0.")
        if found.state != ACCEPTED:
            await _raise(call, found, granted, wanted.reason)
            found = await asyncio.to_thread(gateway.requests.settle, found.request_id)
            _tell(call, found)
    return JSONResponse(model(found))


async def _raise(call: Call, found: BudgetRequest, granted: str, answer: str) -> None:
    gateway, by = call.gateway, call.account.user_id
    cap, delta = await gateway.budgets.raised(found.dataset, found.analyst, granted)
    fixed = await asyncio.to_thread(
        gateway.requests.accept, found.request_id, by=by, granted=granted, cap=cap, answer=answer
    )
    why = f"request {found.request_id}" + (f": {fixed.answer[:900]}" if fixed.answer else "")
    await gateway.clerk.set_cap(
        actor=by, kind="analyst", dataset=fixed.dataset, who=fixed.analyst, epsilon=fixed.cap, delta=delta, reason=why
    )


async def deny(call: Call) -> Response:
    """Say no, and why. Refusal 409 where it was accepted or withdrawn."""
    wanted, gateway = await read_as(call.request, Denial), call.gateway
    _check_words(wanted.reason)
    before = await _named(call)
    found = await asyncio.to_thread(
        gateway.requests.deny, before.request_id, by=call.account.user_id, answer=wanted.reason
    )
    if before.state != found.state:
        _tell(call, found)
    return JSONResponse(model(found))


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


def _tell(call: Call, found: BudgetRequest) -> None:
    """The analyst's sessions say it at once."""
    given = f" with ε {found.granted}" if found.state == ACCEPTED else ""
    words = f": {found.answer}" if found.answer else "."
    sentence = f"Your request for ε {found.epsilon} more on {found.dataset} was {found.state}{given}{words}"
    for session in call.gateway.sessions.of(found.analyst):
        session.say(sentence)


async def _named(call: Call) -> BudgetRequest:
    request_id = call.request.path_params["request_id"]
    return await asyncio.to_thread(call.gateway.requests.find, request_id, _whose(call))


def _whose(call: Call) -> str | None:
    return None if call.account.role == "owner" else call.account.user_id


def _check_words(text: str) -> None:
    """Words that people read in terminals, mails and pages: one line, nothing that steers what shows it."""
    if not text.isprintable():
        raise Refusal(400, "reason must be one line of printable characters.")
