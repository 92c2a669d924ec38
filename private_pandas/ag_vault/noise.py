"""The one place that draws randomness: integer Laplace and Gaussian vectors (OpenDP's), uniform integers (the operating system's).

Knows no plan, no budget and no data: what to draw is said in scales and ranges.
"""

import secrets
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

    def gaussian(self, scale: float, count: int) -> list[int]:
        """Independent discrete Gaussian draws, P(k) ∝ exp(-k²/(2·scale²)), of 64 bits. NoNoise unless 0 < scale ≤ MAX_SCALE."""
        ...

    def uniform(self, below: int) -> int:
        """A uniform integer in [0, below). NoNoise unless below ≥ 1."""
        ...


class OpenDPNoise:
    """Draws of OpenDP's exact samplers; uniform ones need no sampler, as the operating system's bits are uniform already."""

    def __init__(self) -> None:
        # The discrete samplers are in OpenDP's "contrib" part; it says so on each use otherwise.
        dp.enable_features("contrib")

    def warm(self) -> None:
        """Pays OpenDP's first-call costs, so that no release does."""
        self.laplace(1.0, 1)
        self.gaussian(1.0, 1)
        self.uniform(2)

    def laplace(self, scale: float, count: int) -> list[int]:
        """As the protocol says. Noise is drawn for zeros, so nothing private passes through the library."""
        if not 0 < scale <= MAX_SCALE:
            raise NoNoise("a scale must be positive and finite")
        drawn: list[int] = _laplace(scale)([0] * count)
        return drawn

    def gaussian(self, scale: float, count: int) -> list[int]:
        """As the protocol says. Noise is drawn for zeros, so nothing private passes through the library."""
        if not 0 < scale <= MAX_SCALE:
            raise NoNoise("a scale must be positive and finite")
        drawn: list[int] = _gaussian(scale)([0] * count)
        return drawn

    def uniform(self, below: int) -> int:
        """As the protocol says: the operating system's random bits, by rejection."""
        if below < 1:
            raise NoNoise("a range must hold an integer")
        return secrets.randbelow(below)


@lru_cache(maxsize=256)
def _laplace(scale: float) -> Any:
    return dp.m.make_laplace(*_space(), scale=scale)


@lru_cache(maxsize=1)
def _space() -> tuple[Any, Any]:
    """Vectors of 64-bit integers and their L1 distance: made once, as making them takes as long as a draw."""
    return dp.vector_domain(dp.atom_domain(T=dp.i64)), dp.l1_distance(T=dp.i64)


@lru_cache(maxsize=256)
def _gaussian(scale: float) -> Any:
    return dp.m.make_gaussian(_space()[0], dp.l2_distance(T=dp.f64), scale=scale)
