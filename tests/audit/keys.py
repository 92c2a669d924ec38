"""Keys that are found, audited: what being told of a key loses, of one that both neighbours have, and of one that a row makes a candidate.

One call of ``perturb`` draws for as many candidates as there are draws, all with the same exact integers. Knows no row.
"""

from dataclasses import dataclass, replace
from fractions import Fraction

import msgspec
import numpy as np

from ag_plan.releases import Delta, Epsilon, GroupKey, Mean, Measure, Rho, Size, Spend
from ag_vault.account import epsilon_of_rho
from ag_vault.evaluate import Exact
from ag_vault.noise import Noise
from ag_vault.parts import Noised
from ag_vault.perturb import perturb
from ag_vault.price import Priced
from tests.audit.certify import Floats
from tests.audit.draws import Unread
from tests.audit.releases import DELTA_OF_RHO
from tests.vault import world

_UNTOLD = -1e30
DELTA = Fraction(1, 50)
MEASURES: dict[str, tuple[Measure, tuple[int, ...]]] = {
    "Size": (Size(), (1,)),
    "Mean": (Mean(columns=("n",)), (0, 1 << 32)),
}
"""A measure, and what the row that comes adds to its exact integers."""
SPENDS: dict[str, Spend] = {"ε": Epsilon(numerator=1, denominator=1), "ρ": Rho(numerator=1, denominator=2)}


@dataclass(frozen=True, order=True)
class Found:
    """Which measure of a key, in which currency; whether the row makes a candidate of it."""

    measure: str
    spend: str
    new: bool

    def __str__(self) -> str:
        return f"{self.measure} of a {'new' if self.new else 'known'} key in {self.spend}"


EVERY = [Found(measure, spend, new) for measure in MEASURES for spend in SPENDS for new in (False, True)]


def planned(asked: Found) -> Priced:
    """The release, of groups by a text that nobody has listed."""
    release = world.ask(MEASURES[asked.measure][0], by=(GroupKey(column="t", found=True),))
    delta = Delta(numerator=DELTA.numerator, denominator=DELTA.denominator)
    return world.priced(msgspec.structs.replace(release, spend=SPENDS[asked.spend], delta=delta))


def claim(plan: Priced) -> tuple[float, float]:
    """(ε, δ) as charged."""
    if plan.event.epsilon is None:
        return epsilon_of_rho(float(plan.event.concentrated), DELTA_OF_RHO), DELTA_OF_RHO + float(plan.event.delta)
    return float(plan.event.epsilon), float(plan.event.delta)


def statistics(asked: Found, plan: Priced, draws: int, noise: Noise) -> tuple[Floats, Floats]:
    """One number per draw, large where the row seems to be there: the noisy count of a key that was told."""
    assert plan.finding is not None
    gate, more = plan.finding.gate, MEASURES[asked.measure][1]
    weight = sum(more)
    rows = gate.least if asked.new else max(gate.floor // weight, gate.least + 1)
    whole = _told(plan, rows, more, draws, noise)
    less = np.full(draws, _UNTOLD) if rows - 1 < gate.least else _told(plan, rows - 1, more, draws, noise)
    return whole, less


def _told(plan: Priced, rows: int, of_a_row: tuple[int, ...], draws: int, noise: Noise) -> Floats:
    """The noisy integer of each candidate that the row moves; of those that aren't told one number below all."""
    assert plan.finding is not None
    keys = [((f"{number:06}",), rows) for number in range(draws)]
    exact = Exact(
        vectors={(0, number): tuple(rows * part for part in of_a_row) for number in range(draws)}, tallies={}, keys=keys
    )
    unread = replace(plan.measured, parts=tuple(Unread(l1=part.l1) for part in plan.parts if isinstance(part, Noised)))
    told = perturb(replace(plan, measured=unread, finding=replace(plan.finding, most=draws)), exact, noise)
    found = np.full(draws, _UNTOLD)
    for place, (name,) in enumerate(told.index):
        parts = told.estimates[0, told.groups[place]]
        found[int(str(name))] = sum(
            float(each.value or 0) for each, moves in zip(parts, of_a_row, strict=True) if moves
        )
    return found
