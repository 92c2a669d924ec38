"""Relations: inert words for tables of private rows. No word here knows where the rows are."""

from msgspec import Struct

from ag_plan.expressions import Expression

MOST_ROWS = 1_000_000
"""Of one privacy unit in one relation, in any word that says how many."""


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


RELATIONS: tuple[type[Relation], ...] = (Source, Filter, Project, Truncate)
