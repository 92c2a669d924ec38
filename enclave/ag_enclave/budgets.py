"""Budgets as owners see them: what the metadata declares, what owners have set since, what was spent; and what a raise leads to.

Knows catalogue and clerk; sets nothing itself but through the clerk, whose log has every change with its reason.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ag_enclave.catalog import Catalog, Dataset
from ag_enclave.clerk import Clerk


class Budgets:
    """Reads and raises."""

    def __init__(self, catalog: Catalog, clerk: Clerk) -> None:
        self._catalog = catalog
        self._clerk = clerk

    async def overview(self) -> list[dict[str, Any]]:
        """Per data set: its account, the metadata's caps, those set since, and what was spent from the account, by analyst and by everyone."""
        caps, totals = await self._clerk.caps(), await self._clerk.totals()
        return [self._shown(dataset, caps, totals) for dataset in self._catalog.everything()]

    async def raised(self, dataset: str, analyst: str, more: str) -> tuple[str, str]:
        """The ε and δ of an analyst's cap over all time once it is raised by so much. Refusal 404 where there is no such data set."""
        known = self._catalog.named(dataset)
        epsilon, delta = analyst_cap(known, analyst, await self._clerk.caps(known.name))
        return decimal(Fraction(epsilon) + Fraction(more)), delta

    def _shown(
        self, dataset: Dataset, caps: Sequence[Mapping[str, Any]], totals: Sequence[Mapping[str, Any]]
    ) -> dict[str, Any]:
        mine = [
            {name: value for name, value in cap.items() if name != "dataset"}
            for cap in caps
            if cap["dataset"] == dataset.name
        ]
        spent = [
            {name: value for name, value in each.items() if name != "account"}
            for each in totals
            if each["account"] == dataset.account
        ]
        return {
            "dataset": dataset.name,
            "account": dataset.account,
            "declared": dataset.budget,
            "caps": mine,
            "spent": spent,
        }


def analyst_cap(dataset: Dataset, analyst: str, caps: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """An analyst's ε and δ over all time: the cap that names them, else the one for each, else the metadata's.

    A lifted bound counts as nothing: whoever raises it sets a bound again.
    """
    found = {cap["who"]: cap for cap in caps if cap["kind"] == "analyst" and not cap["seconds"]}
    cap = found.get(analyst) or found.get("") or dataset.budget.get("per_analyst", {})
    declared = dataset.budget.get("everyone", {}).get("delta", "0")
    return str(cap.get("epsilon") or "0"), str(cap.get("delta") or declared)


def decimal(value: Fraction) -> str:
    """As decimal text; only numbers that have one come here."""
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
