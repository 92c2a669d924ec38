"""The first page: what waits for a decision, and what was learnt of each data set over time."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from ag_enclave.console.chart import DAYS, drawing, spending_of
from ag_enclave.console.page import page
from ag_enclave.console.visit import Visit
from ag_enclave.logbook import history, subjects_of

_NANO = 10**9
_LATEST = 8


async def show(visit: Visit) -> Response:
    """What waits, what was spent, what happened last."""
    gateway, held = visit.gateway, await visit.held()
    waiting = await asyncio.to_thread(gateway.requests.of, None, state="open", unseen=False, datasets=held)
    code = await asyncio.to_thread(gateway.reviews.waiting, held)
    budgets = await gateway.budgets.overview(held)
    charges = await _charges(visit)
    shown = {dataset.name for dataset in visit.gateway.catalog.everything()}  # labels of competitions have no page
    cards = [_card(visit, budget, charges) for budget in budgets if budget["dataset"] in shown]
    about = await asyncio.to_thread(subjects_of, gateway, visit.account)
    latest = await history(gateway.clerk, gateway.catalog, about, limit=_LATEST)
    return page(visit, "overview.html", waiting=len(waiting), code=code, cards=cards, latest=latest)


def _card(visit: Visit, budget: dict[str, Any], charges: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A data set's state: what everyone has spent of its cap, by how many, and the drawing of it."""
    used, most = spent_by(budget, ""), cap_of_everyone(budget)
    analysts = sum(1 for each in budget["spent"] if each["who"] and each["epsilon"])
    chart = _drawn(visit, budget, [each for each in charges if each["account"] == budget["account"]])
    return {"name": budget["dataset"], "spent": used, "cap": most, "analysts": analysts, "chart": chart}


async def drawn(visit: Visit, budget: dict[str, Any]) -> Any:
    """The drawing of the last days of a data set's account."""
    return _drawn(visit, budget, await _charges(visit, budget["account"]))


async def _charges(visit: Visit, account: str | None = None) -> list[dict[str, Any]]:
    """What was charged in the last days to an account, or to all."""
    since = int((visit.gateway.now() - timedelta(days=DAYS)).timestamp()) * _NANO
    return await visit.gateway.clerk.spending(account, hours=24, since=since)


def _drawn(visit: Visit, budget: dict[str, Any], charges: Sequence[Mapping[str, Any]]) -> Any:
    now = visit.gateway.now()
    lately = sum(charge["epsilon"] for charge in charges)
    before = max(0.0, spent_by(budget, "") - lately)
    spending = spending_of(charges, before=before, now=now, cap=cap_of_everyone(budget))
    return drawing(spending, budget["dataset"])


def spent_by(budget: Mapping[str, Any], who: str) -> float:
    """Sums of ε by one analyst, or by everyone (empty)."""
    return sum(float(each["epsilon"]) for each in budget["spent"] if each["who"] == who)


def cap_of_everyone(budget: dict[str, Any]) -> float | None:
    """The cap of everyone together over all time; None where the owner has lifted it."""
    for cap in budget["caps"]:
        if cap["kind"] == "everyone" and not cap["seconds"]:
            return None if cap["epsilon"] is None else float(cap["epsilon"])
    return float(budget["declared"].get("everyone", {}).get("epsilon", 0))
