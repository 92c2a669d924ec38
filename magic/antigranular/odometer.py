"""What was spent and what is left, in the shape that notebooks rely on. Must not know how it was asked for."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from antigranular import table
from antigranular.errors import WireError
from antigranular.exact import approximate

_HEADERS = ("data set", "spent", "ε spent", "ε left", "δ spent", "δ left", "ε per call")
_ABOVE = table.heading("Privacy budget", "yours, over all sessions")
_NUMBERS = range(2, len(_HEADERS))


class Odometer(dict[str, Any]):
    """A dictionary, and a small table where it is displayed.

    ``total_epsilon_used``, ``total_delta_used`` · ``library_costs`` {library: {"eps", "delta"}} · ``dataset_costs``
    {data set: {"eps", "delta"}} · ``remaining`` {data set: {"eps", "delta", "eps_per_call", "windows"}}, with every bound on a span of time
    as ``whose``, ``span``, ``cap``, ``eps`` that is left and when it ``refreshes``. Numbers are floats; what is spent counts all of the analyst's sessions.
    """

    @classmethod
    def from_balances(cls, answer: Mapping[str, Any]) -> "Odometer":
        """Of the enclave's answer. Raises WireError where it is not one."""
        try:
            balances = [dict(balance) for balance in answer["balances"]]
            return cls(_costs(balances))
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as problem:
            raise WireError(f"the enclave's odometer can't be read: {problem!r}") from None

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("Odometer(…)" if cycle else str(self))

    def __str__(self) -> str:
        return f"{_ABOVE.text}\n{table.as_text(_HEADERS, self._rows(), right=_NUMBERS)}"

    def _repr_html_(self) -> str:
        return table.as_html(_HEADERS, self._rows(), above=_ABOVE.html, right=_NUMBERS)

    def _rows(self) -> list[table.Row]:
        rows: list[table.Row] = []
        for name, spent in self["dataset_costs"].items():
            left = self["remaining"][name]
            numbers = (spent["eps"], left["eps"], spent["delta"], left["delta"], left["eps_per_call"])
            shown = ("–" if number is None else f"{number:.4g}" for number in numbers)
            rows.append((name, _spent(spent["eps"], left["eps"]), *shown))
            rows += [_window_row(each) for each in left["windows"]]
        return rows


def _window_row(window: Mapping[str, Any]) -> table.Row:
    """A further bound, under the data set's own row."""
    whose = "everyone's" if window["whose"] == "everyone" else "yours"
    spent = window["cap"] - window["eps"]
    again = f"from {window['refreshes'][5:16]} UTC" if window["refreshes"] and not window["eps"] else "–"
    name = f"  {whose}, {window['span']}"
    return name, _spent(spent, window["eps"]), f"{spent:.4g}", f"{window['eps']:.4g}", "–", "–", again


def _spent(spent: float, left: float) -> table.Cell:
    """How much of the budget is gone; nothing where it has no end."""
    whole = spent + left
    return table.bar(spent / whole) if whole > 0 and math.isfinite(whole) else "–"


def _costs(balances: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "total_epsilon_used": sum(approximate(each["epsilon_spent"]) for each in balances),
        "total_delta_used": sum(approximate(each["delta_spent"]) for each in balances),
        "library_costs": _library_costs(balances),
        "dataset_costs": {
            str(each["dataset"]): {"eps": approximate(each["epsilon_spent"]), "delta": approximate(each["delta_spent"])}
            for each in balances
        },
        "remaining": {
            str(each["dataset"]): {
                "eps": approximate(each["epsilon_left"]),
                "delta": approximate(each["delta_left"]),
                "eps_per_call": None if each.get("epsilon_per_call") is None else approximate(each["epsilon_per_call"]),
                "windows": [_window(window) for window in each.get("windows") or ()],
            }
            for each in balances
        },
    }


def _window(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "whose": str(given["whose"]),
        "span": str(given["span"]),
        "cap": approximate(given["epsilon"]),
        "eps": approximate(given["epsilon_left"]),
        "refreshes": str(given["refreshes"]),
    }


def _library_costs(balances: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Summed over the data sets; a library's cost is a number of ε, or an object with ε and δ."""
    costs: dict[str, dict[str, float]] = {}
    for balance in balances:
        for library, cost in (balance.get("libraries") or {}).items():
            both = cost if isinstance(cost, Mapping) else {"epsilon": cost}
            total = costs.setdefault(str(library), {"eps": 0.0, "delta": 0.0})
            total["eps"] += approximate(both.get("epsilon", both.get("eps", 0)))
            total["delta"] += approximate(both.get("delta", 0))
    return costs
