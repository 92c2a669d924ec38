"""Warnings of comparisons that no row can meet: a mistyped category, a number beyond the bounds. They come before anything is charged.

Read from public metadata alone, so that a warning tells nothing of the rows. Must not know releases.
"""

import sys
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from op_pandas.columns import likeness
from op_pandas.rows import Term

_SHOWN = 6
_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_ROOM = "op_pandas"


def compared(term: Term, name: str | None, operator: str, value: object) -> None:
    """Warn where a column, compared with a public value, can't be what is asked; nothing where metadata don't say."""
    if operator not in _SIGNS:
        return
    shown = name or "the column"
    if operator in ("eq", "ne"):
        found = _outside(term, value)
        met = "every row that has a value" if operator == "ne" else "no row"
        if found:
            _warn(f"{met} has {shown} {_SIGNS[operator]} {value!r}: {found}")
    elif _beyond(term, operator, value):
        _warn(f"no row has {shown} {_SIGNS[operator]} {value!r}: {_reach(term)}")


def listed(term: Term, name: str | None, values: Iterable[object]) -> None:
    """Warn once where some of the values that are looked for are none that a row can have."""
    found = {repr(value): why for value in values if (why := _outside(term, value))}
    if found:
        _warn(f"no row has {', '.join(found)} as {name or 'the column'}: {next(iter(found.values()))}")


def looked_up(term: Term, name: str | None, table: Mapping[Any, object]) -> None:
    """Warn where a table has keys that no row has, and says nothing of values that rows may have: one is likely meant for the other."""
    known = [value for value in term.schema.categories or () if value is not None]
    if any(value not in table for value in known):
        listed(term, name, table)


def _outside(term: Term, value: object) -> str:
    """Why a value is none of the column's, by its public categories or bounds; empty where it may be one."""
    known = term.schema.categories
    if known is not None and isinstance(value, str | int | float | bool) and value == value:  # noqa: PLR0124 - NaN isn't itself
        if value in known:
            return ""
        some = ", ".join(str(each) for each in known[:_SHOWN] if each is not None)
        more = ", …" if len(known) > _SHOWN else ""
        return f"its public categories are {some}{more}{likeness(value, [each for each in known if isinstance(each, str)])}"
    if _beyond(term, "ge", value) or _beyond(term, "le", value):
        return _reach(term)
    return ""


def _beyond(term: Term, operator: str, value: object) -> bool:
    """Whether numbers between the column's bounds can't be in this relation to the value."""
    lower, upper = term.schema.lower, term.schema.upper
    if not isinstance(value, int | float) or isinstance(value, bool) or lower is None or upper is None:
        return False
    if term.kind not in ("int", "float"):
        return False
    return {"lt": value <= lower, "le": value < lower, "gt": value >= upper, "ge": value > upper}[operator]


def _reach(term: Term) -> str:
    return f"it lies between {term.schema.lower:.15g} and {term.schema.upper:.15g}"


def _warn(sentence: str) -> None:
    """At the line of the cell that asks."""
    depth, frame = 1, sys._getframe(0)  # noqa: SLF001 - the documented way to look at a caller
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _ROOM:
        depth, frame = depth + 1, frame.f_back
    warnings.warn(sentence, UserWarning, stacklevel=depth)
