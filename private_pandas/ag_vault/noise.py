"""The one place that draws randomness, all of it OpenDP's: integer Laplace vectors and uniform integers.

Knows no plan, no budget and no data: what to draw is said in scales and ranges.
"""

from typing import Protocol


class Noise(Protocol):
    """A source of draws. Tests put a frozen one in its place."""

    def laplace(self, scale: float, count: int) -> list[int]:
        """Independent discrete Laplace draws, P(k) ∝ exp(-|k|/scale), of 64 bits. NoNoise unless 0 < scale ≤ MAX_SCALE."""
        ...

    def uniform(self, below: int) -> int:
        """A uniform integer in [0, below). NoNoise unless below ≥ 1."""
        ...
