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
    """An analyst's own projects, an owner's everybody's."""
    whose = None if call.account.role == "owner" else call.account.user_id
    found = await asyncio.to_thread(call.gateway.projects.of, whose)
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
