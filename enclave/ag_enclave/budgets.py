"""Budgets as owners see them: what the metadata declares, what owners have set since, what was spent; and what a raise leads to.

Knows catalogue and clerk; sets nothing itself but through the clerk, whose log has every change with its reason.
"""

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

import msgspec

from ag_enclave.catalog import Catalog, Dataset
from ag_enclave.clerk import Clerk
from ag_enclave.errors import Refusal
from ag_enclave.ownership import Ownership
from ag_enclave.turn import Turn

PATTERN = r"^[0-9]{1,6}(\.[0-9]{1,12})?([eE]-[0-9]{1,2})?\Z"
ROWS = 1000
"""Over how many rows an outlook is given, unless somebody says."""
_NUMBER = re.compile(PATTERN, re.ASCII)
_COMPARED = ("0.01", "0.05", "0.1", "0.5", "1", "5")
"""ε per call that an owner sees side by side."""
Number = Annotated[str, msgspec.Meta(pattern=PATTERN)]


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """A cap that an owner sets: of everyone together, of one analyst or each (``who`` empty), or per call; over all time or within ``seconds``.

    ``epsilon`` null: no bound over all time, where a window bounds the same; ``drop``: the metadata's cap is in force again, or the window ends.
    """

    kind: Literal["everyone", "analyst", "call"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    epsilon: Number | None = None
    delta: Number | None = None
    who: Annotated[str, msgspec.Meta(max_length=80)] = ""
    seconds: Annotated[int, msgspec.Meta(ge=0)] = 0
    lift: bool = False
    drop: bool = False


class Budgets:
    """Reads and raises, of data sets and of competitions' labels (``shelf``), for owners where there is an ``ownership``. ``turn`` is held by whoever reads a cap to set it anew."""

    def __init__(
        self, catalog: Catalog, clerk: Clerk, shelf: Catalog, *, turn: Turn, ownership: Ownership | None = None
    ) -> None:
        self._catalog = catalog
        self._clerk = clerk
        self._shelf = shelf
        self._ownership = ownership
        self.turn = turn

    def named(self, name: str, *, retired: bool = False) -> Dataset:
        """The data set, or the labels, of this name. Refusal 404 where there are none; labels are named to nobody who doesn't know them."""
        labels = next((each for each in self._shelf.everything() if each.name == name), None)
        return labels or self._catalog.named(name, retired=retired)

    async def overview(self, held: Collection[str] | None = None) -> list[dict[str, Any]]:
        """Per data set (of these names; None: of all): its account, the metadata's caps, those set since, and what was spent from the account, by analyst and by everyone.

        Of what was spent, ``amount`` is the ε that it amounts to at the data set's δ, whatever it was charged in (None: without end); ``epsilon``, ``rho``
        and ``delta`` are plain sums.
        """
        caps, totals = await self._clerk.caps(), await self._clerk.totals()
        found = [
            self._shown(dataset, caps, totals)
            for dataset in (*self._catalog.everything(retired=True), *self._shelf.everything())
            if held is None or dataset.name in held
        ]
        for each, amounts in zip(found, await self._clerk.amounts([_terms(each) for each in found]), strict=True):
            for row in each["spent"]:
                row["amount"] = amounts.get(row["who"], 0.0)
        return found

    async def course(self, budgets: Sequence[Mapping[str, Any]], *, since: int) -> list[dict[str, Any]]:
        """Of each of an overview's, what everyone has spent by the end of each day since, and before, as ε at the data set's δ."""
        return await self._clerk.course([_terms(each) for each in budgets], since=since)

    async def raised(self, dataset: str, analyst: str, more: str) -> tuple[str, str]:
        """The ε and δ of an analyst's cap over all time once it is raised by so much. Refusal 404 where there is no such data set."""
        known = self.named(dataset, retired=True)
        epsilon, delta = analyst_cap(known, analyst, await self._clerk.caps(known.name))
        return decimal(Fraction(epsilon) + Fraction(more)), delta

    async def change(self, by: str, name: str, wanted: Change, *, holder: str = "") -> dict[str, Any]:
        """Put a cap in force, or take one back; the budget as it is then. Refusal 400 or 404 with one sentence where that can't be.

        Refusal 403 where it isn't its ``holder``'s any more by the time of the change; none for the command line.
        """
        check_words(wanted.reason)
        if (wanted.epsilon is not None) + wanted.lift + wanted.drop != 1:
            raise Refusal(400, "Exactly one of epsilon, lift and drop is needed.")
        dataset = self.named(name, retired=True)
        place: dict[str, Any] = {"kind": wanted.kind, "who": wanted.who, "seconds": wanted.seconds}
        place |= {"actor": by, "dataset": dataset.name, "reason": wanted.reason}
        async with self.turn:
            if holder and self._ownership is not None:
                await asyncio.to_thread(self._ownership.check, holder, dataset.name)
            if wanted.drop:
                await self._clerk.drop_cap(**place)
            else:
                delta = wanted.delta or dataset.budget.get("everyone", {}).get("delta", "0")
                await self._clerk.set_cap(epsilon=wanted.epsilon, delta=delta, **place)
        return next(each for each in await self.overview() if each["dataset"] == dataset.name)

    async def outlook(self, name: str, epsilon: str, *, delta: str = "", rows: int = ROWS) -> list[dict[str, Any]]:
        """What a cap of (ε, δ) would allow; without δ the data set's. Refusal 404 where there is none, 400 for what are no numbers."""
        dataset = self._catalog.named(name)
        whole = delta or dataset.budget.get("everyone", {}).get("delta", "0")
        if not _NUMBER.fullmatch(epsilon) or not _NUMBER.fullmatch(whole):
            raise Refusal(400, "epsilon and delta must be decimal numbers.")
        return await self._clerk.allows(epsilon=epsilon, delta=whole, rows=rows, each=_COMPARED)

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


def _terms(budget: Mapping[str, Any]) -> dict[str, str]:
    """Under which cap its sums are shown as ε: everyone's in force, or the metadata's where that is closed or lifted."""
    declared = budget["declared"].get("everyone", {})
    set_since = [each for each in budget["caps"] if each["kind"] == "everyone" and not each["seconds"]]
    cap = next((each for each in set_since if each["epsilon"] and Fraction(each["epsilon"])), declared)
    return {
        "account": str(budget["account"]),
        "epsilon": str(cap.get("epsilon", "0")),
        "delta": str(cap.get("delta", "0")),
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


def check_words(text: str) -> None:
    """Words that people read in terminals, mails and pages: one line, nothing that steers what shows it."""
    if not text.isprintable():
        raise Refusal(400, "reason must be one line of printable characters.")
