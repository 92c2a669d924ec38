"""Noise that is a tenth too small: what an audit has to notice."""

from ag_vault.noise import OpenDPNoise


class Thin(OpenDPNoise):
    """Draws of nine tenths of the scale that was asked for."""

    def laplace(self, scale: float, count: int) -> list[int]:
        return super().laplace(0.9 * scale, count)

    def gaussian(self, scale: float, count: int) -> list[int]:
        return super().gaussian(0.9 * scale, count)
