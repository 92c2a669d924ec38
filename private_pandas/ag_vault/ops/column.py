"""What measures ask of a column: that it exists, that it is a number, that it has bounds. Knows no measure and no data."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from ag_vault.errors import Refusal
from ag_vault.expressions.term import Term
from ag_vault.ops.rows import Rows

MOST_COLUMNS = 1024
T = TypeVar("T")


def each(names: Sequence[str], rows: Rows, make: Callable[[str, Term], T | Refusal]) -> list[T] | Refusal:
    """What ``make`` makes of each column of a measure; the first refusal otherwise."""
    if not names:
        return Refusal(code="no_columns", why="there is no column to release", instead="select a numeric column")
    if len(names) > MOST_COLUMNS or len(set(names)) != len(names):
        return Refusal(code="bad_columns", why=f"a release takes up to {MOST_COLUMNS} different columns")
    made: list[T] = []
    for name in names:
        term = rows.columns.get(name)
        if term is None:
            return unknown_column(name)
        part = make(name, term)
        if isinstance(part, Refusal):
            return part
        made.append(part)
    return made


def bounds_of(name: str, term: Term, *, datetimes: bool = False) -> tuple[float | int, float | int] | Refusal:
    """The public bounds of a numeric column, without which no numeric statistic has a finite sensitivity."""
    kind = term.space.kind
    if not (term.space.is_numeric or (datetimes and kind == "datetime")):
        return Refusal(
            code="not_numeric",
            why=f"{name} is not a numeric column (it is {kind})",
            instead="count it, or group by it",
            error="TypeError",
        )
    if term.space.bounds is None:
        return Refusal(
            code="no_bounds",
            why=f"{name} has no public bounds, so its statistics can't be protected",
            instead=f"give it some: clip {name} to a range you expect, or pass metadata={{{name!r}: (low, high)}}",
        )
    return term.space.bounds


def unusable(name: str) -> Refusal:
    """The refusal of bounds on which no grid can stand."""
    return Refusal(
        code="bad_bounds",
        why=f"the bounds of {name} are too far apart or too close together to compute with",
        instead="clip it to a narrower range",
    )


def unknown_column(name: str) -> Refusal:
    """The refusal of a name that the relation hasn't."""
    return Refusal(code="no_such_column", why=f"Column {name} does not exist", instead="see .columns for the names")
