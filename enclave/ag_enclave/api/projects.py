"""``/ag/v1/projects``: what analysts work on together, and with whom: who is invited takes part once they join."""

import asyncio
import dataclasses
from typing import Annotated

import msgspec
from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.api.requests import Nothing
from ag_enclave.body import read_as
from ag_enclave.budgets import check_words


class New(msgspec.Struct, forbid_unknown_fields=True):
    """A project's name, what it is about, and who is invited to take part."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    description: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    members: Annotated[list[Annotated[str, msgspec.Meta(max_length=80)]], msgspec.Meta(max_length=100)] = []


async def show_all(call: Call) -> Response:
    """The projects that one takes part in or is invited to, an owner's also those of code that is theirs to review."""
    held, gateway = await call.held(), call.gateway
    code = [] if held is None else await asyncio.to_thread(gateway.reviews.of, None, datasets=held)
    also = {each.project_id for each in code if each.project_id}
    found = await asyncio.to_thread(gateway.projects.of, call.account.user_id, also)
    return JSONResponse([dataclasses.asdict(each) for each in found])


async def make(call: Call) -> Response:
    """A new project. Refusal 409 where the caller has one of that name, 429 for too many; the same for whomever is invited, known or not."""
    wanted = await read_as(call.request, New)
    check_words(wanted.name)
    check_words(wanted.description)
    made = await asyncio.to_thread(
        call.gateway.projects.make, call.account.user_id, wanted.name, wanted.description, wanted.members
    )
    return JSONResponse(dataclasses.asdict(made), status_code=201)


async def join(call: Call) -> Response:
    """Take part in a project that one is invited to."""
    await read_as(call.request, Nothing)
    joined = await asyncio.to_thread(call.gateway.projects.join, _id(call), call.account.user_id)
    return JSONResponse(dataclasses.asdict(joined))


async def leave(call: Call) -> Response:
    """Take part no longer, or decline."""
    await read_as(call.request, Nothing)
    await asyncio.to_thread(call.gateway.projects.leave, _id(call), call.account.user_id)
    return Response(status_code=204)


def _id(call: Call) -> str:
    return str(call.request.path_params["project_id"])
