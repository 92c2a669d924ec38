"""Code for review: what waits, one request with its code and runs, and the forms that run it and decide."""

import asyncio
import dataclasses
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from ag_enclave.body import fitted
from ag_enclave.console.listing import listing
from ag_enclave.console.outline import LONGEST_READ, outline
from ag_enclave.console.page import moved, page, part
from ag_enclave.console.visit import Visit, filled_form
from ag_enclave.decisions import Denial
from ag_enclave.errors import Conflict, Missing, Refusal
from ag_enclave.review import APPROVED, DATA, OPEN, Review, Run
from ag_enclave.reviewing import Approval, RunOn

PATH = "/console/reviews"
_RUNS_SHOWN = 20
_ID = re.compile(r"[0-9a-f-]{1,36}")


async def show_all(visit: Visit) -> Response:
    """Those that wait first, then the decided ones."""
    those, held = visit.gateway.reviews, await visit.held()
    waiting = await asyncio.to_thread(those.of, None, state=OPEN, datasets=held)
    found = await asyncio.to_thread(those.of, None, datasets=held)
    decided, newer, older = part(visit, PATH, [each for each in found if each.state != OPEN])
    return page(visit, "reviews.html", waiting=waiting, decided=decided, newer=newer, older=older)


async def show_one(visit: Visit, *, problem: str = "", status: int = 200) -> Response:
    """One request: the code, what it is bound to, its runs; what they gave is shown to owners alone."""
    found = await _named(visit)
    content = await asyncio.to_thread(_content, visit, found)
    return page(visit, "review.html", status=status, problem=problem, review=found, DATA=DATA, **content)


async def decide(visit: Visit) -> Response:
    """Run it, deposit what a run gave, or deny; the page again, with what there is to say, where that can't be."""
    fields = {key: value.strip() for key, value in (await filled_form(visit)).items() if value.strip()}
    try:
        await _decide(visit, fields)
    except Refusal as refusal:
        return await show_one(visit, problem=refusal.message, status=refusal.status)
    except Conflict as conflict:
        return await show_one(visit, problem=str(conflict), status=409)
    return moved(f"{PATH}/{quote(_id(visit))}")


async def _decide(visit: Visit, given: Mapping[str, str]) -> None:
    reviewing, by, request_id = visit.gateway.reviewing, visit.account.user_id, (await _named(visit)).request_id
    decision = given.get("decision", "")
    words = {key: given[key] for key in ("reason", "override") if key in given}
    if decision.startswith("run-"):
        await reviewing.run(request_id, by, fitted({"on": decision.removeprefix("run-")}, RunOn).on)
    elif decision == "deposit":
        await reviewing.approve(request_id, by, fitted({**words, "run": given.get("run", "")}, Approval))
    elif decision == "deny":
        await reviewing.deny(request_id, by, fitted({"reason": given.get("reason", "")}, Denial).reason)
    else:
        raise Refusal(400, "Choose to run it, to deposit or to deny.")


def _content(visit: Visit, found: Review) -> dict[str, Any]:
    """Code, runs and deposit as they are shown; long texts and values are read here, off the event loop."""
    reviews = visit.gateway.reviews
    runs = reviews.runs_of(found.request_id)[::-1]
    deposit = None
    if visit.decides and found.state == APPROVED:
        deposit = outline(reviews.head_of(found.request_id, "", LONGEST_READ))
    return {
        "code": listing(found.source),
        "runs": [_shown(visit, each) for each in runs[:_RUNS_SHOWN]],
        "earlier": max(0, len(runs) - _RUNS_SHOWN),
        "deposit": deposit,
    }


def _shown(visit: Visit, run: Run) -> dict[str, Any]:
    """A run as its owner reads it; an auditor sees that it was."""
    shown: dict[str, Any] = dataclasses.asdict(run) | {"gave": None}
    if not visit.decides:
        return shown | {"lines": "", "printed": "", "warnings": ()}
    head = visit.gateway.reviews.head_of(run.request_id, run.run_id, LONGEST_READ) if run.digest else b""
    return shown | {"gave": outline(head) if head else None}


async def _named(visit: Visit) -> Review:
    """The request that the address names, where it is the visitor's to see."""
    return await asyncio.to_thread(visit.gateway.reviews.find, _id(visit), None, datasets=await visit.held())


def _id(visit: Visit) -> str:
    found = str(visit.request.path_params["request_id"])
    if not _ID.fullmatch(found):
        raise Missing("There is no such request.")
    return found
