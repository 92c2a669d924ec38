"""From exact integers to estimates: every number of a release passes a mechanism here. Knows no row and no ledger."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from ag_plan.expressions import Scalar
from ag_vault.evaluate import Exact
from ag_vault.finding import Finding
from ag_vault.mechanisms import lifted, nested
from ag_vault.noise import Noise
from ag_vault.parts import Estimate, Lifted, Noised, Ranks
from ag_vault.price import Priced

Estimates = dict[tuple[int, int], tuple[Estimate, ...]]
"""By part and group."""
Vectors = dict[tuple[int, int], tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noisy:
    """The estimates of a release, its groups in the order in which they are told, and the answer's index: a row per group and label."""

    estimates: Estimates
    groups: tuple[int, ...]
    index: tuple[tuple[Scalar, ...], ...]


def perturb(priced: Priced, exact: Exact, noise: Noise) -> Noisy:
    """The estimates of every part and group. What is drawn, in which order and how often, follows from the plan alone.

    Where keys are to be found, it follows from the candidates too: how long that takes is the schedule's business.
    """
    noised = [number for number, part in enumerate(priced.parts) if isinstance(part, Noised)]
    if priced.finding is not None:
        return _found(priced, priced.finding, exact, noise, noised)
    groups = tuple(range(priced.groups))
    vectors = _vectors(priced, exact, noise, noised, groups)
    estimates = _estimates(priced, vectors, noised, groups) | _ranked(priced, exact, noise, groups)
    return Noisy(estimates=estimates, groups=groups, index=priced.index)


def _found(priced: Priced, finding: Finding, exact: Exact, noise: Noise, noised: Sequence[int]) -> Noisy:
    """The groups of the keys that pass the gate; those with the largest noisy counts where there are too many."""
    cells = priced.groups
    every = range(cells * len(exact.keys))
    vectors = _vectors(priced, exact, noise, finding.parts, every)
    if finding.parts:
        totals = [
            sum(sum(vectors[part, key * cells + cell]) for part in finding.parts for cell in range(cells))
            for key in range(len(exact.keys))
        ]
    else:
        counts = priced.currency.perturb([(rows,) for _, rows in exact.keys], finding.scale, noise)
        totals = [count for (count,) in counts]
    passed = [key for key, total in enumerate(totals) if total >= finding.gate.floor]
    kept = sorted(passed, key=lambda key: -totals[key])[: finding.most]
    arranged = finding.groups.arranged({key: exact.keys[key][0] for key in kept})
    groups = tuple(group for _, group in arranged)
    vectors |= _vectors(priced, exact, noise, [number for number in noised if number not in finding.parts], groups)
    return Noisy(
        estimates=_estimates(priced, vectors, noised, groups) | _ranked(priced, exact, noise, groups),
        groups=groups,
        index=tuple(key + label for key, _ in arranged for label in priced.measured.labels),
    )


def _vectors(priced: Priced, exact: Exact, noise: Noise, parts: Sequence[int], groups: Sequence[int]) -> Vectors:
    """The parts' vectors with noise; all that share a scale are drawn in one call."""
    alike: defaultdict[float, list[tuple[int, int]]] = defaultdict(list)
    noisy: Vectors = {}
    for number in parts:
        part, scale = priced.parts[number], priced.scales[number]
        if isinstance(part, Lifted):
            draw = partial(priced.currency.draw, noise, scale)
            noisy.update({(number, g): lifted.perturb(part, exact.vectors[number, g], draw) for g in groups})
        else:
            alike[scale].extend((number, group) for group in groups)
    for scale, keys in alike.items():
        drawn = priced.currency.perturb([exact.vectors[key] for key in keys], scale, noise)
        noisy.update(zip(keys, drawn, strict=True))
    return noisy


def _estimates(priced: Priced, vectors: Vectors, parts: Sequence[int], groups: Sequence[int]) -> Estimates:
    """What the parts make of their noisy vectors."""
    estimates: Estimates = {}
    for number in parts:
        part, scale = priced.parts[number], priced.scales[number]
        if isinstance(part, Noised):
            for group in groups:
                as_laplace = priced.currency.as_laplace(scale)
                estimates[number, group] = _read(part, vectors[number, group], scale, as_laplace)
    return estimates


def _read(part: Noised, vector: Sequence[int], scale: float, as_laplace: float) -> tuple[Estimate, ...]:
    """What a part makes of its noisy vector; its scales are told in those of the noise that was drawn."""
    found = part.read(vector, as_laplace)
    if scale == as_laplace:
        return found
    return tuple(replace(estimate, scale=estimate.scale * (scale / as_laplace)) for estimate in found)


def _ranked(priced: Priced, exact: Exact, noise: Noise, groups: Sequence[int]) -> Estimates:
    """All quantiles of a part together, each group with the part's whole ε."""
    estimates: Estimates = {}
    for number, part in enumerate(priced.parts):
        if isinstance(part, Ranks):
            aims = nested.aims(part.probabilities, priced.epsilon(number))
            for group in groups:
                drawn = nested.draw(exact.tallies[number, group], part.grid.points, aims, noise)
                estimates[number, group] = tuple(
                    Estimate(value=part.grid.value(place), half_width=None, scale=priced.scales[number])
                    for place in drawn
                )
    return estimates
