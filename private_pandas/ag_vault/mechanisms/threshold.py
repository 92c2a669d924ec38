"""Keys that the rows have, found by noisy counts that pass a threshold. Knows no plan and no SQL.

Mechanism. Keys with at least ``least`` rows are candidates. Each has M integers, to all of which noise is added as in ``laplace`` (a call in ε) or
``gaussian`` (in ρ); a candidate is released, with all of its noisy integers, if these add up to ``floor`` or more. A row adds at most ``weight`` to its key's sum.

Claim, for a call in ε. Let one row cost ε₀ by the noise alone, and a unit have at most s rows, of which each has one key. With
p(c) = P(S ≥ floor - (least - 1 + c)·weight), S the sum of M independent draws, and δ ≥ max(p(s), s·p(1)), the release is (sε₀, δ)-DP, in a
way that adds up: for neighbours it is the same mixture, with weight 1 - δ, of two mechanisms that are sε₀-DP (and as concentrated as
the noise makes them), and with weight δ of anything. For a call in ρ, where a row costs ρ₀: the same mixture of two that are s²ρ₀-zCDP.

Proof. Let D' be D with a unit more. Keys that are candidates in both, or in neither, give nothing but noise on integers that the
unit moves, thresholded: post-processing. A key that the unit makes a candidate had at most least - 1 rows before and c more now, so its sum
is at most (least - 1 + c)·weight, and it is released with probability at most p(c). A key may also be no candidate any more, where a unit takes rows
away (distinct rows by some columns, public rows that found a partner): it had at most c rows more in D than least - 1, so the same is true there.
Let B be that some key of D' is released that is none of D's candidates, C the reverse: their noise is independent of the others'. Given that neither happens,
both release the other keys only, which is sε₀-DP (s²ρ₀-zCDP). So M(D') = (1 - δ')·M(D' | not B) + δ'·M(D' | B), M(D) = (1 - δ'')·M(D | not C) + δ''·M(D | C) with
δ' = P(B) and δ'' = P(C), and either may be enlarged to δ by moving weight from the first term to the second.
P(B), and P(C) alike, ≤ Σ p(cₖ) over keys of cₖ ≥ 1 rows, Σ cₖ ≤ s (union bound). S is symmetric and unimodal (a sum of symmetric log-concave draws), so
P(S ≥ x) is convex in x ≥ 0, p is convex in c as floor ≥ (least - 1 + s)·weight, and a convex p has its largest sum where all rows are of
one key, or each of its own: p(s), or s·p(1). Nothing of p was used but that it bounds the probability and is convex where its argument is
at least that of p(s): the bound of ``gaussian.tail_of`` is, as it is 1 before and δ is taken to be a half at most. ∎ (For s = M = 1 this is the stability-based histogram of Korolova et al. 2009, Vadhan 2017 Thm 3.5.)

Adding up. Mixtures with bits that say which term was drawn: the bits are never all good with probability Σδ at most on either side, and
where all are good, the transcript is one of mechanisms without δ. So Σδ is added to whatever (ε, δ) these have together: that is how
``account`` counts it, for either accountant.

Why sums of the measure's own integers: mean, sum and deviation hold each row as parts that add up to one weight. Their sum counts rows for
nothing; a count of its own takes a share of ε from the measure. (Truncated geometric noise, Desfontaines-Voss-Gipson-Mandayam 2020, is optimal
for a count alone, with floors lower by a few per cent at ε = 1; it would cost means and sums more than that.)

Numbers. One draw of Laplace noise has P(k) = (1 - a)/(1 + a)·a^∣k∣, a = e^(-1/scale); M draws are the difference of two negative binomials, so that
P(S ≥ x) = (1 + a)^-M·a^x·Σ_l C(x + M - 1, l)·d_l with d_l = Σ_{j ≥ l} (1 - a)^j·a^(M-1-j)·C(M+j-l-1, j-l)·(a²/(1 - a²))^(j-l): all terms are
positive, ``decimal`` holds sixty digits, and 10^-20 of the result is added, which is more than all rounding, and more than the cuts of
``laplace`` at 2^62 can do at scales up to 2^48.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import Any

from ag_vault.mechanisms import gaussian, laplace

LARGEST_SCALE = 2.0**48
MOST_DRAWS = 64
"""Noisy integers that are added up for a key."""
_DECIMALS = Context(prec=60)
_MARGIN = Decimal(10) ** -20
_LARGEST_DELTA = Fraction(1, 2)
_PRUNED = 16
"""One over the share of a floor by which it is raised so that keys with few rows need not be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Which keys pass: those of ``least`` rows or more whose noisy integers add up to ``floor`` or more."""

    least: int
    floor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What is added up for a key: so many integers with noise of one kind and scale; a row adds at most ``weight``."""

    noise: str = laplace.NAME
    draws: int
    scale: float
    weight: int


