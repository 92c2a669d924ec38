"""What a cap would allow: how many means, and how exact each. From public formulae alone: no row, no ledger.

Knows the accountants and a mean's noise; not whose cap it is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ag_vault.account import LARGEST_EPSILON, Cap, Event, Totals, admits, totals_of

_WEIGHT = 2**32
"""Steps of a mean's grid that one row weighs (``ops/mean.py``, which the clerk needn't load; a test compares)."""
_LAPLACE_95 = math.log(20)
"""95 % of a Laplace variable lies within so many scales."""
_MOST_CALLS = 10**9
MOST_ROWS = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Means of one column at ``epsilon`` each: how many the cap admits, and the 95 % half-width of one, in widths between the column's bounds."""

    epsilon: str
    calls: int
    half_width: float


def outlook(cap: Cap, each: Sequence[str], rows: int) -> list[Outlook]:
    """For every ε per mean of ``each``, over so many rows, where a unit is a row. ValueError where one is no ε, or there are no rows."""
    if not 1 <= rows <= MOST_ROWS:
        raise ValueError("The number of rows lies between 1 and 10^12.")
    return [_at(cap, text, rows) for text in each]


def _at(cap: Cap, text: str, rows: int) -> Outlook:
    epsilon = Fraction(text)
    if not 0 < epsilon <= LARGEST_EPSILON:
        raise ValueError(f"An epsilon of a call lies above 0 and is at most {LARGEST_EPSILON}.")
    one = totals_of(Event(mechanism="laplace", epsilon=epsilon))
    return Outlook(epsilon=text, calls=_most(cap, one), half_width=_half_width(epsilon, rows))


def _most(cap: Cap, one: Totals) -> int:
    """The largest number of equal calls that the cap admits; more than a thousand million are as many."""
    admitted, refused = 0, 1
    while refused <= _MOST_CALLS and admits(cap, _times(one, refused)):
        admitted, refused = refused, refused * 2
    while refused - admitted > 1:
        middle = (admitted + refused) // 2
        admitted, refused = (middle, refused) if admits(cap, _times(one, middle)) else (admitted, middle)
    return min(admitted, _MOST_CALLS)


def _times(one: Totals, calls: int) -> Totals:
    return Totals(epsilon=one.epsilon * calls, rho=one.rho * calls, delta=one.delta * calls)


def _half_width(epsilon: Fraction, rows: int) -> float:
    """Of a mean at one of its bounds, where it is least exact: one of its two parts has all the rows, and all of the slope (``ops/mean.py``)."""
    return _LAPLACE_95 * float(Fraction(_WEIGHT + 1, _WEIGHT) / epsilon / rows)
