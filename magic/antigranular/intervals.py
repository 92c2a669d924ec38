"""A released value beside its 95 % interval, as text and as HTML. Must not know how it came about.

The analyst's client and the guest's op_pandas share no code, so each has this file; a test keeps the two equal. pandas objects and
arrays are known by what they have, so that nothing is imported.
"""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from . import table

_DIGITS: Final = 2
"""Digits of a half-width that are worth showing."""

_LONGEST: Final = 9
_TITLE: Final = "Released"
_NOTE: Final = "with 95 % intervals"


def estimate(value: Any, half_width: Any = None) -> str:
    """``13.69 ± 0.41``: no more digits than the interval bears; the value alone where the half-width is not known."""
    if not _is_number(value):
        return str(value)
    if not _is_number(half_width) or not math.isfinite(half_width) or not math.isfinite(value):
        return f"{value:,.6g}" if isinstance(value, float) else f"{value:,}"
    if isinstance(value, int):
        return f"{value:,} ± {math.ceil(half_width):,}"
    places = 0 if half_width <= 0 else min(max(_DIGITS - 1 - math.floor(math.log10(half_width)), 0), 12)
    if half_width and places == 12:  # noqa: PLR2004 - smaller than any number of places shows
        return f"{value:.6g} ± {half_width:.2g}"
    return f"{value:,.{places}f} ± {half_width:,.{places}f}"


def as_text(value: Any, half_widths: Any, facts: Mapping[str, str]) -> str:
    """The value with its intervals, and under it what else is known of it."""
    said = "\n".join(table.line(f"{name}: {text}") for name, text in facts.items())
    headers, rows = _grid(value, half_widths)
    if not headers:
        return f"{table.line(rows[0][0])}  ({_NOTE})\n{said}"
    shown = table.as_text(headers, rows, right=range(1, len(headers)))
    return f"{table.heading(_TITLE, _NOTE).text}\n{shown}\n{said}"


def as_html(value: Any, half_widths: Any, facts: Mapping[str, str]) -> str:
    """The same for a notebook."""
    headers, rows = _grid(value, half_widths)
    below = " · ".join(f"{name} {text}" for name, text in facts.items())
    if not headers:
        above = table.heading(rows[0][0], _NOTE).html
        return table.as_html(*_facing(facts), above=above)
    above = table.heading(_TITLE, _NOTE).html
    return table.as_html(headers, rows, above=above, below=below, right=range(1, len(headers)))


def cost(paid: Mapping[str, Any]) -> str:
    """``ε 0.5 and δ 1e-09``, or ρ, of a cost as releases say it."""
    amounts = [
        f"{sign} {_amount(paid[name])}" for name, sign in (("epsilon", "ε"), ("rho", "ρ")) if paid.get(name) is not None
    ]
    amounts += [f"δ {paid['delta']:.3g}"] if paid.get("delta") else []
    return " and ".join(amounts) or "nothing"


def _amount(exact: Any) -> str:
    """A price as people write it: a decimal number where it is one, else as it was given; one that nobody would read, in six digits."""
    decimal = f"{float(Fraction(exact)):.{_LONGEST}g}"
    text = decimal if Fraction(decimal) == Fraction(exact) else str(exact)
    return text if len(text) <= _LONGEST else f"{float(Fraction(exact)):.6g}"


def grid(value: Any) -> tuple[list[str], list[list[Any]]]:
    """Headers and rows of a frame, a series or an array, its labels as text; of anything else no headers, and its one value."""
    if hasattr(value, "columns"):
        found = zip(value.index, value.to_numpy().tolist(), strict=True)
        return ["", *map(label, value.columns)], [[label(key), *row] for key, row in found]
    if hasattr(value, "index") and hasattr(value, "to_numpy"):
        found = zip(value.index, value.to_numpy().tolist(), strict=True)
        return ["", "value" if value.name is None else label(value.name)], [[label(key), cell] for key, cell in found]
    if hasattr(value, "tolist") and len(getattr(value, "shape", "")):
        rows = [row if isinstance(row, list) else [row] for row in value.tolist()]
        headers = ["value"] if len(value.shape) == 1 else map(str, range(len(rows[0]) if rows else 0))
        return ["", *headers], [[str(at), *row] for at, row in enumerate(rows)]
    return [], [[value]]


def label(key: Any) -> str:
    """A label of an axis in words; several levels side by side."""
    return ", ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def _grid(value: Any, half_widths: Any) -> tuple[list[str], list[list[str]]]:
    headers, rows = grid(value)
    _, widths = grid(half_widths)
    if len(widths) != len(rows) or not headers:
        widths = [[None] * len(row) for row in rows] if headers else widths[:1]
    first = 1 if headers else 0
    return headers, [
        [*map(str, row[:first]), *(estimate(*both) for both in zip(row[first:], width[first:], strict=False))]
        for row, width in zip(rows, widths, strict=True)
    ]


def _facing(facts: Mapping[str, str]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Facts as a table of one row."""
    return list(facts), [list(facts.values())]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
