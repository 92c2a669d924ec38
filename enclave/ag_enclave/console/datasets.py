"""Data sets: what analysts may know of each, the caps in force and who has spent what; and the form that changes a cap."""

import asyncio
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from ag_enclave.body import fitted
from ag_enclave.budgets import ROWS, Change
from ag_enclave.catalog import Dataset
from ag_enclave.console.overview import analysts_of, cap_of_everyone, drawn, spent_by
from ag_enclave.console.page import moved, page, part
from ag_enclave.console.visit import Visit, filled_form
from ag_enclave.described import tables_of
from ag_enclave.errors import Refusal

PATH = "/console/datasets"
_DAY = 86_400
_EMPTY: Mapping[str, str] = MappingProxyType({})


async def show_all(visit: Visit) -> Response:
    """The catalogue, with what was spent of each."""
    described = {dataset.name: dataset for dataset in visit.gateway.catalog.everything(retired=True)}
    rows = [
        {
            "dataset": described[budget["dataset"]],
            "spent": spent_by(budget, ""),
            "cap": cap_of_everyone(budget),
            "analysts": analysts_of(budget),
        }
        for budget in await visit.gateway.budgets.overview(await visit.held())
        if budget["dataset"] in described
    ]
    return page(visit, "datasets.html", rows=rows)


async def show_one(
    visit: Visit, *, problem: str = "", status: int = 200, given: Mapping[str, str] = _EMPTY
) -> Response:
    """One data set. ``given``: what was filled in, where that can't be done."""
    dataset = await _named(visit)
    budget = await _budget(visit, dataset.name)
    path = f"{PATH}/{quote(dataset.name)}"
    spent, *around = part(visit, path, [each for each in budget["spent"] if each["who"]])
    caps, *around_caps = part(visit, path, list(_caps(budget)), name="caps")
    return page(
        visit,
        "dataset.html",
        status=status,
        problem=problem,
        given=given,
        outlook=await _outlook(visit, dataset.name),
        dataset=dataset,
        tables=list(tables_of(dataset)),
        caps=caps,
        around_caps=around_caps,
        spent=spent,
        around=around,
        total=spent_by(budget, ""),
        most=cap_of_everyone(budget),
        account=budget["account"],
        chart=(await drawn(visit, [budget]))[0],
        owners=await asyncio.to_thread(visit.gateway.ownership.of, dataset),
    )


async def change_cap(visit: Visit) -> Response:
    """Put a cap in force or take one back; the page again, with one sentence, where that can't be."""
    told = await filled_form(visit)
    fields = dict(told)
    name = (await _named(visit)).name
    try:
        days = fields.pop("days", "").strip() or "0"
        what = fields.pop("what", "set")
        given: dict[str, Any] = {key: value.strip() for key, value in fields.items() if value.strip()}
        given |= {"seconds": _whole(days) * _DAY, "lift": what == "lift", "drop": what == "drop"}
        wanted = fitted(given, Change)
        by = visit.account.user_id
        await visit.gateway.budgets.change(by, name, wanted, holder=by)
    except Refusal as refusal:
        return await show_one(visit, problem=refusal.message, status=refusal.status, given=told)
    return moved(f"{PATH}/{quote(name)}")


async def _outlook(visit: Visit, name: str) -> dict[str, Any]:
    """What a cap would allow that the address asks about (``?epsilon=1&rows=1000``), or why that can't be said."""
    query = visit.request.query_params
    epsilon, rows = query.get("epsilon", "").strip()[:20], query.get("rows", "").strip()[:13] or str(ROWS)
    asked: dict[str, Any] = {"epsilon": epsilon, "rows": rows, "lines": (), "problem": ""}
    if not epsilon or visit.request.method != "GET":
        return asked
    if not (rows.isascii() and rows.isdigit()):
        return asked | {"problem": "The number of rows must be a whole number."}
    try:
        return asked | {"lines": await visit.gateway.budgets.outlook(name, epsilon, rows=int(rows))}
    except Refusal as refusal:
        return asked | {"problem": refusal.message}


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5):  # noqa: PLR2004 - as many days as the clerk takes
        raise Refusal(400, "Days must be a whole number; leave them empty for all time.")
    return int(text)


async def _named(visit: Visit) -> Dataset:
    """The data set that the address names. Refusal 404 where there is none, 403 where it isn't the visitor's."""
    name, ownership = visit.request.path_params["name"], visit.gateway.ownership
    if visit.decides:
        await asyncio.to_thread(ownership.check, visit.account.user_id, name)
    return visit.gateway.catalog.named(name, retired=True)


async def _budget(visit: Visit, name: str) -> dict[str, Any]:
    return next(each for each in await visit.gateway.budgets.overview() if each["dataset"] == name)


def _caps(budget: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The caps in force: those that owners set, and the metadata's where none was."""
    taken = {(cap["kind"], cap["who"], cap["seconds"]) for cap in budget["caps"]}
    for name, kind in (("everyone", "everyone"), ("per_analyst", "analyst"), ("per_call", "call")):
        declared = budget["declared"].get(name)
        if declared and (kind, "", 0) not in taken:
            yield {"kind": kind, "who": "", "seconds": 0, "by": "metadata", **declared}
    for cap in budget["caps"]:
        yield {**cap, "by": "owner"}
