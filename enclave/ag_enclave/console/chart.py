"""Spending over time as a drawing (SVG) made on the server: steps that only rise, and the cap above them. Knows numbers, days and escaping."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

WIDTH, HEIGHT = 720, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 14, 26
_NANO = 10**9
DAYS = 30
_NEAR = 4
"""The cap is drawn once a quarter of it is spent; before, what was spent would be a line on the ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What was spent by the end of each day, oldest first, as ε; ``cap``: the most there may be, None for no bound."""

    days: tuple[datetime, ...]
    sums: tuple[float, ...]
    cap: float | None


def spending_of(course: Mapping[str, Any], *, now: datetime, cap: float | None) -> Spending:
    """From the clerk's ``before`` and ``days``: a day without charges ends as the one before it did. What has no end is drawn as it last was."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = tuple(today - timedelta(days=back) for back in reversed(range(DAYS)))
    known = {datetime.fromtimestamp(at / _NANO, tz=UTC).date(): amount for at, amount in course["days"]}
    sums, total = [], course["before"] or 0.0
    for day in days:
        total = known.get(day.date()) or total
        sums.append(total)
    return Spending(days=days, sums=tuple(sums), cap=cap)


def drawing(spending: Spending, title: str) -> Markup:
    """The drawing; read aloud, its title says the same in words. Empty where nothing was ever spent."""
    spent = spending.sums[-1]
    if not spent:
        return Markup("")
    near = spending.cap is not None and spent > spending.cap / _NEAR
    top = _round(max(spent, spending.cap or 0.0) if near else spent * 1.1)
    words = f"{title}: ε {spent:.4g} spent by today"
    words += f", of at most {spending.cap:.4g}" if spending.cap is not None else ""
    parts = [*_grid(top), *_days(spending.days), _area(spending, top), *(_ceiling(spending, top) if near else [])]
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}</svg>').format(
        WIDTH, HEIGHT, words, words, Markup("").join(parts)
    )


def _round(top: float) -> float:
    """The least number at least this that people halve in their heads: 1, 2, 3, 4, 5, 6, 8 or 10 of some power of ten."""
    power = 10.0 ** math.floor(math.log10(top))
    return next(whole * power for whole in (1, 2, 3, 4, 5, 6, 8, 10, 20) if whole * power >= top * (1 - 1e-9))


def _x(index: int, count: int) -> float:
    return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * index / max(1, count), 1)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * min(1.0, value / top), 1)


def _grid(top: float) -> list[Markup]:
    row = Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="tick" x="{}" y="{}" text-anchor="end">{}</text>'
    )
    heights = [(part, _y(top * part, top)) for part in (0.0, 0.5, 1.0)]
    return [row.format(_LEFT, WIDTH - _RIGHT, y, y, _LEFT - 8, y + 4, f"{top * part:.3g}") for part, y in heights]


def _days(days: Sequence[datetime]) -> list[Markup]:
    text = Markup('<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>')
    shown = range(3, len(days), 7)
    return [text.format(_x(index, len(days)), HEIGHT - 8, f"{days[index]:%d %b}") for index in shown]


def _area(spending: Spending, top: float) -> Markup:
    """A stair from the left edge to today."""
    count, at = len(spending.sums), _y(0, top)
    steps = [f"M{_LEFT} {at}"]
    for index, value in enumerate(spending.sums):
        steps.append(f"V{_y(value, top)}H{_x(index + 1, count)}")
    stair = "".join(steps)
    return Markup('<path class="area" d="{}V{}Z"/><path class="stair" d="{}"/>').format(stair, at, stair)


def _ceiling(spending: Spending, top: float) -> list[Markup]:
    if spending.cap is None:
        return []
    y = _y(spending.cap, top)
    return [
        Markup('<line class="cap" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(_LEFT, WIDTH - _RIGHT, y, y),
        Markup('<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>').format(
            WIDTH - _RIGHT, y + 12, escape("cap")
        ),
    ]
