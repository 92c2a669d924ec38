"""Integer Gaussian noise on integer vectors. Knows no plan and no SQL.

Guarantee: if neighbouring data move a vector by at most Δ in L2, adding independent discrete Gaussian noise, P(k) ∝ e^(-k²/2σ²), with
σ² ≥ Δ²/(2ρ) to each coordinate is ρ-zCDP (Canonne-Kamath-Steinke 2020, arXiv:2004.00010, Thm 4 for one coordinate; for the vector
Rényi divergences of independent coordinates add up to Σ αdᵢ²/2σ² ≤ αρ). The scale is the exact root of Δ²/(2ρ) rounded up to a double,
and OpenDP samples from exactly that double.
Why beside ``laplace``: k coordinates that one row moves by 1 each have L1 = k but L2 = √k.

Tails of sums. For S, the sum of M draws, and v = Mσ²: P(S ≥ x) ≤ (1 + v/x)·e^(-x²/2v)/(σ√2π) for x > 0. Proof: of k with Σkᵢ = x, Σkᵢ² = x²/M + ∣u∣², u
in a shift of the lattice of Σuᵢ = 0; a shifted lattice has no larger sum of e^(-∣u∣²/2σ²) than the lattice itself (Poisson summation: its dual's terms, all positive,
get phases). So P(S = x) ≤ e^(-x²/2v)·P(S = 0), and P(S = 0) ≤ P(N = 0) ≤ 1/(σ√2π), again by Poisson. Sum over integers from x on: one term, and an
integral, which is at most e^(-x²/2v)·v/x. ∎ It is convex for x ≥ √v, where e^(-x²/2v) is, and v/x times it as both fall and are convex.

Cuts: as for ``laplace``. The exact integer is cut to |x| < 2^62 before the noise, the sum to |y| < 2^62 after it; a draw that the sampler
saturates at the end of 64 bits has |x + N| ≥ 2^62 for every admitted x, so the cut hides the saturation.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from ag_vault.exact import cut, root_up
from ag_vault.noise import MAX_SCALE, Noise
from ag_vault.parts import LAPLACE_95

NAME = "discrete Gaussian"

_DECIMALS = Context(prec=60)
_MARGIN = Decimal(10) ** -20
_ROOT_TAU = Decimal("2.5066282746310005024")
"""A little below √2π."""
GAUSSIAN_95 = 1.959963984540054
"""A Gaussian variable of deviation 1 lies within it with probability 0.95."""


@lru_cache(maxsize=64)
def scale_of(l2_squared: int, rho: Fraction) -> float | None:
    """The least double whose square is not below Δ²/(2ρ), always positive; None where it is beyond what the cuts allow."""
    exact = Fraction(l2_squared) / (2 * rho)
    return None if exact > Fraction(MAX_SCALE) ** 2 else root_up(exact)


def as_laplace(scale: float) -> float:
    """The scale of the Laplace noise that has the same 95 % interval: in these parts read what they say of their error."""
    return scale * (GAUSSIAN_95 / LAPLACE_95)


def perturb(vectors: Iterable[Sequence[int]], scale: float, noise: Noise) -> list[tuple[int, ...]]:
    """Each vector with noise of one scale added, drawn in one call in the vectors' order."""
    listed = [tuple(vector) for vector in vectors]
    drawn = iter(noise.gaussian(scale, sum(map(len, listed))))
    return [tuple(cut(cut(value) + next(drawn)) for value in vector) for vector in listed]


def tail_of(draws: int, scale: float) -> Callable[[int], Decimal]:
    """A bound on P(S ≥ x), S the sum of so many draws, as a function of x ≥ 0: 1 below √v, and falling and convex from there on."""
    context: Any = _DECIMALS
    sigma = Decimal(scale)
    variance = context.multiply(Decimal(draws), context.multiply(sigma, sigma))
    outer = context.divide(context.add(Decimal(1), _MARGIN), context.multiply(sigma, _ROOT_TAU))

    def tail(x: int) -> Decimal:
        square = Decimal(x * x)
        if square < variance:
            return Decimal(1)
        power = context.exp(context.divide(context.minus(square), context.multiply(Decimal(2), variance)))
        inner = context.add(Decimal(1), context.divide(variance, Decimal(x)))
        found: Decimal = context.multiply(context.multiply(outer, inner), power)
        return found

    return tail
