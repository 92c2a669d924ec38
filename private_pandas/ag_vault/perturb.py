"""From exact integers to estimates: every number of a release passes a mechanism here. Knows no row and no ledger."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from ag_vault.evaluate import Exact
from ag_vault.mechanisms import nested
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
        noisy = priced.currency.perturb([exact.vectors[key] for key in keys], scale, noise)
        for key, vector in zip(keys, noisy, strict=True):
            part = priced.parts[key[0]]
            if isinstance(part, Noised):
                estimates[key] = _read(part, vector, scale, priced.currency.as_laplace(scale))
    return estimates


def _read(part: Noised, vector: Sequence[int], scale: float, as_laplace: float) -> tuple[Estimate, ...]:
    """What a part makes of its noisy vector; its scales are told in those of the noise that was drawn."""
    found = part.read(vector, as_laplace)
    if scale == as_laplace:
        return found
    return tuple(replace(estimate, scale=estimate.scale * (scale / as_laplace)) for estimate in found)


def _ranked(priced: Priced, exact: Exact, noise: Noise) -> Estimates:
    """All quantiles of a part together, each group with the part's whole ε."""
    estimates: Estimates = {}
    for number, part in enumerate(priced.parts):
        if isinstance(part, Ranks):
            aims = nested.aims(part.probabilities, priced.epsilon(number))
            for group in range(priced.groups):
                drawn = nested.draw(exact.tallies[number, group], part.grid.points, aims, noise)
                estimates[number, group] = tuple(
                    Estimate(value=part.grid.value(place), half_width=None, scale=priced.scales[number])
                    for place in drawn
                )
    return estimates
