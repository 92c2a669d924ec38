"""The first page: what waits for a decision, and what was learnt of each data set over time."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from ag_enclave.console.chart import DAYS, drawing, spending_of
from ag_enclave.console.page import page
from ag_enclave.console.visit import Visit
from ag_enclave.logbook import history, named, subjects_of

_NANO = 10**9
_LATEST = 8


async def show(visit: Visit) -> Response:
    """What waits, what was spent, what happened last."""
    gateway, held = visit.gateway, await visit.held()
    waiting = await asyncio.to_thread(gateway.requests.of, None, state="open", unseen=False, datasets=held)
    code = await asyncio.to_thread(gateway.reviews.waiting, held)
    shown = {dataset.name for dataset in gateway.catalog.everything()}  # labels of competitions have no page
    budgets = [each for each in await gateway.budgets.overview(held) if each["dataset"] in shown]
    charts = await drawn(visit, budgets)
    cards = [_card(budget, chart) for budget, chart in zip(budgets, charts, strict=True)]
    about = await asyncio.to_thread(subjects_of, gateway, visit.account)
    latest = await history(gateway.clerk, gateway.catalog, about, limit=_LATEST)
    return page(
        visit, "overview.html", waiting=len(waiting), code=code, cards=cards, latest=named(latest, gateway.catalog)
    )


def _card(budget: dict[str, Any], chart: Any) -> dict[str, Any]:
    """A data set's state: what everyone has spent of its cap, by how many, and the drawing of it."""
    spent, cap = spent_by(budget, ""), cap_of_everyone(budget)
    return {"name": budget["dataset"], "spent": spent, "cap": cap, "analysts": analysts_of(budget), "chart": chart}


async def drawn(visit: Visit, budgets: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The drawing of the last days of each data set's account."""
    now = visit.gateway.now()
    since = int((now - timedelta(days=DAYS - 1)).timestamp()) * _NANO
    courses = await visit.gateway.budgets.course(budgets, since=since)
    return [
        drawing(spending_of(course, now=now, cap=cap_of_everyone(budget)), budget["dataset"])
        for budget, course in zip(budgets, courses, strict=True)
    ]


def spent_by(budget: Mapping[str, Any], who: str) -> float:
    """What one analyst, or everyone (empty), has spent, as ε at the data set's δ; infinite where that has no end."""
    found = [each["amount"] for each in budget["spent"] if each["who"] == who]
    return sum(math.inf if amount is None else float(amount) for amount in found)


def analysts_of(budget: Mapping[str, Any]) -> int:
    """How many have spent something."""
    return sum(1 for each in budget["spent"] if each["who"] and each["amount"] != 0)


def cap_of_everyone(budget: Mapping[str, Any]) -> float | None:
    """The cap of everyone together over all time; None where the owner has lifted it."""
    for cap in budget["caps"]:
        if cap["kind"] == "everyone" and not cap["seconds"]:
            return None if cap["epsilon"] is None else float(cap["epsilon"])
    return float(budget["declared"].get("everyone", {}).get("epsilon", 0))
