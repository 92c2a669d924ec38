"""Requests for budget, and the owner's decision."""

import asyncio
from collections.abc import Mapping

from starlette.responses import Response

from ag_enclave.body import fitted
from ag_enclave.console.page import moved, page, part
from ag_enclave.console.visit import Visit, filled_form
from ag_enclave.decisions import Acceptance, Denial
from ag_enclave.errors import Conflict, Refusal
from ag_enclave.requests import ACCEPTING, OPEN

PATH = "/console/requests"


async def show(visit: Visit, *, problem: str = "", status: int = 200) -> Response:
    """Those that wait first, then the decided ones."""
    those, held = visit.gateway.requests, await visit.held()
    waiting = await asyncio.to_thread(those.of, None, state=OPEN, datasets=held)
    found = await asyncio.to_thread(those.of, None, datasets=held)
    decided, newer, older = part(visit, PATH, [each for each in found if each.state not in (OPEN, ACCEPTING)])
    shown = {"decided": decided, "newer": newer, "older": older}
    return page(visit, "requests.html", status=status, waiting=waiting, problem=problem, **shown)


async def decide(visit: Visit) -> Response:
    """Accept or deny one; the page again, with one sentence, where that can't be."""
    fields = await filled_form(visit)
    try:
        await _decide(visit, {key: value.strip() for key, value in fields.items() if value.strip()})
    except Refusal as refusal:
        return await show(visit, problem=refusal.message, status=refusal.status)
    except Conflict as conflict:
        return await show(visit, problem=str(conflict), status=409)
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
