"""What is audited: every measure of rows, of units, and by group, each on the worst pair of neighbours among many.

Price and evaluation run once per database; nothing here draws.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import msgspec

from ag_plan.releases import Epsilon, Measure, Rho, Spend
from ag_vault.account import epsilon_of_rho
from ag_vault.evaluate import Exact, evaluate
from ag_vault.parts import Noised, Ranks
from ag_vault.price import Priced, price
from tests.vault import cases, neighbours, world
from tests.vault.neighbours import CAP, ROWS, VISITS, Database
from tests.vault.tallies import joint
from tests.vault.test_replay import columns_of

DELTA_OF_RHO = 1e-5
"""At which a release that is charged in ρ alone is turned into (ε, δ)."""
_EXTREMES: tuple[dict[str, Any], ...] = (
    {"f": 3.0, "i": 7, "b": True, "n": 3, "s": "x", "g": 1.0, "t": "x", "d": 10**15, "j": 5},
    {"f": -2.0, "i": -5, "b": False, "n": 0, "s": "x", "g": -1.0, "t": "", "d": 0, "j": -5},
    {"f": 3.0, "i": -5, "b": True, "n": 0, "s": "y", "g": 1.0, "t": "x", "d": 0, "j": 5},
    {"f": 0.5, "i": 1, "b": True, "n": 2, "s": "z", "g": 0.0, "t": "a", "d": 10**14, "j": 0},
)
SPEND, IN_RHO = Epsilon(numerator=2, denominator=1), Rho(numerator=1, denominator=8)
SHAPES: dict[str, tuple[str, str, Spend]] = {
    "rows": ("rows", "whole", SPEND),
    "units": ("units", "whole", SPEND),
    "units by category": ("units", "by category", SPEND),
    "rows in ρ": ("rows", "whole", IN_RHO),
    "units in ρ": ("units", "whole", IN_RHO),
}
"""Relation, grouping, and what is spent."""


@dataclass(frozen=True, order=True)
class Asked:
    """Which way to ask for which measure, in which shape."""

    measure: str
    way: int
    shape: str

    def __str__(self) -> str:
        return f"{self.measure}{f' ({self.way + 1})' if self.way else ''} of {self.shape}"


@dataclass(frozen=True)
class Audited:
    """A release with its worst pair: exact integers with the unit, and without."""

    plan: Priced
    whole: Exact
    less: Exact

    @property
    def claim(self) -> tuple[float, float]:
        """(ε, δ) as charged."""
        event = self.plan.event
        if event.epsilon is None:
            return epsilon_of_rho(float(event.concentrated), DELTA_OF_RHO), DELTA_OF_RHO + float(event.delta)
        return float(event.epsilon), float(event.delta)


def everything() -> list[Asked]:
    """Every way to ask for every measure, in every shape."""
    return [
        Asked(measure=kind.__name__, way=way, shape=shape)
        for kind, ways in cases.MEASURES.items()
        for way in range(len(ways))
        for shape in SHAPES
    ]


def audited(asked: Asked) -> Audited:
    """The release and the pair on which it loses most."""
    kind = next(kind for kind in cases.MEASURES if kind.__name__ == asked.measure)
    relation = SHAPES[asked.shape][0]
    plan = _plan(kind, asked.way, asked.shape, ("i", "n"))
    if any(isinstance(part, Ranks) for part in plan.parts):
        # One column of few values: all results together can then be told apart and counted.
        plan = _plan(kind, asked.way, asked.shape, ("n",))
    exact = [(_exact(plan, whole), _exact(plan, less)) for whole, less in _pairs(relation)]
    losses = [_loss(plan, *pair) for pair in exact]
    whole, less = exact[losses.index(max(losses))]
    return Audited(plan=plan, whole=whole, less=less)


def _plan(kind: type[Measure], way: int, shape: str, names: tuple[str, ...]) -> Priced:
    relation, grouping, spend = SHAPES[shape]
    columns = columns_of(relation)
    by = cases.grouping(columns, grouping)
    measure = cases.MEASURES[kind][way](cases.Columns.of({name: columns[name] for name in names}, most=2))
    release = world.ask(measure, relation=cases.RELATIONS[relation], by=by)
    found = price(msgspec.structs.replace(release, spend=spend), neighbours.catalog())
    assert isinstance(found, Priced), found
    return found


def _exact(plan: Priced, database: Database) -> Exact:
    return evaluate(plan, neighbours.put(database))


def _pairs(relation: str) -> Iterator[tuple[Database, Database]]:
    """Few rows or none, and with them one more, or a whole unit's more: all alike, or each another."""
    table, size = (ROWS.table, 1) if relation == "rows" else (VISITS.table, CAP)
    for first in range(len(_EXTREMES)):
        for others in (0, 3):
            base = tuple((table, unit + 1, _EXTREMES[1 - first % 2]) for unit in range(others))
            for apart in range(1 if size == 1 else 2):
                rows = [_EXTREMES[(first + apart * number) % len(_EXTREMES)] for number in range(size)]
                yield (*base, *((table, 99, row) for row in rows)), base


def _loss(plan: Priced, whole: Exact, less: Exact) -> float:
    """How far the exact integers are apart in units of the noise; of quantiles how far likely results' probabilities are.

    A thousandth less for each number that differs: it is easier seen in few.
    """
    loss = 0.0
    for number, part in enumerate(plan.parts):
        for key in [(number, group) for group in range(plan.groups)]:
            if isinstance(part, Noised):
                moved = [abs(a - b) for a, b in zip(whole.vectors[key], less.vectors[key], strict=True) if a != b]
                loss += float(Fraction(sum(moved)) / Fraction(plan.scales[number])) - len(moved) / 1000
            elif isinstance(part, Ranks) and whole.tallies[key].total != less.tallies[key].total:
                one, other = (
                    joint(each.tallies[key], part.probabilities, plan.epsilon(number), part.grid.points)
                    for each in (whole, less)
                )
                loss += max(abs(math.log(p / other[result])) for result, p in one.items() if p > Fraction(1, 50))
    return loss
