"""What finding keys costs and takes: its δ, its gate, and the query of candidates. Knows public things only; no row is in scope here.

The δ is the call's own, or a hundredth of what the smallest cap leaves to events with a δ: a public default, charged like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ag_plan.releases import Release
from ag_vault.account import DELTA_UNIT
from ag_vault.catalog import Catalog
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope
from ag_vault.mechanisms import threshold
from ag_vault.mechanisms.currency import Currency
from ag_vault.ops.found import COUNT_SHARE, Weighed
from ag_vault.ops.keys import MOST_GROUPS, Groups
from ag_vault.ops.queries import keys_query
from ag_vault.ops.rows import Rows

NAME = "threshold"
CALLS = 100
"""How many calls at the default δ the smallest cap has room for."""
FEWEST = 100
"""Keys that an answer must have room for."""
MOST_CANDIDATES = 500_000
"""Keys that are looked at, where owners say how many rows their tables have at most: with more rows a key needs more of them."""
_ROOM = 64
"""Exact integers that are held for so many keys; a key of which more are wanted, or of long texts, needs more rows, so that memory is a public matter."""
_CHARACTERS_OF_ROOM = 8
"""Characters of a key that take as much as an integer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How keys are found: the query of candidates and the gate they pass, at most ``most`` of them.

    ``parts``: numbers of those whose noisy integers count a key's rows; where there are none, the candidates' own count gets noise of
    ``scale``. ``groups`` says what is grouped by.
    """

    sql: str
    gate: threshold.Gate
    parts: tuple[int, ...]
    scale: float
    most: int
    groups: Groups


def delta_of(release: Release, sources: Sequence[str], catalog: Catalog) -> Fraction | Refusal:
    """The δ at which a release finds keys."""
    if release.delta is not None:
        return release.delta.fraction
    units = catalog.event_delta(sources) // CALLS
    if units <= 0:
        names = " and ".join(key.column for key in release.by if key.found)
        return Refusal(
            code="no_delta",
            why=f"{names} has no public keys, and the budget of this data has no delta at which they could be found",
            instead="list the keys you need: groupby(column, keys=[…]), or group by bins or categories",
        )
    return Fraction(units, DELTA_UNIT)


def own_scale(currency: Currency, per_row: Fraction) -> float | None:
    """The scale of a count that gets a share of its own of what a row may cost."""
    return currency.count_scale(per_row * COUNT_SHARE)


def fewest_rows(groups: Groups, size: int, held: int) -> int:
    """Rows that a key needs to be looked at, where a group has ``size`` numbers and tables at most ``held`` rows (0: nobody says): two or more."""
    taken = size * len(groups.index) + groups.characters // _CHARACTERS_OF_ROOM
    return max(2, -(-held * max(taken, _ROOM) // (MOST_CANDIDATES * _ROOM)))


def find(
    counted: Weighed,
    groups: Groups,
    rows: Rows,
    scope: Scope,
    *,
    noise: str,
    scale: float | None,
    delta: Fraction,
    most: int,
    fewest: int,
) -> Finding | Refusal:
    """The finding whose counts have a noise, by its name, of a scale; keys need at least ``fewest`` rows.

    Refusal where ε is too small, or where there is room for few keys only.
    """
    cells = len(groups.index) if counted.parts else 1
    gate = None
    if scale is not None:
        added = threshold.Sum(noise=noise, draws=counted.draws * cells, scale=scale, weight=counted.weight)
        gate = threshold.gate(added, rows.stability, delta, fewest)
    if gate is None or scale is None:
        return Refusal(
            code="epsilon_too_small",
            why="the noise of so little eps or rho would hide every group",
            instead="spend more, or ask for fewer columns at once",
        )
    most = min(most, MOST_GROUPS) // len(groups.index)
    if most < FEWEST:
        return Refusal(
            code="too_many_groups",
            why="each key that is found would come with too many others",
            instead="group by fewer columns, or list the keys you need",
        )
    sql = keys_query(rows, scope, groups, gate.least)
    return Finding(sql=sql, gate=gate, parts=counted.parts, scale=scale, most=most, groups=groups)
