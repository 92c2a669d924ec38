"""Requests for budget, and the owner's decision."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from starlette.responses import Response

from ag_enclave.body import fitted
from ag_enclave.console.analysts import used_by
from ag_enclave.console.page import moved, page, part
from ag_enclave.console.visit import Visit, filled_form
from ag_enclave.decisions import Acceptance, Denial
from ag_enclave.errors import Conflict, Refusal
from ag_enclave.requests import ACCEPTING, OPEN, BudgetRequest

PATH = "/console/requests"
_EMPTY: Mapping[str, str] = MappingProxyType({})


async def show(visit: Visit, *, problem: str = "", status: int = 200, given: Mapping[str, str] = _EMPTY) -> Response:
    """Those that wait first, each with what its analyst has spent, then the decided ones. ``given``: what was filled in, where that can't be done."""
    those, held = visit.gateway.requests, await visit.held()
    waiting = await asyncio.to_thread(those.of, None, state=OPEN, datasets=held)
    found = await asyncio.to_thread(those.of, None, datasets=held)
    decided, newer, older = part(visit, PATH, [each for each in found if each.state not in (OPEN, ACCEPTING)])
    shown: dict[str, Any] = {"decided": decided, "newer": newer, "older": older, "problem": problem, "given": given}
    shown |= {"here": visit.request.path_params.get("request_id", ""), "used": await _used(visit, waiting, held)}
    return page(visit, "requests.html", status=status, waiting=waiting, **shown)


async def _used(
    visit: Visit, waiting: Sequence[BudgetRequest], held: Collection[str] | None
) -> dict[str, tuple[float, float | None]]:
    """Of each request: what its analyst has spent of the data set, and their cap."""
    budgets = {each["dataset"]: each for each in await visit.gateway.budgets.overview(held)} if waiting else {}
    return {
        each.request_id: used_by(visit.gateway.budgets.named(each.dataset, retired=True), each.analyst, found)
        for each in waiting
        if (found := budgets.get(each.dataset)) is not None
    }


async def decide(visit: Visit) -> Response:
    """Accept or deny one; the page again, with one sentence, where that can't be."""
    fields = await filled_form(visit)
    try:
        await _decide(visit, {key: value.strip() for key, value in fields.items() if value.strip()})
    except Refusal as refusal:
        return await show(visit, problem=refusal.message, status=refusal.status, given=fields)
    except Conflict as conflict:
        return await show(visit, problem=str(conflict), status=409, given=fields)
    return moved(PATH)


async def _decide(visit: Visit, given: Mapping[str, str]) -> None:
    by, decisions = visit.account.user_id, visit.gateway.decisions
    asked = visit.request.path_params["request_id"], None
    request_id = (await asyncio.to_thread(visit.gateway.requests.find, *asked, datasets=await visit.held())).request_id
    words = {key: value for key, value in given.items() if key != "decision"}
    if given.get("decision") == "accept":
        await decisions.accept(request_id, by, fitted(words, Acceptance))
    elif given.get("decision") == "deny":
        await decisions.deny(request_id, by, fitted({"reason": given.get("reason", "")}, Denial))
    else:
        raise Refusal(400, "Choose either to accept or to deny.")
