"""Several quantiles of one column: the middle one first, the others between those drawn before. Knows no plan and no SQL.

Domains. With probabilities q₁ ≤ … ≤ qₘ, the middle one is drawn on the whole grid; what it gave ends the domain of those before it
and starts (``floored``) the domain of those after it, and so on. The results are in order by themselves.

Privacy. Let a row come or go at x. A quantile whose domain ends before x moves all its scores by ±q: changes span 2q. One whose domain
starts at x or after x moves them by ±(1 - q): 2(1 - q). One whose domain holds x: 2·max(q, 1 - q). (For q = 0 the first is 1/4, for q = 1
the second; ``exponential`` has the proof, in d-ths of rows.) x lies in one section between neighbouring results, those drawn at its end included, and so in a known set of domains; the worst section's
spans add up to C.
Given what was drawn before, each draw's probabilities change by e^(θ·span) at most, whatever was drawn: multiply,
and with θ = ε/C the whole is ε-DP. Each draw's range is θ·span, so Σ(θ·span)²/8 of the worst section is its zCDP cost.
Why: for a minimum, quartiles and a maximum C is 5¼ rows, where five mechanisms side by side have 8.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from ag_vault.mechanisms.exponential import LEAST_SPAN, SLACK, Aim, Domain, Tally, choose
from ag_vault.noise import Noise
from ag_vault.parts import INSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One draw: which quantile (by its place in order), and the places of those drawn before that its domain lies between."""

    place: int
    before: int | None
    after: int | None


def span(probabilities: Sequence[Fraction]) -> Fraction:
    """C, in rows: how far a row moves all scores of one of the probabilities' domains together, at most."""
    return max(sum(spans, Fraction(0)) for spans in _sections(tuple(sorted(probabilities))))


def rho(probabilities: Sequence[Fraction], epsilon: Fraction) -> Fraction:
    """Concentrated cost of all of them at ε together."""
    squares = max(
        sum((each * each for each in spans), Fraction(0)) for spans in _sections(tuple(sorted(probabilities)))
    )
    return (epsilon / span(probabilities)) ** 2 * squares / 8


def epsilon_of(probabilities: Sequence[Fraction], rho_total: Fraction) -> Fraction:
    """The largest ε, to one part in 2^100, at which all of them together cost at most so much ρ."""
    square = rho_total / rho(probabilities, Fraction(1))
    shift = max(0, 200 - square.numerator.bit_length() + square.denominator.bit_length())
    shift += shift % 2
    return Fraction(math.isqrt((square.numerator << shift) // square.denominator), 1 << shift // 2)


def aims(probabilities: Sequence[Fraction], epsilon: Fraction) -> list[Aim]:
    """What each of the probabilities, in their own order, aims at when all of them together may cost ε."""
    per_row = (epsilon - SLACK) / span(probabilities)
    inset = -(-INSET * per_row.denominator // per_row.numerator)
    return [Aim(probability=q, per_row=per_row, inset=inset) for q in probabilities]


def draw(tally: Tally, points: int, wanted: Sequence[Aim], noise: Noise) -> list[int]:
    """A position in 0 … points for each aim, in the aims' own order."""
    order = sorted(range(len(wanted)), key=lambda number: wanted[number].probability)
    drawn = [0] * len(order)
    for step in steps(len(order)):
        low = 0 if step.before is None else drawn[order[step.before]]
        high = points if step.after is None else drawn[order[step.after]]
        domain = Domain(low=low, high=high, floored=step.before is not None)
        drawn[order[step.place]] = choose(tally, domain, wanted[order[step.place]], noise)
    return drawn


def expected(probabilities: Sequence[Fraction], points: int, scale: float) -> tuple[float, ...]:
    """How many rows lie between each quantile and what is drawn for it, at most, in 95 % of cases; ``scale`` is 1/θ, in rows.

    A point that misses by more than D rows has a weight below e^(-θD) of that of a true quantile: all points together, points·e^(-θD) (McSherry-Talwar 2007).
    Where a domain holds no true one, its end misses by no more than it did of its own quantile: so errors of the m draws that a domain comes from add up, each
    with a share of 1/m of the cases. Quantiles 0 and 1 aim so many rows inside.
    """
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__)
    depths: dict[int | None, int] = {None: 0}
    for step in steps(len(order)):
        depths[step.place] = 1 + max(depths[step.before], depths[step.after])
    found = [0.0] * len(order)
    for place, number in enumerate(order):
        inset = INSET if probabilities[number] in {0, 1} else 0
        found[number] = scale * (inset + depths[place] * (math.log(points + 1) + math.log(20 * depths[place])))
    return tuple(found)


@lru_cache(maxsize=256)
def steps(count: int) -> tuple[Step, ...]:
    """The draws in their order: the middle of all places, then of those before it, then of those after it."""
    made: list[Step] = []
    waiting: list[tuple[int | None, int | None]] = [(None, None)]
    while waiting:
        before, after = waiting.pop()
        first, last = 0 if before is None else before + 1, count if after is None else after
        if first < last:
            place = (first + last) // 2
            made.append(Step(place=place, before=before, after=after))
            waiting += [(place, after), (before, place)]
    return tuple(made)


@lru_cache(maxsize=256)
def _sections(ordered: tuple[Fraction, ...]) -> tuple[tuple[Fraction, ...], ...]:
    """For each section that a row can lie in, from below the first quantile to above the last: the spans of all draws, in rows."""
    return tuple(
        tuple(_span(step, ordered[step.place], section) for step in steps(len(ordered)))
        for section in range(len(ordered) + 1)
    )


def _span(step: Step, q: Fraction, section: int) -> Fraction:
    """How far a row of a section moves the draw's scores: section i lies after the result at place i - 1, up to that at place i."""
    if step.before is not None and section <= step.before:
        return 2 * (1 - q) or LEAST_SPAN
    if step.after is not None and section > step.after:
        return 2 * q or LEAST_SPAN
    return 2 * max(q, 1 - q)
