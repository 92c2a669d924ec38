"""Analysts: what each has spent of which data set, and under which cap."""

from collections.abc import Iterator
from typing import Any

from starlette.responses import Response

from ag_enclave.budgets import analyst_cap
from ag_enclave.catalog import Dataset
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


def _rows(dataset: Dataset, budget: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of one data set: whoever is named in its books."""
    spent = {each["who"]: each for each in budget["spent"] if each["who"] and (each["epsilon"] or each["unanswered"])}
    named = {cap["who"] for cap in budget["caps"] if cap["kind"] == "analyst" and cap["who"]}
    for who in spent.keys() | named:
        windows = [cap for cap in budget["caps"] if cap["kind"] == "analyst" and cap["seconds"]]
        yield {
            "who": who,
            "dataset": dataset.name,
            "spent": float(spent[who]["epsilon"]) if who in spent else 0.0,
            "lost": int(spent[who]["unanswered"]) if who in spent else 0,
            "cap": _cap(dataset, who, budget),
            "windows": [cap for cap in windows if cap["who"] in ("", who)],
        }


def _cap(dataset: Dataset, who: str, budget: dict[str, Any]) -> float | None:
    """The cap over all time; None where its owner has lifted it."""
    lasting = {cap["who"]: cap for cap in budget["caps"] if cap["kind"] == "analyst" and not cap["seconds"]}
    found = lasting.get(who) or lasting.get("")
    if found is not None and found["epsilon"] is None:
        return None
    return float(analyst_cap(dataset, who, budget["caps"])[0])
