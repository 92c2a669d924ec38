"""The one place that draws randomness, all of it OpenDP's: integer Laplace vectors and uniform integers.

Knows no plan, no budget and no data: what to draw is said in scales and ranges.
"""

from functools import lru_cache
from typing import Any, Protocol

import opendp.prelude as dp

from ag_vault.errors import NoNoise

MAX_SCALE = 2.0**56
"""Beyond this scale the cut at 2^62 would bite before exp(-64); no such release is worth its ε."""


class Noise(Protocol):
    """A source of draws. Tests put a frozen one in its place."""

    def laplace(self, scale: float, count: int) -> list[int]:
        """Independent discrete Laplace draws, P(k) ∝ exp(-|k|/scale), of 64 bits. NoNoise unless 0 < scale ≤ MAX_SCALE."""
        ...

    def uniform(self, below: int) -> int:
        """A uniform integer in [0, below). NoNoise unless below ≥ 1."""
        ...


class OpenDPNoise:
    """Draws of OpenDP's exact samplers, which take their bits from the operating system."""

    def __init__(self) -> None:
        # Discrete Laplace and randomised response are in OpenDP's "contrib" part; it says so on each use otherwise.
        dp.enable_features("contrib")

    def warm(self) -> None:
        """Pays OpenDP's first-call costs, so that no release does."""
        self.laplace(1.0, 1)
        self.uniform(2)

    def laplace(self, scale: float, count: int) -> list[int]:
        """As the protocol says. Noise is drawn for zeros, so nothing private passes through the library."""
        if not 0 < scale <= MAX_SCALE:
            raise NoNoise("a scale must be positive and finite")
        drawn: list[int] = _laplace(scale)([0] * count)
        return drawn

    def uniform(self, below: int) -> int:
        """As the protocol says, by rejection from uniform bits: randomised response that flips half of all zero bits."""
        if below < 1:
            raise NoNoise("a range must hold an integer")
        bits = (below - 1).bit_length()
        size = (bits + 7) // 8
        while True:
            drawn = int.from_bytes(_coins(size)(bytes(size)), "big") >> (8 * size - bits) if bits else 0
            if drawn < below:
                return drawn


@lru_cache(maxsize=256)
def _laplace(scale: float) -> Any:
    space = dp.vector_domain(dp.atom_domain(T=dp.i64)), dp.l1_distance(T=dp.i64)
    return dp.m.make_laplace(*space, scale=scale)


@lru_cache(maxsize=256)
def _coins(size: int) -> Any:
    # f is twice the probability of a flip: at 1 every bit is a fair coin.
    return dp.m.make_randomized_response_bitvec(dp.bitvector_domain(max_weight=8 * size), dp.discrete_distance(), f=1.0)
