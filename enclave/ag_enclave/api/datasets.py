"""``/ag/v1/datasets``: the catalogue for everybody who works with it, and what owners do with a data set; and the odometer of a session."""

import asyncio
from collections.abc import Collection
from functools import partial
from typing import Annotated, Any

import msgspec
from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.body import read_as
from ag_enclave.budgets import check_words
from ag_enclave.catalog import Dataset
from ag_enclave.errors import BadData, Refusal, SessionLost
from ag_enclave.ownership import EVERYONE
from ag_enclave.words import Key, Line, Text


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """The words to change; what isn't said stays."""

    description: Text | msgspec.UnsetType | None = msgspec.UNSET
    summary: Text | msgspec.UnsetType = msgspec.UNSET
    citation: Text | msgspec.UnsetType = msgspec.UNSET
    url: Line | msgspec.UnsetType = msgspec.UNSET
    contributors: Annotated[tuple[Line, ...], msgspec.Meta(max_length=200)] | msgspec.UnsetType = msgspec.UNSET
    shapes: Annotated[tuple[Key, ...], msgspec.Meta(max_length=200)] | msgspec.UnsetType = msgspec.UNSET


class Heirs(msgspec.Struct, forbid_unknown_fields=True):
    """Whose a data set is from now on: these owners', or every owner's; and why, for the log."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    owners: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=80)]], msgspec.Meta(max_length=100)
    ] = []
    everyone: bool = False


class Why(msgspec.Struct, forbid_unknown_fields=True):
    """A reason, for the log."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


async def show_catalogue(call: Call) -> Response:
    """The data sets' public parts; of an owner's own, how each came to be, also where it was retired."""
    held = await _held(call)
    everything = call.gateway.catalog.everything(retired=True)
    return JSONResponse([await _model(call, each, held) for each in everything if _is_shown(each, held)])


async def show_one(call: Call) -> Response:
    """One data set. Refusal 404, for others than its owners also where it was retired."""
    name, held = call.request.path_params["dataset"], await _held(call)
    found = call.gateway.catalog.named(name, retired=True)
    if not _is_shown(found, held):
        found = call.gateway.catalog.named(name)
    return JSONResponse(await _model(call, found, held))


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


async def hand_over(call: Call) -> Response:
    """It is other owners', with every data set of the same account; one of its own, by name, and operators may. As the caller may see it then."""
    wanted = await read_as(call.request, Heirs)
    check_words(wanted.reason)
    if bool(wanted.owners) == wanted.everyone:
        raise Refusal(400, "Either owners or everyone is needed.")
    name, by, gateway = call.request.path_params["dataset"], call.account.user_id, call.gateway
    holder = by if call.account.role == "owner" else ""
    if holder:
        await asyncio.to_thread(gateway.ownership.check, holder, name, by_name=True)
    to = wanted.owners or [EVERYONE]
    handing = partial(gateway.ownership.hand_over, name, to, by=by, reason=wanted.reason, holder=holder)
    done = await gateway.budgets.turn.given(handing)
    return JSONResponse(await _model(call, done, await _held(call)))


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
    name, by = call.request.path_params["dataset"], call.account.user_id
    await asyncio.to_thread(call.gateway.ownership.check, by, name)
    try:
        changed = await asyncio.to_thread(deed, name, by, what, holder=by)
    except BadData as problem:
        raise Refusal(400, str(problem)) from problem
    return JSONResponse(await _model(call, changed, await _held(call)))


async def _held(call: Call) -> frozenset[str]:
    """The names of what is the caller's."""
    return await call.held() or frozenset()


def _is_shown(dataset: Dataset, held: Collection[str]) -> bool:
    return (dataset.retired is None and not dataset.stale) or dataset.name in held


async def _model(call: Call, dataset: Dataset, held: Collection[str]) -> dict[str, Any]:
    if dataset.name not in held:
        return dataset.public()
    return {**dataset.owned(), "owners": await asyncio.to_thread(call.gateway.ownership.of, dataset)}
