"""What is public about rows: the kind, bounds and categories of each column, and how far one unit reaches.

Knows no rows and no engine. Bounds here are an owner's word enforced at ingestion, or follow from them by interval arithmetic.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from ag_plan.expressions import Scalar

Kind = Literal["float", "int", "bool", "str", "datetime", "id", "null"]
"""``id`` is the keyed hash of a privacy unit's id: rows are joined and grouped by it, and nothing is computed from it.

``null`` is the kind of a bare null: it joins any other kind, and no table has it.
"""

INT64 = (-(2**63), 2**63 - 1)

MOST_CHARACTERS = 1 << 13
"""A text that a word makes longer than this is null: no plan can make rows grow without end."""
USUAL_CHARACTERS = 1 << 8
"""Of a text column of which its owner doesn't say how long its texts may be."""


class ColumnSpace(Struct, frozen=True, kw_only=True):
    """The values a column may hold on any conforming row.

    ``lower`` and ``upper`` are both given or both None; floats for float, integers for int, microseconds since 1970 for
    datetime. ``categories`` are the only non-null values of a str (or int) column that has them, in their public order.
    A float column never holds NaN or an infinity: these were made null. ``longest``: the most characters of a text, where that is less or
    more than a word may make.
    """

    kind: Kind
    lower: int | float | None = None
    upper: int | float | None = None
    categories: tuple[Scalar, ...] | None = None
    nullable: bool = True
    longest: int | None = None

    @property
    def characters(self) -> int:
        """The most characters that a value has as a text; 0 for what is none."""
        if self.kind != "str":
            return 0
        if self.categories is not None:
            return max((len(str(value)) for value in self.categories), default=0)
        return MOST_CHARACTERS if self.longest is None else self.longest

    @property
    def bounds(self) -> tuple[int | float, int | float] | None:
        """Both bounds, where they are public; 0 and 1 for a boolean."""
        if self.kind == "bool":
            return 0, 1
        return None if self.lower is None or self.upper is None else (self.lower, self.upper)

    @property
    def is_numeric(self) -> bool:
        """Whether arithmetic is meant: float, int, or a boolean as 0 and 1."""
        return self.kind in ("float", "int", "bool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A table of private rows, from outside: ordered columns, and the most rows that one privacy unit may hold in it."""

    columns: Mapping[str, ColumnSpace]
    stability: int = 1
