"""A hundred thousand draws of a release by the vault's own ``perturb``, and the number in each that tells most about the unit.

One call of ``perturb`` does it: a release of so many groups, all with the same exact integers. What a mechanism lets out is looked at
before it is read, as all that follows is computed from it and from public numbers.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from ag_vault.evaluate import Exact
from ag_vault.mechanisms import exponential, gaussian, laplace
from ag_vault.mechanisms.exponential import Aim, Domain, Runs, Tally
from ag_vault.noise import Noise
from ag_vault.parts import Estimate, Noised, Ranks
from ag_vault.perturb import perturb
from ag_vault.price import Priced
from tests.audit.certify import Floats
from tests.audit.releases import Audited

_POWERS = {laplace.NAME: 1, gaussian.NAME: 2}
"""P(k) falls as e^(-|k|^p / (p·scale^p))."""


class Unread(Noised):
    """A noised part as it leaves its mechanism."""

    size = 0

    def read(self, noisy: Sequence[int], scale: float) -> tuple[Estimate, ...]:
        """The integers themselves."""
        return tuple(Estimate(value=value, half_width=None, scale=scale) for value in noisy)

    def expect(self, scale: float) -> tuple[float | None, ...]:
        """Nobody asks."""
        return ()


def statistics(its: Audited, draws: int, noise: Noise) -> tuple[Floats, Floats]:
    """One number per draw, large where the unit seems to be there: its likelihood ratio, known for noise, learned for quantiles."""
    groups = [group for group in range(its.plan.groups) if _differs(its, group)]
    drawn = [_drawn(its.plan, exact, groups, draws, noise) for exact in (its.whole, its.less)]
    totals = [np.zeros(draws), np.zeros(draws)]
    for number, part in enumerate(its.plan.parts):
        for place, group in enumerate(groups):
            pair = [each[number, place] for each in drawn]
            if isinstance(part, Noised):
                here, there = (np.array(exact.vectors[number, group], float) for exact in (its.whole, its.less))
                power = _POWERS[its.plan.currency.noise]
                ratios = [(np.abs(each - there) ** power - np.abs(each - here) ** power).sum(axis=1) for each in pair]
                ratios = [ratio / (power * its.plan.scales[number] ** power) for ratio in ratios]
            else:
                ratios = _learned(pair)
            totals = [total + ratio for total, ratio in zip(totals, ratios, strict=True)]
    return totals[0], totals[1]


def _differs(its: Audited, group: int) -> bool:
    """Whether the unit has a row in a group; draws of all other groups tell nothing."""
    for number, part in enumerate(its.plan.parts):
        key = number, group
        if isinstance(part, Ranks):
            tallies = [exact.tallies[key] for exact in (its.whole, its.less)]
            if len({(tuple(tally.positions.tolist()), tuple(tally.upto.tolist())) for tally in tallies}) > 1:
                return True
        elif its.whole.vectors[key] != its.less.vectors[key]:
            return True
    return False


def _drawn(
    plan: Priced, exact: Exact, groups: Sequence[int], draws: int, noise: Noise
) -> dict[tuple[int, int], Floats]:
    """For each part and group an array of draws × numbers."""
    parts = tuple(Unread(l1=part.l1) if isinstance(part, Noised) else part for part in plan.parts)
    whole: Any = replace(plan, measured=replace(plan.measured, parts=parts), groups=len(groups) * draws)
    wanted = [groups[number % len(groups)] for number in range(whole.groups)]
    ranked = {number for number, part in enumerate(parts) if isinstance(part, Ranks)}
    many = Exact(
        vectors={
            (n, g): exact.vectors[n, wanted[g]]
            for n in range(len(parts))
            if n not in ranked
            for g in range(whole.groups)
        },
        tallies={(n, g): exact.tallies[n, wanted[g]] for n in ranked for g in range(whole.groups)},
    )
    with remembered():
        noisy = perturb(whole, many, noise).estimates
    return {
        (n, place): np.array(
            [[item.value for item in noisy[n, place + len(groups) * draw]] for draw in range(draws)], float
        )
        for n in range(len(parts))
        for place in range(len(groups))
    }


@contextmanager
def remembered() -> Iterator[None]:
    """What the exponential mechanism works out before it draws, worked out once for each tally, domain and aim."""
    runs: dict[Any, Runs] = {}
    weights: dict[Any, list[int]] = {}
    runs_of, weights_of = exponential.runs_of, exponential.weights_of

    def known_runs(tally: Tally, domain: Domain, aim: Aim) -> Runs:
        key = id(tally), domain, aim
        if key not in runs:
            runs[key] = runs_of(tally, domain, aim)
        return runs[key]

    def known_weights(scores: Any, theta: Any) -> list[int]:
        key = id(scores), theta
        if key not in weights:
            weights[key] = weights_of(scores, theta)
        return weights[key]

    with patch.object(exponential, "runs_of", known_runs), patch.object(exponential, "weights_of", known_weights):
        yield


def _learned(pair: Sequence[Floats]) -> list[Floats]:
    """How much likelier each result is with the unit, from the half of the draws that chooses the event."""
    results = [list(map(tuple, each.tolist())) for each in pair]
    counts = [Counter(each[: len(each) // 2]) for each in results]
    ratio = {
        result: float(np.log((counts[0][result] + 1) / (counts[1][result] + 1))) for result in counts[0] | counts[1]
    }
    return [np.array([ratio.get(result, 0.0) for result in each]) for each in results]
