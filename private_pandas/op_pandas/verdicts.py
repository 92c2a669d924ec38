"""What the tables of names say about one name of pandas. Must not know the names."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Implemented:
    """The name is there, with pandas' meaning."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The name isn't there: why, and what to use instead."""

    why: str
    instead: str = ""


Verdict: TypeAlias = Implemented | Refused

HERE = Implemented()


def shows_rows(instead: str = "release a statistic, e.g. describe(eps)") -> Refused:
    """Refused because the answer would be rows."""
    return Refused("it would show rows", instead)


def needs_order(instead: str = "") -> Refused:
    """Refused because private rows have no public order, and neighbours would change every row after them."""
    return Refused("rows are private and have no order, so that one row more would change many values", instead)


def has_no_index(instead: str = "keep what you need as a column") -> Refused:
    """Refused because private rows have no labels."""
    return Refused("rows have no labels or positions", instead)


def depends_on_rows(instead: str) -> Refused:
    """Refused because a shape or a name would depend on private values."""
    return Refused("its outcome would tell private values without noise", instead)
