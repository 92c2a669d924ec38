"""Requests for budget: what an analyst asked, and an owner's decision. Must not know how they travel."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any
from urllib.parse import quote

from antigranular.errors import AgError, WireError
from antigranular.listing import Listing, minute
from antigranular.rest import Enclave

PATH = "/ag/v1/requests"
_HEADERS = ("analyst", "data set", "ε asked", "reason", "asked", "state", "ε given", "answer")
_LARGEST = 10**6


class BudgetRequest:
    """One request. Owners ``accept`` or ``deny`` it, its analyst may ``withdraw`` it; what is decided stays decided, and repeating it changes nothing.

    ``id`` · ``analyst`` · ``dataset`` · ``eps`` and ``granted`` (decimal text, how much more) · ``reason`` · ``state`` (open, accepted, denied,
    withdrawn) · ``answer`` (the owner's words) · ``decided_by``.
    """

    def __init__(self, enclave: Enclave, facts: Mapping[str, Any]) -> None:
        self._enclave = enclave
        self._read(facts)

    def accept(self, eps: Any = None, reason: str = "") -> "BudgetRequest":
        """Raise the analyst's cap by what was asked for, or by ``eps``. Raises RequestRefused where it was decided otherwise."""
        body = {"reason": reason} if eps is None else {"epsilon": exact(eps), "reason": reason}
        return self._step("accept", body)

    def deny(self, reason: str) -> "BudgetRequest":
        """Say no, and why; the analyst reads it."""
        return self._step("deny", {"reason": reason})

    def withdraw(self) -> "BudgetRequest":
        """No longer ask."""
        return self._step("withdraw", {})

    def cells(self) -> tuple[str, ...]:
        """As a row of a table."""
        asked = minute(self.asked_at)
        return (self.analyst, self.dataset, self.eps, self.reason, asked, self.state, self.granted, self.answer)

    def __repr__(self) -> str:
        return f"<{self.state} request of {self.analyst} for ε {self.eps} on {self.dataset!r}: {self.reason}>"

    def _step(self, step: str, body: Mapping[str, Any]) -> "BudgetRequest":
        self._read(self._enclave.ask("POST", f"{PATH}/{quote(self.id, safe='')}/{step}", body))
        return self

    def _read(self, facts: Any) -> None:
        try:
            self.id: str = str(facts["request_id"])
            self.analyst: str = str(facts["analyst"])
            self.dataset: str = str(facts["dataset"])
            self.eps: str = str(facts["epsilon"])
            self.reason: str = str(facts["reason"])
            self.asked_at: str = str(facts["asked_at"])
            self.state: str = str(facts["state"])
            self.granted: str = str(facts["granted"])
            self.answer: str = str(facts["answer"])
            self.decided_by: str = str(facts["decided_by"])
        except (KeyError, TypeError):
            raise WireError("the enclave sent a request that can't be read") from None


def ask_for_budget(enclave: Enclave, dataset: str, eps: Any, reason: str) -> BudgetRequest:
    """A new request of this analyst, or the open one that says the same. Raises RequestRefused where there are too many."""
    body = {"dataset": dataset, "epsilon": exact(eps), "reason": reason}
    return BudgetRequest(enclave, enclave.ask("POST", PATH, body))


def requests_of(enclave: Enclave, query: str = "") -> Listing[BudgetRequest]:
    """The requests that one may see, the newest first."""
    return listed([BudgetRequest(enclave, facts) for facts in enclave.rows(PATH + query)])


def listed(found: Sequence[BudgetRequest]) -> Listing[BudgetRequest]:
    """As a table."""
    return Listing(found, _HEADERS, BudgetRequest.cells, "Requests for budget")


def news(enclave: Enclave) -> list[str]:
    """A sentence for each decision that this analyst hasn't seen yet; from now on they have."""
    fresh = requests_of(enclave, "?unseen=1")
    if fresh:
        enclave.ask("POST", f"{PATH}/seen", {"requests": [each.id for each in fresh]})
    return [sentence(each) for each in fresh]


def sentence(request: BudgetRequest) -> str:
    """A decision, as its analyst is told."""
    what = f"Your request for ε {request.eps} more on {request.dataset} was {request.state}"
    given = f" with ε {request.granted}" if request.state == "accepted" and request.granted != request.eps else ""
    return f"{what}{given}{': ' + request.answer if request.answer else '.'}"


def exact(eps: Any) -> str:
    """An ε as decimal text without loss. Raises AgError for what is no positive decimal number."""
    try:
        number = Decimal(eps.numerator) / eps.denominator if isinstance(eps, Fraction) else Decimal(str(eps))
    except (InvalidOperation, ValueError, ZeroDivisionError):
        number = Decimal("NaN")
    if isinstance(eps, bool) or not number.is_finite() or not 0 < number < _LARGEST:
        raise AgError(f"eps is a number above 0, and not {eps!r}")
    return f"{number:f}"
