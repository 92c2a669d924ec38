"""``/ag/v1/projects``: what analysts work on together, and with whom."""

import asyncio
import dataclasses
from typing import Annotated

import msgspec
from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.body import read_as
from ag_enclave.budgets import check_words


class New(msgspec.Struct, forbid_unknown_fields=True):
    """A project's name, what it is about, and who takes part besides its maker."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    description: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    members: Annotated[list[Annotated[str, msgspec.Meta(max_length=80)]], msgspec.Meta(max_length=100)] = []


async def show_all(call: Call) -> Response:
    """An analyst's own projects, an owner's also those of code that is theirs to review."""
    held, gateway = await call.held(), call.gateway
    code = [] if held is None else await asyncio.to_thread(gateway.reviews.of, None, datasets=held)
    also = {each.project for each in code if each.project}
    found = await asyncio.to_thread(gateway.projects.of, call.account.user_id, also)
    return JSONResponse([dataclasses.asdict(each) for each in found])


async def make(call: Call) -> Response:
    """A new project. Refusal 409 where the name is taken, 404 for an unknown account, 429 for too many."""
    wanted = await read_as(call.request, New)
    check_words(wanted.name)
    check_words(wanted.description)
    made = await asyncio.to_thread(
        call.gateway.projects.make, call.account.user_id, wanted.name, wanted.description, wanted.members
    )
    return JSONResponse(dataclasses.asdict(made), status_code=201)
