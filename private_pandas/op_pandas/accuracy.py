"""From how accurate an answer shall be to the ε that buys it, by free previews of the release itself.

Must not know mechanisms: the vault says what half-width to expect at ε = 1, and that it falls as 1/ε.
"""

import math
from collections.abc import Callable
from fractions import Fraction

from ag_plan.messages import Preview
from ag_plan.releases import Epsilon
from op_pandas.spend import Accuracy

Ask = Callable[[Epsilon], Preview]
"""The preview of a release at some ε; charges nothing."""

_NANO = 10**9
"""What the ledger rounds ε up to: anything finer would cost the same."""
_TRIES = 8


def epsilon_for(accuracy: Accuracy, ask: Ask) -> Epsilon:
    """The least ε, in steps of 1e-9, at which every half-width is at most what was asked for. ValueError where no preview can tell."""
    epsilon = _nano(_excess(accuracy, ask(Epsilon(numerator=1, denominator=1))))
    for _ in range(_TRIES):
        spend = Epsilon(numerator=epsilon.numerator, denominator=epsilon.denominator)
        excess = _excess(accuracy, ask(spend))
        if excess <= 1:
            return spend
        # Scales are rounded up to doubles, so that the first guess can be short by some of their last digits.
        epsilon = _nano(epsilon * excess) + Fraction(1, _NANO)
    raise ValueError("this accuracy is finer than the noise can be tuned to; say what to spend with eps=")


def _nano(value: Fraction) -> Fraction:
    return Fraction(max(math.ceil(value * _NANO), 1), _NANO)


def _excess(accuracy: Accuracy, preview: Preview) -> Fraction:
    """By which factor the widest half-width exceeds what was asked for."""
    for name in accuracy.by_column or ():
        if name not in preview.columns:
            raise ValueError(f"Column {name} is not among those released: {', '.join(preview.columns)}")
    found: list[Fraction] = []
    for row in preview.half_widths:
        for name, width in zip(preview.columns, row, strict=True):
            wished = accuracy.of(name)
            if wished is None:
                continue
            if width is None:
                raise ValueError(
                    "accuracy= is for counts, sums and histograms; how far off this is depends on how many rows there are, which is "
                    "private: say what to spend with eps= or rho=, and read the interval off the answer's .ag"
                )
            found.append(Fraction(width) / wished)
    return max(found, default=Fraction(1))
