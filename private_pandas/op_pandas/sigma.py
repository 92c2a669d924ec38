"""From how much noise an answer shall have to the ρ that buys it, by free previews of the release itself.

Must not know mechanisms: the vault says what noise ρ = 1 buys, and that its deviation falls as 1/√ρ. Nothing here has met a row, so what
a call costs says nothing about rows: it follows from σ, the plan and public bounds.
"""

import math
from collections.abc import Callable
from fractions import Fraction

from ag_plan.messages import Preview
from ag_plan.releases import Rho
from op_pandas.spend import Sigma

Ask = Callable[[Rho], Preview]
"""The preview of a release at some ρ; charges nothing."""

_PICO = 10**12
"""What the ledger rounds ρ up to: anything finer would cost the same."""
_TRIES = 8
_GAUSSIAN = "discrete Gaussian"


def rho_for(sigma: Sigma, ask: Ask) -> Rho:
    """The least ρ, in steps of 1e-12, whose noise has at most this deviation: Δ²/2σ². ValueError where the release has no such noise, or no such σ."""
    first = ask(Rho(numerator=1, denominator=1))
    if first.mechanism != _GAUSSIAN:
        raise ValueError(
            "sigma= is for counts, sums and what is made of them, which have Gaussian noise: say what to spend with eps= or rho="
        )
    rho = _pico((Fraction(first.scale) / sigma.deviation) ** 2)
    for _ in range(_TRIES):
        spend = Rho(numerator=rho.numerator, denominator=rho.denominator)
        scale = Fraction(ask(spend).scale)
        if scale <= sigma.deviation:
            return spend
        # Scales are rounded up to doubles on the public grid, so that the first guess can be short by a little.
        rho = _pico(rho * (scale / sigma.deviation) ** 2) + Fraction(1, _PICO)
    raise ValueError("the noise can't be made as small as this sigma; say what to spend with rho= or eps=")


def _pico(value: Fraction) -> Fraction:
    return Fraction(max(math.ceil(value * _PICO), 1), _PICO)
