"""``/ag/v1/datasets``: the catalogue for everybody who works with it, and what owners do with a data set; and the odometer of a session."""

import asyncio
from typing import Annotated, Any

import msgspec
from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.body import read_as
from ag_enclave.catalog import Dataset
from ag_enclave.errors import BadData, Refusal, SessionLost
from ag_enclave.words import Key, Line, Text


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """The words to change; what isn't said stays."""

    description: Text | msgspec.UnsetType | None = msgspec.UNSET
    summary: Text | msgspec.UnsetType = msgspec.UNSET
    citation: Text | msgspec.UnsetType = msgspec.UNSET
    url: Line | msgspec.UnsetType = msgspec.UNSET
    contributors: Annotated[tuple[Line, ...], msgspec.Meta(max_length=200)] | msgspec.UnsetType = msgspec.UNSET
    shapes: Annotated[tuple[Key, ...], msgspec.Meta(max_length=200)] | msgspec.UnsetType = msgspec.UNSET


class Why(msgspec.Struct, forbid_unknown_fields=True):
    """A reason, for the log."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


async def show_catalogue(call: Call) -> Response:
    """The data sets' public parts; for owners, how each came to be, and those that were retired."""
    everything = call.gateway.catalog.everything(retired=_owns(call))
    return JSONResponse([_model(call, dataset) for dataset in everything])


async def show_one(call: Call) -> Response:
    """One data set. Refusal 404, for others than owners also where it was retired."""
    name = call.request.path_params["dataset"]
    return JSONResponse(_model(call, call.gateway.catalog.named(name, retired=_owns(call))))


async def change(call: Call) -> Response:
    """Other words; the data set as it is then."""
    wanted = await read_as(call.request, Change)
    said = {name: value for name in Change.__struct_fields__ if (value := getattr(wanted, name)) is not msgspec.UNSET}
    if not said:
        raise Refusal(400, "There is nothing to change.")
    return await _done(call, call.gateway.holdings.amend, said)


async def retire(call: Call) -> Response:
    """No new sessions; those that have it end."""
    wanted = await read_as(call.request, Why)
    answer = await _done(call, call.gateway.holdings.retire, wanted.reason)
    await call.gateway.retirement.look()
    return answer


async def restore(call: Call) -> Response:
    """Sessions may open it again."""
    return await _done(call, call.gateway.holdings.restore, (await read_as(call.request, Why)).reason)


async def show_odometer(call: Call) -> Response:
    """What was spent and what is left, as the session's vault says; in a competition also of its labels."""
    session = call.gateway.sessions.find(call.request.path_params["session_id"], call.whose)
    subject = session.subject
    try:
        said = await session.ask_vault("odometer")
    except SessionLost as problem:
        raise Refusal(503, str(problem)) from problem
    if subject.competition is not None and "balances" in said:
        of_labels = await call.gateway.scoring.balances(subject.competition, subject.analyst)
        said["balances"] += of_labels["balances"]
    return JSONResponse(said)


async def _done(call: Call, deed: Any, what: Any) -> Response:
    try:
        changed = await asyncio.to_thread(deed, call.request.path_params["dataset"], call.account.user_id, what)
    except BadData as problem:
        raise Refusal(400, str(problem)) from problem
    return JSONResponse(_model(call, changed))


def _model(call: Call, dataset: Dataset) -> dict[str, Any]:
    return dataset.owned() if _owns(call) else dataset.public()


def _owns(call: Call) -> bool:
    """Any owner may act on any data set; the log has who it was."""
    return call.account.role == "owner"
