"""Column expressions: inert words for one value per row. No word here knows how it is priced or run.

Every expression is total: the vault gives each a value, possibly null, on every conforming row.
"""

import math
from typing import Literal

from msgspec import Struct

Scalar = bool | int | float | str | None

UnaryOperator = Literal[
    "neg", "not", "abs", "is_null", "floor", "ceil", "round", "sqrt", "exp", "log",
    "log2", "log10", "sin", "cos", "tan", "atan",
]  # fmt: skip
BinaryOperator = Literal[
    "add", "sub", "mul", "div", "floordiv", "mod", "pow",
    "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "xor",
    "least", "greatest", "fmod",
]  # fmt: skip
TextOperator = Literal["lower", "upper", "strip", "lstrip", "rstrip", "length"]
TextTest = Literal["contains", "startswith", "endswith"]
DateField = Literal[
    "year", "quarter", "month", "day", "dayofweek", "dayofyear", "hour", "minute", "second", "microsecond",
]  # fmt: skip
CastTarget = Literal["float", "int", "bool", "str", "datetime"]

_INT64 = range(-(2**63), 2**63)


def check_scalar(value: Scalar) -> None:
    """Refuse what no column can hold: NaN and infinities, and integers beyond 64 bits."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a literal must be finite")
    if isinstance(value, int) and value not in _INT64:
        raise ValueError("an integer literal must fit in 64 bits")


class Expression(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value per row of a relation."""


class Code(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a program, see ``programs.py``: a value or a step."""


class Column(Expression, frozen=True, kw_only=True, tag="column"):
    """The value of a column of the relation, by name."""

    name: str


class Constant(Expression, frozen=True, kw_only=True, tag="constant"):
    """The same public value on every row."""

    value: Scalar

    def __post_init__(self) -> None:
        check_scalar(self.value)


class Instant(Expression, frozen=True, kw_only=True, tag="instant"):
    """The same public point in time on every row, in microseconds since 1970-01-01, without a zone."""

    micros: int

    def __post_init__(self) -> None:
        check_scalar(self.micros)


class Unary(Expression, frozen=True, kw_only=True, tag="unary"):
    """An operator of one operand. ``is_null`` gives a boolean; the rest give null for null."""

    operator: UnaryOperator
    operand: Expression


class Binary(Expression, frozen=True, kw_only=True, tag="binary"):
    """An operator of two operands. Null with anything is null; x/0 is null; comparisons give booleans.

    ``and`` and ``or`` are three-valued, as in SQL: null and false is false, null or true is true.
    """

    operator: BinaryOperator
    left: Expression
    right: Expression


class IsIn(Expression, frozen=True, kw_only=True, tag="is_in"):
    """Whether the operand is one of the public values; null is in none."""

    operand: Expression
    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        for value in self.values:
            check_scalar(value)


class Choose(Expression, frozen=True, kw_only=True, tag="choose"):
    """``then`` where the condition is true, ``otherwise`` where it is false or null."""

    condition: Expression
    then: Expression
    otherwise: Expression


class Coalesce(Expression, frozen=True, kw_only=True, tag="coalesce"):
    """The operand, or the fallback where the operand is null."""

    operand: Expression
    fallback: Expression


class Clamp(Expression, frozen=True, kw_only=True, tag="clamp"):
    """The operand moved into [lower, upper]; gives a number bounds, which only the vault may believe."""

    operand: Expression
    lower: int | float
    upper: int | float

    def __post_init__(self) -> None:
        check_scalar(self.lower)
        check_scalar(self.upper)
        if self.lower > self.upper:
            raise ValueError("the lower bound must not exceed the upper bound")


class Cast(Expression, frozen=True, kw_only=True, tag="cast"):
    """The operand in another logical type; null where it can't be."""

    operand: Expression
    to: CastTarget


class Recode(Expression, frozen=True, kw_only=True, tag="recode"):
    """``values[i]`` where the operand is ``keys[i]``, else null; both run in parallel. Values are of one kind, or null."""

    operand: Expression
    keys: tuple[Scalar, ...]
    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if len(self.keys) != len(self.values):
            raise ValueError("a recoding needs one value per key")
        for value in (*self.keys, *self.values):
            check_scalar(value)


class Text(Expression, frozen=True, kw_only=True, tag="text"):
    """A text changed or measured as Python does it; blanks are all that Python calls so."""

    operator: TextOperator
    operand: Expression


class TextHas(Expression, frozen=True, kw_only=True, tag="text_has"):
    """Whether a text contains, starts with or ends with a public one."""

    test: TextTest
    operand: Expression
    needle: str


class Concat(Expression, frozen=True, kw_only=True, tag="concat"):
    """One text and then another."""

    left: Expression
    right: Expression


class Replace(Expression, frozen=True, kw_only=True, tag="replace"):
    """A text with every ``old`` in it made ``new``, from the left."""

    operand: Expression
    old: str
    new: str

    def __post_init__(self) -> None:
        if not self.old:
            raise ValueError("nothing can't be replaced: old must be a text of at least one character")


class Slice(Expression, frozen=True, kw_only=True, tag="slice"):
    """The characters of a text from ``start`` up to ``stop``, counted as Python does: negative from the end."""

    operand: Expression
    start: int = 0
    stop: int | None = None

    def __post_init__(self) -> None:
        check_scalar(self.start)
        check_scalar(self.stop)


class Piece(Expression, frozen=True, kw_only=True, tag="piece"):
    """Piece ``index`` (negative from the end) of a text split at a separator, at blanks where None; null where there is none."""

    operand: Expression
    separator: str | None
    index: int

    def __post_init__(self) -> None:
        check_scalar(self.index)
        if self.separator == "":
            raise ValueError("a separator must have at least one character")


class Match(Expression, frozen=True, kw_only=True, tag="match"):
    """Whether a pattern of the small language in ``ag_vault/expressions/pattern.py`` is found in a text."""

    operand: Expression
    pattern: str


class Extract(Expression, frozen=True, kw_only=True, tag="extract"):
    """What a group of a pattern found first in a text (0: the whole); empty where nothing is found."""

    operand: Expression
    pattern: str
    group: int = 0


class Substitute(Expression, frozen=True, kw_only=True, tag="substitute"):
    """A text with everything that a pattern finds replaced by a public text."""

    operand: Expression
    pattern: str
    replacement: str


class DatePart(Expression, frozen=True, kw_only=True, tag="date_part"):
    """A field of a point in time, as an integer; Monday is 0. Null outside the years 1 to 9999."""

    operand: Expression
    field: DateField


class Mapped(Expression, frozen=True, kw_only=True, tag="mapped"):
    """What a program gives for the operands, run by a mapper; null where it raises, takes too long or gives another kind."""

    operands: tuple[Expression, ...]
    program: Code
    kind: Literal["float", "int", "bool", "str", "datetime"]


EXPRESSIONS: tuple[type[Expression], ...] = (
    Column, Constant, Instant, Unary, Binary, IsIn, Choose, Coalesce, Clamp, Cast,
    Recode, Text, TextHas, Concat, Replace, Slice, Piece, Match, Extract, Substitute, DatePart, Mapped,
)  # fmt: skip
