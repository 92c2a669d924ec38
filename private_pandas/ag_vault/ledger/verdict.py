"""Why a charge can't be made: which cap stands in the way, what it leaves, and when a window gives again. Knows caps and sums, no database.

What it says follows from caps and from what was charged, never from a row.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from ag_vault.account import Cap, Event, Totals, admits, spent, totals_of
from ag_vault.errors import Refusal

_SPANS = (86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")
_OWNERS = {"everyone": "the one of everyone together", "analyst": "your own", "session": "this session's"}


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What was charged so far under one cap: of all time, or of the window of so many ``seconds`` that ends now.

    ``oldest``: when the first charge of the window was made, in nanoseconds since 1970; with it the window begins to give again.
    """

    kind: Literal["everyone", "analyst", "session"]
    cap: Cap
    totals: Totals
    seconds: int = 0
    oldest: int = 0

    @property
    def refreshes(self) -> str:
        """When a window's first charge leaves it, in UTC; empty where nothing does."""
        if not (self.seconds and self.oldest):
            return ""
        at = self.oldest // 10**9 + self.seconds + 1
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

    @property
    def words(self) -> str:
        """The cap as its analyst knows it."""
        span = f"within {lasting(self.seconds)}" if self.seconds else "over all time"
        return f"{_OWNERS[self.kind]}, of eps {float(self.cap.epsilon):g} {span}"


def refusal(call: Cap, held: Sequence[Held], event: Event, cost: Totals) -> Refusal | None:
    """Why the event, which comes to ``cost``, can't be charged beside what is held; None where it can."""
    # What a call may ask for is its ε as asked, however little it would be by the other accountant.
    if not admits(call, cost) or (event.epsilon is not None and event.epsilon > call.epsilon):
        return _over_call(call, event)
    if not all(admits(each.cap, each.totals + cost) for each in held):
        return _over_balance(held, event)
    return None


def lasting(seconds: int) -> str:
    """A span in the largest unit that it is a whole number of."""
    size, unit = next((size, unit) for size, unit in _SPANS if seconds % size == 0)
    count = seconds // size
    return f"{count} {unit}s" if count != 1 else f"a{'n' if unit == 'hour' else ''} {unit}"


def _over_balance(held: Sequence[Held], event: Event) -> Refusal:
    left = [spent(each.cap, each.totals) for each in held]
    epsilon, delta = min(each.epsilon_left for each in left), min(each.delta_left for each in left)
    closed = [each for each in held if not admits(each.cap, each.totals + totals_of(event))]
    less = _less(event, min(delta, *(float(each.cap.delta) for each in held))) + ", or a" if epsilon else "A"
    waits = max((each.refreshes for each in closed), default="") if all(each.seconds for each in closed) else ""
    return Refusal(
        code="budget",
        why="Maximum delta or epsilon exceeded. "
        f"Your current balance left is eps : {round(epsilon, 9)} and delta : {delta:g}",
        instead=f"{less}sk the owner for more budget with session.request_budget(eps=…, reason=…). "
        f"The cap in the way is {' and '.join(each.words for each in closed)}."
        + (f" It begins to give again at {waits}." if waits else ""),
    )


def _over_call(cap: Cap, event: Event) -> Refusal:
    return Refusal(
        code="budget",
        why="Maximum delta or epsilon exceeded per query. "
        f"Per query limits are eps : {float(cap.epsilon):g} and delta : {float(cap.delta):g}",
        instead=("Ask with a smaller delta" if _own_delta_is_over(cap, event) else _less(event, float(cap.delta)))
        + ".",
    )


def _own_delta_is_over(cap: Cap, event: Event) -> bool:
    """Whether the δ that a call brings by itself is more than it may have, whatever its ε."""
    return totals_of(event).delta > cap.event_delta


def _less(event: Event, delta: float) -> str:
    """What to ask with instead."""
    if event.epsilon is not None:
        return "Ask with a smaller eps"
    return "Ask with a smaller rho" if delta > 0 else "Ask with eps, as rho needs a delta"
