"""From what an analyst writes for ``eps`` or ``rho`` to an exact positive rational, once, before anything is sent.

Must not know what a release costs or what is left: that is the vault's.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from ag_plan.releases import Epsilon, Rho

Number: TypeAlias = int | float | Decimal | Fraction | np.floating[Any] | np.integer[Any]
"""What counts as a number: exactly these types, never a subclass that may lie."""

_FINEST = 10**18
"""ε is counted in steps of 10⁻¹⁸ where its own denominator doesn't fit in 64 bits; rounded down, never up."""
_LARGEST = 2**63 - 1
_DECIMAL_DIGITS = 400
"""Decimals whose exponent is beyond this are not expanded: no float reaches so far."""


def _from_decimal(value: Decimal) -> Fraction:
    if value.is_finite() and abs(value.adjusted()) > _DECIMAL_DIGITS:
        raise ValueError("the exponent is out of any useful range")
    return Fraction(value)


def _from_float(value: Any) -> Fraction:
    return Fraction(repr(float(value)))


def _from_short_float(value: Any) -> Fraction:
    return Fraction(str(value))


def _from_integer(value: Any) -> Fraction:
    return Fraction(int(value))


_EXACT: dict[type, Callable[[Any], Fraction]] = {
    int: Fraction,
    float: _from_float,
    Decimal: _from_decimal,
    Fraction: Fraction,
    np.float64: _from_float,
    np.float32: _from_short_float,
    np.float16: _from_short_float,
    **dict.fromkeys((np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64), _from_integer),
}


def exact(value: object, what: str) -> Fraction:
    """The exact value of a number, floats by their shortest decimal form. TypeError or ValueError, named after ``what``."""
    convert = _EXACT.get(type(value))
    if convert is None:
        raise TypeError(
            f"{what} must be a number (int, float, Decimal or Fraction), not {_article(type(value).__name__)}"
        )
    try:
        return convert(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{what} must be a finite number, not {value!r}") from None


def _article(name: str) -> str:
    if name == "NoneType":
        return "None"
    return f"an {name}" if name[:1].lower() in "aeiou" else f"a {name}"


def parse_epsilon(eps: object, call: str) -> Epsilon:
    """The ε of a call, e.g. ``parse_epsilon(0.5, "mean")`` is 1/2. TypeError or ValueError before anything is sent."""
    if eps is None:
        raise TypeError(f"{call} needs eps, the privacy budget it may spend, e.g. eps=0.5")
    value = positive(eps, "eps")
    return Epsilon(numerator=value.numerator, denominator=value.denominator)


def parse_rho(rho: object) -> Rho:
    """The ρ of a call. TypeError or ValueError before anything is sent."""
    value = positive(rho, "rho")
    return Rho(numerator=value.numerator, denominator=value.denominator)


def positive(given: object, what: str) -> Fraction:
    """A positive number whose parts fit 64 bits, rounded down to 10⁻¹⁸ where they don't. TypeError or ValueError, named after ``what``."""
    value = exact(given, what)
    if value <= 0:
        raise ValueError(f"{what} must be greater than zero, not {given}")
    if value.denominator > _LARGEST or value.numerator > _LARGEST:
        value = Fraction(value * _FINEST // 1, _FINEST)
    if value <= 0:
        raise ValueError(f"{what} must be at least 1e-18, not {given}")
    if value.denominator > _LARGEST or value.numerator > _LARGEST:
        raise ValueError(f"{what} must not be as large as {given}")
    return value