@lru_cache(maxsize=256)
def gate(added: Sum, rows: int, delta: Fraction, fewest: int = 2) -> Gate | None:
    """The lowest gate for units of so many rows at a δ, where keys need ``fewest`` rows; None where the scale is beyond the proof."""
    if added.scale > LARGEST_SCALE or not 0 < added.draws <= MOST_DRAWS:
        return None
    tail, delta = _TAILS[added.noise](added.draws, added.scale), min(delta, _LARGEST_DELTA)
    one = least_above(tail, delta / rows) + added.weight
    all_of_them = least_above(tail, delta) + rows * added.weight
    floor = max(one, all_of_them)
    pruned = max(1, floor // added.weight // _PRUNED, fewest - 1)
    return Gate(least=1 + pruned, floor=floor + pruned * added.weight)


def least_above(tail: Callable[[int], Decimal], delta: Fraction) -> int:
    """The least x ≥ 0 with P(S ≥ x) ≤ δ."""
    context: Any = _DECIMALS
    wanted = context.divide(Decimal(delta.numerator), Decimal(delta.denominator))
    high = 1
    while tail(high) > wanted:
        high *= 2
    low = -1 if high == 1 else high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if tail(middle) <= wanted else (middle, high)
    return high


def tail_of(draws: int, scale: float) -> Callable[[int], Decimal]:
    """P(S ≥ x) of Laplace draws as a function of x ≥ 0, rounded up."""
    context: Any = _DECIMALS
    one = Decimal(1)
    per_step = context.divide(one, Decimal(scale))
    a = context.exp(-per_step)
    rest, odds = (
        context.subtract(one, a),
        context.divide(context.multiply(a, a), context.subtract(one, context.multiply(a, a))),
    )
    weights = [_weight(draws, chosen, a, rest, odds) for chosen in range(draws)]
    start = context.multiply(context.power(context.add(one, a), -draws), context.add(one, _MARGIN))

    def tail(x: int) -> Decimal:
        total = Decimal(0)
        for chosen, weight in enumerate(weights):
            total = context.add(total, context.multiply(Decimal(comb(x + draws - 1, chosen)), weight))
        power: Decimal = context.exp(-context.multiply(Decimal(x), per_step))
        found: Decimal = context.multiply(context.multiply(start, power), total)
        return found

    return tail


def _weight(draws: int, least: int, a: Decimal, rest: Decimal, odds: Decimal) -> Decimal:
    """The factor d of C(x + M - 1, least)."""
    context: Any = _DECIMALS
    total = Decimal(0)
    for j in range(least, draws):
        chosen = context.multiply(Decimal(comb(draws + j - least - 1, j - least)), context.power(odds, j - least))
        own = context.multiply(context.power(rest, j), context.power(a, draws - 1 - j))
        total = context.add(total, context.multiply(own, chosen))
    return total


_TAILS: dict[str, Callable[[int, float], Callable[[int], Decimal]]] = {
    laplace.NAME: tail_of,
    gaussian.NAME: gaussian.tail_of,
}
"""P(S ≥ x), or a bound on it, by the noise's name."""
