"""The two ways to say what a call may cost, ε or ρ: what of it a row may cost, and which noise that buys. Knows no rows and no ledger.

Both are exact, and a call is in one of them as a whole. Let a row of the relation cost ε₀ (or ρ₀) and a unit have s rows in it. All groups
and parts of a release are one mechanism that is ε₀-DP (ρ₀-zCDP) when one row comes or goes, as a row is in one group at most and the parts'
shares add up to one. So for a unit it is sε₀-DP (Dwork-Roth 2014, Thm 2.2), or s²ρ₀-zCDP (Bun-Steinke 2016, Prop. 27), whichever groups
and coordinates the unit's rows are in.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ag_plan.releases import Epsilon, Rho, Spend
from ag_vault.account import Event
from ag_vault.mechanisms import gaussian, laplace, nested
from ag_vault.noise import Noise
from ag_vault.parts import Noised, Part, Ranks

Vectors = list[tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Currency:
    """What a call's total buys.

    ``per_row``: of a total, what one row may cost where a unit has so many. ``scale``: the noise of a part at its share of that; None beyond
    the limits. ``count_scale``: that of a bare count. ``epsilon``: the ε of a part at its share, None where it has none; draws of a ranked part have one always. ``event``: what a call of this total, these parts and shares costs.
    ``draw``: bare draws of the noise. ``as_laplace``: the scale in which parts read their error.
    """

    noise: str
    per_row: Callable[[Fraction, int], Fraction]
    scale: Callable[[Noised, Fraction], float | None]
    count_scale: Callable[[Fraction], float | None]
    epsilon: Callable[[Part, Fraction], Fraction | None]
    event: Callable[[str, Fraction, Sequence[Part], Sequence[Fraction]], Event]
    draw: Callable[[Noise, float, int], list[int]]
    perturb: Callable[[Iterable[Sequence[int]], float, Noise], Vectors]
    as_laplace: Callable[[float], float]


def _pure_event(mechanism: str, total: Fraction, parts: Sequence[Part], shares: Sequence[Fraction]) -> Event:
    """ε, and the ρ that it implies: the sum over parts at their shares, which is less than that of the whole ε as one."""
    rho = Fraction(0)
    for part, share in zip(parts, shares, strict=True):
        own = total * share
        rho += nested.rho(part.probabilities, own) if isinstance(part, Ranks) else laplace.rho(own)
    return Event(mechanism=mechanism, epsilon=total, rho=rho)


def _concentrated_event(mechanism: str, total: Fraction, parts: Sequence[Part], shares: Sequence[Fraction]) -> Event:
    """ρ alone: Gaussian noise has no ε of its own."""
    del parts, shares
    return Event(mechanism=mechanism, epsilon=None, rho=total)


_PURE = Currency(
    noise=laplace.NAME,
    per_row=lambda total, rows: total / rows,
    scale=lambda part, epsilon: laplace.scale_of(part.l1, epsilon),
    count_scale=lambda epsilon: laplace.scale_of(1, epsilon),
    epsilon=lambda _, epsilon: epsilon,
    event=_pure_event,
    draw=lambda noise, scale, count: noise.laplace(scale, count),
    perturb=laplace.perturb,
    as_laplace=laplace.as_laplace,
)
_CONCENTRATED = Currency(
    noise=gaussian.NAME,
    per_row=lambda total, rows: total / rows**2,
    scale=lambda part, rho: gaussian.scale_of(part.l2_squared, rho),
    count_scale=lambda rho: gaussian.scale_of(1, rho),
    epsilon=lambda part, rho: nested.epsilon_of(part.probabilities, rho) if isinstance(part, Ranks) else None,
    event=_concentrated_event,
    draw=lambda noise, scale, count: noise.gaussian(scale, count),
    perturb=gaussian.perturb,
    as_laplace=gaussian.as_laplace,
)

_CURRENCIES: dict[type[Spend], Currency] = {Epsilon: _PURE, Rho: _CONCENTRATED}


def currency_of(spend: Spend) -> Currency:
    """The currency of what a plan may spend."""
    return _CURRENCIES[type(spend)]
