"""Budgets: an owner's caps with what was spent, and an analyst's own account. Must not know how they travel."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from antigranular.budget_requests import exact
from antigranular.errors import AgError
from antigranular.listing import Listing
from antigranular.reading import reading
from antigranular.rest import Enclave

PATH = "/ag/v1/budgets"
_HEADERS = ("data set", "cap of", "over", "ε", "δ", "set by", "ε spent")
_KINDS = {"everyone": "everyone together", "per_analyst": "each analyst", "per_call": "a call"}
_DAY = 86_400


class Cap:
    """One cap as it is in force or declared. ``who``: of whom; ``seconds``: of its window, 0 over all time; ``eps`` None: no bound over all time."""

    def __init__(self, dataset: str, who: str, facts: Mapping[str, Any], *, by: str, spent: str = "") -> None:
        self.dataset = dataset
        self.who = who
        self.seconds = int(facts.get("seconds", 0))
        self.eps: str | None = None if facts.get("epsilon") is None else str(facts["epsilon"])
        self.delta = str(facts.get("delta", ""))
        self.by = by
        self.spent = spent

    def cells(self) -> tuple[str, ...]:
        """As a row of a table."""
        span = f"any {self.seconds / _DAY:g} days, again and again" if self.seconds else "all time"
        return (self.dataset, self.who, span, self.eps or "–", self.delta, self.by, self.spent)


class Budgets:
    """The caps of every data set, as a table; ``set`` changes one."""

    def __init__(self, enclave: Enclave) -> None:
        self._enclave = enclave

    def caps(self) -> Listing[Cap]:
        """Declared caps, and those that owners have set since, which go before them."""
        rows = self._enclave.rows(PATH)
        with reading("answer about budgets"):
            found = [cap for each in rows for cap in _caps(each)]
        return Listing(found, _HEADERS, Cap.cells, "Budgets")

    @reading("answer about budgets")
    def spent(self, dataset: str) -> dict[str, float]:
        """What was spent on a data set, by analyst, as the ε that it amounts to at the data set's δ; "" is everyone together."""
        return {str(row["who"]): _amount(row) for row in self._spent(dataset)}

    @reading("answer about budgets")
    def lost(self, dataset: str) -> dict[str, int]:
        """How many answers on a data set each analyst was charged for and didn't get: those just being made, and those that were lost.

        Many may be somebody who tries what that shows of rows; beyond a number that the operator sets, there are no others.
        """
        return {str(row["who"]): int(row["unanswered"]) for row in self._spent(dataset) if row.get("unanswered")}

    def allows(self, dataset: str, eps: Any, *, rows: int = 1000) -> Listing[dict[str, Any]]:
        """What a cap of so much ε would allow, at the data set's δ: how many means of a column at which ε each, and how exact each over so many rows.

        Computed from public formulae; nothing is spent, and no row is read. The error is the 95 % half-width where a unit is a row.
        """
        query = urlencode({"epsilon": exact(eps), "rows": rows})
        answer = self._enclave.rows(f"{PATH}/{quote(dataset, safe='')}/outlook?{query}")
        about = f"A cap of ε {eps} on {dataset}: means over {rows:,} rows"
        return Listing(answer, ("ε per mean", "how many means", "error, of the width between bounds"), _allowed, about)

    def set(
        self,
        dataset: str,
        eps: Any,
        *,
        reason: str,
        analyst: str | None = None,
        of: str = "",
        delta: Any = None,
        days: float | None = None,
    ) -> None:
        """Put a cap in force, for all sessions from their next question on; the log has it with its reason.

        ``analyst``: of this one over all their sessions; else ``of`` "everyone" (together), "analyst" (each) or "call". ``days``: spent within any
        span of so many, which a refresh over time makes of a budget: what is learnt adds up all the same. ``eps`` 0 closes the tap.
        ``eps`` None lifts the bound over all time, where a window of the same kind bounds spending.
        """
        place = self._place(analyst, of, days)
        # Nothing below: a cap of nothing is how an owner closes the tap.
        amount = {"lift": True} if eps is None else {"epsilon": "0" if eps == 0 and eps is not False else exact(eps)}
        rest = {} if delta is None else {"delta": str(delta)}
        self._enclave.ask("PUT", f"{PATH}/{quote(dataset, safe='')}", {**place, **amount, **rest, "reason": reason})

    def unset(
        self, dataset: str, *, reason: str, analyst: str | None = None, of: str = "", days: float | None = None
    ) -> None:
        """Take back what ``set`` did: the data set's declared cap is in force again, or the window ends."""
        place = self._place(analyst, of, days)
        self._enclave.ask("PUT", f"{PATH}/{quote(dataset, safe='')}", {**place, "drop": True, "reason": reason})

    def _spent(self, dataset: str) -> list[Mapping[str, Any]]:
        found = [each for each in self._enclave.rows(PATH) if each.get("dataset") == dataset]
        return [row for each in found for row in each["spent"]]

    def __repr__(self) -> str:
        return repr(self.caps())

    def _repr_html_(self) -> str:
        return self.caps()._repr_html_()

    @staticmethod
    def _place(analyst: str | None, of: str, days: float | None) -> dict[str, Any]:
        kind = "analyst" if analyst is not None else of
        if kind not in ("everyone", "analyst", "call"):
            raise AgError('name analyst=, or of="everyone", of="analyst" (each) or of="call"')
        return {"kind": kind, "who": analyst or "", "seconds": round((days or 0) * _DAY)}


def _caps(each: Mapping[str, Any]) -> Sequence[Cap]:
    name = str(each["dataset"])
    spent = {str(row["who"]): f"{_amount(row):.4g}" for row in each["spent"]}
    declared = [
        Cap(name, _KINDS[kind], facts, by="metadata", spent=spent.get("", "0") if kind == "everyone" else "")
        for kind, facts in each["declared"].items()
        if kind in _KINDS
    ]
    since = [
        Cap(name, _whose(facts), facts, by="an owner", spent=spent.get(facts["who"], "0") if facts["who"] else "")
        for facts in each["caps"]
    ]
    return [*declared, *since]


def _amount(row: Mapping[str, Any]) -> float:
    """What a row's sums amount to as ε; infinite where that has no end."""
    return math.inf if row["amount"] is None else float(row["amount"])


def _whose(facts: Mapping[str, Any]) -> str:
    if facts["kind"] == "analyst":
        return str(facts["who"]) or "each analyst"
    return "everyone together" if facts["kind"] == "everyone" else "a call"


def _allowed(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (str(row["epsilon"]), f"{row['calls']:,}", f"± {float(row['half_width']):.2%}")
