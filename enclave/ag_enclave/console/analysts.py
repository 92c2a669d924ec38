"""Analysts: what each has spent of which data set, and under which cap."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

from ag_enclave.budgets import analyst_cap
from ag_enclave.catalog import Dataset
from ag_enclave.console.overview import spent_by
from ag_enclave.console.page import page, part
from ag_enclave.console.visit import Visit

PATH = "/console/analysts"


async def show(visit: Visit) -> Response:
    """Everybody who has spent something or has a cap of their own, by name."""
    described = {each.name: each for each in visit.gateway.catalog.everything(retired=True)}
    rows = [
        row
        for budget in await visit.gateway.budgets.overview(await visit.held())
        if budget["dataset"] in described
        for row in _rows(described[budget["dataset"]], budget)
    ]
    people: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["who"], row["dataset"])):
        people.setdefault(row["who"], []).append(row)
    shown, before, after = part(visit, PATH, list(people.items()))
    most_lost = visit.gateway.config.vault.lost_answers
    return page(visit, "analysts.html", people=dict(shown), most_lost=most_lost, before=before, after=after)


def used_by(dataset: Dataset, who: str, budget: Mapping[str, Any]) -> tuple[float, float | None]:
    """What an analyst has spent of a data set, and the cap over all time; None where its owner has lifted it."""
    return spent_by(budget, who), _cap(dataset, who, budget)


def _rows(dataset: Dataset, budget: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Of one data set: whoever is named in its books."""
    lost = {each["who"]: int(each["unanswered"]) for each in budget["spent"] if each["who"]}
    spenders = {each["who"] for each in budget["spent"] if each["who"] and (each["amount"] != 0 or each["unanswered"])}
    named = {cap["who"] for cap in budget["caps"] if cap["kind"] == "analyst" and cap["who"]}
    windows = [cap for cap in budget["caps"] if cap["kind"] == "analyst" and cap["seconds"]]
    for who in spenders | named:
        spent, cap = used_by(dataset, who, budget)
        yield {
            "who": who,
            "dataset": dataset.name,
            "spent": spent,
            "lost": lost.get(who, 0),
            "cap": cap,
            "windows": [cap for cap in windows if cap["who"] in ("", who)],
        }


def _cap(dataset: Dataset, who: str, budget: Mapping[str, Any]) -> float | None:
    lasting = {cap["who"]: cap for cap in budget["caps"] if cap["kind"] == "analyst" and not cap["seconds"]}
    found = lasting.get(who) or lasting.get("")
    if found is not None and found["epsilon"] is None:
        return None
    return float(analyst_cap(dataset, who, budget["caps"])[0])
