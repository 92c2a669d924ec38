"""Integer Gaussian noise on integer vectors. Knows no plan and no SQL.

Guarantee: if neighbouring data move a vector by at most Δ in L2, adding independent discrete Gaussian noise, P(k) ∝ e^(-k²/2σ²), with
σ² ≥ Δ²/(2ρ) to each coordinate is ρ-zCDP (Canonne-Kamath-Steinke 2020, arXiv:2004.00010, Thm 4 for one coordinate; for the vector
Rényi divergences of independent coordinates add up to Σ αdᵢ²/2σ² ≤ αρ). The scale is the exact root of Δ²/(2ρ) rounded up to a double,
and OpenDP samples from exactly that double.
Why beside ``laplace``: k coordinates that one row moves by 1 each have L1 = k but L2 = √k.

Cuts: as for ``laplace``. The exact integer is cut to |x| < 2^62 before the noise, the sum to |y| < 2^62 after it; a draw that the sampler
saturates at the end of 64 bits has |x + N| ≥ 2^62 for every admitted x, so the cut hides the saturation.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from ag_vault.exact import cut, root_up
from ag_vault.noise import MAX_SCALE, Noise
from ag_vault.parts import LAPLACE_95

NAME = "discrete Gaussian"

GAUSSIAN_95 = 1.959963984540054
"""A Gaussian variable of deviation 1 lies within it with probability 0.95."""


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
