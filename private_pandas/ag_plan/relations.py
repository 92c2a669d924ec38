"""Relations: inert words for tables of private rows. No word here knows where the rows are."""

import math
from typing import Literal

from msgspec import Struct

from ag_plan.expressions import Expression

_INT64_MAX = 2**63 - 1
MOST_ROWS = 1_000_000
"""Of one privacy unit in one relation, in any word that says how many."""

Aggregate = Literal["size", "count", "nunique", "sum", "mean", "min", "max", "first"]
How = Literal["inner", "left", "right", "outer"]


class Relation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of private rows with a public schema."""


class Source(Relation, frozen=True, kw_only=True, tag="source"):
    """A table of the session's catalogue, by its key, e.g. ``"breast_cancer/train"`` or ``"scratch/1"``."""

    table: str


class Filter(Relation, frozen=True, kw_only=True, tag="filter"):
    """The rows on which the predicate is true; false and null rows go."""

    relation: Relation
    predicate: Expression


class Project(Relation, frozen=True, kw_only=True, tag="project"):
    """New columns computed row by row; ``names`` and ``expressions`` run in parallel, names are distinct."""

    relation: Relation
    names: tuple[str, ...]
    expressions: tuple[Expression, ...]

    def __post_init__(self) -> None:
        if len(self.names) != len(self.expressions):
            raise ValueError("a projection needs one name per expression")
        if len(set(self.names)) != len(self.names):
            raise ValueError("the names of a projection must be distinct")


class Truncate(Relation, frozen=True, kw_only=True, tag="truncate"):
    """At most ``rows`` rows of each privacy unit: the first in the vault's secret order."""

    relation: Relation
    rows: int

    def __post_init__(self) -> None:
        if not 0 < self.rows <= MOST_ROWS:
            raise ValueError(f"the rows of a unit must be limited to a number between 1 and {MOST_ROWS}")


class GroupUnit(Relation, frozen=True, kw_only=True, tag="group_unit"):
    """One row per privacy unit (and value of further columns): ``by`` names the unit's id and these columns.

    ``names[i]`` is ``functions[i]`` of ``columns[i]`` over the unit's rows; ``size`` looks at no column. Nulls are left out.
    """

    relation: Relation
    by: tuple[str, ...]
    names: tuple[str, ...] = ()
    functions: tuple[Aggregate, ...] = ()
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.names) == len(self.functions) == len(self.columns):
            raise ValueError("a grouping needs one name, function and column each")
        if len({*self.by, *self.names}) != len(self.by) + len(self.names):
            raise ValueError("the names of a grouping must be distinct")


class Distinct(Relation, frozen=True, kw_only=True, tag="distinct"):
    """One row for each combination of values of the columns, nulls among them. Which row stays is the vault's choice."""

    relation: Relation
    columns: tuple[str, ...]


class Append(Relation, frozen=True, kw_only=True, tag="append"):
    """The rows of the one and of the other, which have columns of the same names and of kinds that go together."""

    left: Relation
    right: Relation


class Join(Relation, frozen=True, kw_only=True, tag="join"):
    """Pairs of rows whose ``left_on`` and ``right_on`` are equal; null equals nothing. Rows without a partner as ``how`` says.

    Gives the left columns, under whose names the keys are, then the right ones but for the keys; all names distinct. Both sides
    belong to units and are joined on the id, among other keys; or the right one is public, and ``matches`` rows of it per key.
    """

    left: Relation
    right: Relation
    left_on: tuple[str, ...]
    right_on: tuple[str, ...]
    how: How = "inner"
    matches: int | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.left_on) == len(self.right_on):
            raise ValueError("a join needs as many keys on one side as on the other, and at least one")
        if len(set(self.left_on)) != len(self.left_on) or len(set(self.right_on)) != len(self.right_on):
            raise ValueError("the keys of a join must be distinct")
        if self.matches is not None and not 0 < self.matches <= MOST_ROWS:
            raise ValueError(f"the matches of a join must be a number between 1 and {MOST_ROWS}")


class Split(Relation, frozen=True, kw_only=True, tag="split"):
    """The rows of about this share of all units, or (``rest``) of the others: each unit's lot follows from the seed and its id alone.

    Where a unit is a row, rows are drawn. One seed draws alike in all tables of an id-space.
    """

    relation: Relation
    share: float
    seed: int = 0
    rest: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.share) and 0 < self.share < 1):
            raise ValueError("the share of a split must lie between 0 and 1")
        if not -_INT64_MAX <= self.seed <= _INT64_MAX:
            raise ValueError("the seed of a split must fit in 64 bits")


RELATIONS: tuple[type[Relation], ...] = (Source, Filter, Project, Truncate, GroupUnit, Distinct, Append, Join, Split)
