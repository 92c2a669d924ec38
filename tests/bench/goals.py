"""What the figures are to be, and what they were in this run: one table at the end. Knows no contestant.

Goals are for a machine with nothing else to do; ratios hold on a busy one, too.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """At most ``most`` of ``unit``."""

    most: float
    unit: str


HISTORY: Final = (1, 50, 200)
READY, JUDGES = "session ready after the token, median", "policy and types of a cell, median"
MEMORY = "unique memory of a session, five pandas cells and half a minute later"
CROWD = "p99 among 100 sessions, 20 busy, to one session's median"
INTERRUPT, FLAT = "interrupt to idle, the slowest", "no-op cell after 200 of history to one after 1"
EXPORT = "100 MiB exported, to jupyter_kernel_gateway's time for them"
TRIP, NEW_TRIP = "plan round trip, schema asked before, best", "plan round trip, schema of a new filter, best"


def no_op(cells: int, peer: str) -> str:
    """The row of a no-op cell beside a peer's."""
    return f"no-op cell after {cells} of history to {peer}'s"


LOCAL, GATEWAY, POLLING = "a local ipykernel", "jupyter_kernel_gateway", "a polling client"
GOALS: Final[dict[str, Goal]] = {
    **{no_op(cells, LOCAL): Goal(most=1.5, unit="x") for cells in HISTORY},
    **{no_op(cells, GATEWAY): Goal(most=1.0, unit="x") for cells in HISTORY},
    no_op(HISTORY[-1], POLLING): Goal(most=1.0, unit="x"),
    FLAT: Goal(most=1.2, unit="x"),
    JUDGES: Goal(most=10, unit="ms"),
    READY: Goal(most=100, unit="ms"),
    MEMORY: Goal(most=25, unit="MB"),
    CROWD: Goal(most=5, unit="x"),
    EXPORT: Goal(most=2, unit="x"),
    INTERRUPT: Goal(most=200, unit="ms"),
    TRIP: Goal(most=100, unit="µs"),
    NEW_TRIP: Goal(most=100, unit="µs"),
}
"""The round trip that is meant is the way of a question and its answer. Of a filter that was never asked about, the vault also checks the plan and
works out its columns and ranges, once; that stands beside it, under the same goal."""

_measured: dict[str, float] = {}
_beside: dict[str, str] = {}


def note(name: str, value: float, *, beside: str = "") -> None:
    """Keep a figure, in its goal's unit, and a word that stands at its row's end. KeyError where nothing is wanted of it."""
    if name not in GOALS:
        raise KeyError(name)
    _measured[name] = value
    _beside[name] = beside


def table() -> str:
    """Every figure beside its goal; those that this run didn't measure say so."""
    width = max(map(len, GOALS))
    rows = [f"  {'figure':<{width}}  {'measured':>12}  {'wanted':>14}"]
    for name, goal in GOALS.items():
        value = _measured.get(name)
        shown = "not measured" if value is None else f"{value:.2f} {goal.unit}"
        words = ["missed"] if value is not None and value > goal.most else []
        words += filter(None, [_beside.get(name)])
        rows.append(
            "  ".join([f"  {name:<{width}}", f"{shown:>12}", f"{f'at most {goal.most:g} {goal.unit}':>14}", *words])
        )
    return "\n".join(["what a session and a cell cost beside what is wanted", *rows])
