"""From draws on two neighbours to a certified lower bound of ε. Knows numbers only.

One half of the draws chooses the event, the other half counts it, so that no choice has to be paid for. If P and Q are the probabilities of
the event, then (ε, δ) implies P ≤ e^ε·Q + δ; with P at least p and Q at most q (Clopper–Pearson, each at ``alpha`` / 2) it follows that
ε ≥ ln((p - δ)/q), with confidence 1 - alpha.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

CUTS = (*np.linspace(0, 0.95, 39), *(1 - 0.05 / 2.0 ** np.arange(8)))
"""Events tried for the choice: that the statistic reaches one of these quantiles of its own."""
Floats = NDArray[np.float64]


def lower(hits: int, draws: int, alpha: float) -> float:
    """What a probability is at least. Clopper–Pearson 1934."""
    return 0.0 if hits == 0 else float(stats.beta.ppf(alpha, hits, draws - hits + 1))


def upper(hits: int, draws: int, alpha: float) -> float:
    """What a probability is at most."""
    return 1.0 if hits == draws else float(stats.beta.ppf(1 - alpha, hits + 1, draws - hits))


def certified(one: Floats, other: Floats, *, alpha: float, delta: float) -> float:
    """The ε that the draws of a statistic on two neighbours certify, whichever of them is more likely to be large."""
    half = len(one) // 2
    found = 0.0
    for likely, rare in ((one, other), (-other, -one)):
        at = _best(likely[:half], rare[:half], delta)
        hits = int((likely[half:] >= at).sum()), int((rare[half:] >= at).sum())
        p, q = lower(hits[0], len(likely) - half, alpha / 4), upper(hits[1], len(rare) - half, alpha / 4)
        if p > delta:
            found = max(found, math.log((p - delta) / q))
    return found


def _best(likely: Floats, rare: Floats, delta: float) -> float:
    """The cut at which the event that the statistic reaches it promises most, at a confidence of its own."""
    cuts: list[float] = np.unique(np.quantile(likely, CUTS)).tolist()
    counts = [(int((likely >= cut).sum()), int((rare >= cut).sum())) for cut in cuts]
    promises = [
        math.log(max(lower(p, len(likely), 1e-3) - delta, 1e-300) / upper(q, len(rare), 1e-3)) for p, q in counts
    ]
    return cuts[int(np.argmax(promises))]
