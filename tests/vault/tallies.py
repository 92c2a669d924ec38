"""Columns of a few integers as tallies, and the exact probabilities that a mechanism gives to each point of a small grid."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from ag_vault.mechanisms import exponential, nested
from ag_vault.mechanisms.exponential import Aim, Domain, Tally

POINTS = 6


def tally(values: Sequence[int]) -> Tally:
    positions, counts = np.unique(np.array(values, np.int64), return_counts=True)
    return Tally.of(positions, counts.astype(np.int64))


def window(whole: Tally, low: int, high: int) -> Tally:
    """The tally without what lies outside of low … high."""
    kept = (whole.positions >= low) & (whole.positions <= high)
    return Tally(positions=whole.positions[kept], below=whole.below[kept], upto=whole.upto[kept], total=whole.total)


def probabilities(column: Tally, domain: Domain, aim: Aim) -> dict[int, Fraction]:
    """The exact probability of each point of a domain."""
    runs = exponential.runs_of(column, domain, aim)
    weights = exponential.weights_of(runs.scores, aim.theta)
    masses: dict[int, int] = {}
    for start, length, weight in zip(runs.starts.tolist(), runs.lengths.tolist(), weights, strict=True):
        masses.update(dict.fromkeys(range(start, start + length), weight))
    total = sum(masses.values())
    return {point: Fraction(mass, total) for point, mass in masses.items()}


def joint(
    column: Tally, asked: tuple[Fraction, ...], epsilon: Fraction, points: int
) -> dict[tuple[int, ...], Fraction]:
    """The exact probability of every result of several quantiles on 0 … points, in the order of the probabilities."""
    aims = sorted(nested.aims(asked, epsilon), key=lambda aim: aim.probability)
    found: dict[tuple[int | None, ...], Fraction] = {(None,) * len(aims): Fraction(1)}
    for step in nested.steps(len(aims)):
        grown: dict[tuple[int | None, ...], Fraction] = {}
        for drawn, weight in found.items():
            low = 0 if step.before is None else drawn[step.before]
            high = points if step.after is None else drawn[step.after]
            assert low is not None
            assert high is not None
            domain = Domain(low=low, high=high, floored=step.before is not None)
            for point, p in probabilities(column, domain, aims[step.place]).items():
                grown[(*drawn[: step.place], point, *drawn[step.place + 1 :])] = weight * p
        found = grown
    return {tuple(place for place in key if place is not None): p for key, p in found.items()}


def at_most(epsilon: Fraction) -> Fraction:
    """e^ε from below, exactly: a partial sum of its series."""
    return sum((epsilon**k / _factorial(k) for k in range(200)), Fraction(0))


def _factorial(k: int) -> int:
    return 1 if k == 0 else k * _factorial(k - 1)
