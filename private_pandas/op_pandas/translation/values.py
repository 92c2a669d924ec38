"""What a name in an analyst's function stands for while it is translated. Must not know syntax or how values combine.

A missing number or moment is NaN or NaT, and flows on through arithmetic; a missing text or truth is None, and is its own case.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ag_plan.expressions import Expression

Kind: TypeAlias = Literal["float", "int", "bool", "str", "datetime", "timedelta"]
Bounds: TypeAlias = tuple[int | float, int | float]


@dataclass(frozen=True, slots=True)
class Known:
    """The same public value on every row: a scalar, a frozen container, a function, a module."""

    value: Any


@dataclass(frozen=True, slots=True)
class Typed:
    """A value of one kind per row. ``nullable``: it may be NaN or NaT; texts and truths never are. A timedelta is microseconds."""

    kind: Kind
    expression: Expression
    nullable: bool = False
    bounds: Bounds | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """One of two values, by a condition that is true or false on every row."""

    condition: Expression
    then: "Value"
    otherwise: "Value"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a frame: its columns by name."""

    columns: Mapping[str, "Value"]


@dataclass(frozen=True, slots=True)
class Display:
    """A list or tuple written out in the function, some of whose items are private."""

    items: tuple["Value", ...]


@dataclass(frozen=True, slots=True)
class Pieces:
    """What ``text.split(separator)`` gives."""

    text: Typed
    separator: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """What ``re.match`` and its like give: None, or a match. ``found``: whether; ``readable``: where it can be told at all."""

    text: Expression
    pattern: str
    groups: int
    found: Expression


@dataclass(frozen=True, slots=True)
class Closure:
    """A function written inside the function."""

    node: Any
    environment: Mapping[str, "Value"]
    home: Any


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a value, not yet called."""

    owner: "Value"
    name: str


@dataclass(frozen=True, slots=True)
class Never:
    """No value: the row is not here, because an error came first."""


@dataclass(frozen=True, slots=True)
class Unbound:
    """A variable that nothing was assigned to on this path."""


Value: TypeAlias = Known | Typed | Split | Row | Display | Pieces | Found | Closure | Method | Never | Unbound
NEVER = Never()
UNBOUND = Unbound()
NONE = Known(None)
