"""From exact integers to estimates: every number of a release passes a mechanism here. Knows no row and no ledger."""

from collections import defaultdict

from ag_vault.evaluate import Exact
from ag_vault.mechanisms import exponential, laplace
from ag_vault.noise import Noise
from ag_vault.parts import Estimate, Noised, Ranks
from ag_vault.price import Priced

Estimates = dict[tuple[int, int], tuple[Estimate, ...]]
"""By part and group."""


def perturb(priced: Priced, exact: Exact, noise: Noise) -> Estimates:
    """The estimates of every part and group. What is drawn, in which order and how often, follows from the plan alone."""
    return _noised(priced, exact, noise) | _ranked(priced, exact, noise)


def _noised(priced: Priced, exact: Exact, noise: Noise) -> Estimates:
    """All vectors that share a scale are drawn in one call."""
    alike: defaultdict[float, list[tuple[int, int]]] = defaultdict(list)
    for number, part in enumerate(priced.parts):
        if isinstance(part, Noised):
            alike[priced.scales[number]].extend((number, group) for group in range(priced.groups))
    estimates: Estimates = {}
    for scale, keys in alike.items():
        noisy = laplace.perturb([exact.vectors[key] for key in keys], scale, noise)
        for key, vector in zip(keys, noisy, strict=True):
            part = priced.parts[key[0]]
            if isinstance(part, Noised):
                estimates[key] = part.read(vector, scale)
    return estimates


def _ranked(priced: Priced, exact: Exact, noise: Noise) -> Estimates:
    """Quantiles at an even split of the part's ε; put in order, as quantiles are, which is post-processing."""
    estimates: Estimates = {}
    for number, part in enumerate(priced.parts):
        if isinstance(part, Ranks):
            epsilon = priced.epsilons[number] / len(part.probabilities)
            for group in range(priced.groups):
                tally = exact.tallies[number, group]
                drawn = [exponential.choose(tally, part.grid.points, q, epsilon, noise) for q in part.probabilities]
                estimates[number, group] = _in_order(part, drawn, priced.scales[number])
    return estimates


def _in_order(part: Ranks, drawn: list[int], scale: float) -> tuple[Estimate, ...]:
    places = sorted(range(len(drawn)), key=part.probabilities.__getitem__)
    values = dict(zip(places, sorted(drawn), strict=True))
    return tuple(
        Estimate(value=part.grid.value(values[place]), half_width=None, scale=scale) for place in range(len(drawn))
    )
