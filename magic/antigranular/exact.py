"""Exact numbers that an enclave sends as text, within bounds: written with a large exponent, one would take all memory.

Must not know what they count.
"""

import re
from fractions import Fraction
from typing import Any

_FORM = re.compile(r"-?\d{1,2000}(/\d{1,2000}|(\.\d{1,400})?([eE][+-]?\d{1,3})?)", re.ASCII)


def exact(text: Any) -> Fraction:
    """The number. ValueError for what is none, or too long to be one; ZeroDivisionError for a fraction of nothing."""
    if not isinstance(text, str) or not _FORM.fullmatch(text):
        raise ValueError(f"{text!r:.40} is not a number")
    return Fraction(text)


def approximate(value: Any) -> float:
    """A number, or an exact one as text, as a float. TypeError, ValueError or ArithmeticError for what is none or beyond floats."""
    return float(exact(value)) if isinstance(value, str) else float(value)
