"""Integer Laplace noise on integer vectors. Knows no plan and no SQL.

Guarantee: if neighbouring data move a vector by at most L1 in all, adding independent discrete Laplace noise of scale ≥ L1/ε to
each coordinate is ε-DP (the ratio of P(k) ∝ e^(-|k|/s) at points d apart is at most e^(|d|/s); multiply over coordinates).
The scale is the exact rational L1/ε rounded up to a double, and OpenDP samples from exactly that double.

Cuts: the exact integer x is cut to |x| < 2^62 (1-Lipschitz, before noise) and the sum to |y| < 2^62 (after noise). A draw N
that the sampler saturates at the end of 64 bits has |x + N| ≥ 2^62 for every admitted x, so the cut hides the saturation.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from ag_vault.exact import cut, float_up
from ag_vault.noise import MAX_SCALE, Noise

NAME = "discrete Laplace"


def scale_of(l1: int, epsilon: Fraction) -> float | None:
    """The least double not below L1/ε, always positive; None where it is beyond what the cuts allow."""
    exact = Fraction(l1) / epsilon
    if exact > Fraction(MAX_SCALE):
        return None
    # A positive rational below the least double rounds up to it: never to zero.
    return float_up(exact)


def rho(epsilon: Fraction) -> Fraction:
    """Concentrated cost: ε-DP implies ε²/2-zCDP (Bun-Steinke 2016, Prop. 1.4)."""
    return epsilon * epsilon / 2


def as_laplace(scale: float) -> float:
    """Itself: the scale in which parts read their error."""
    return scale


def perturb(vectors: Iterable[Sequence[int]], scale: float, noise: Noise) -> list[tuple[int, ...]]:
    """Each vector with noise of one scale added, drawn in one call in the vectors' order."""
    listed = [tuple(vector) for vector in vectors]
    drawn = iter(noise.laplace(scale, sum(map(len, listed))))
    return [tuple(cut(cut(value) + next(drawn)) for value in vector) for vector in listed]
