"""Relations: inert words for tables of private rows. No word here knows where the rows are."""

from msgspec import Struct

from ag_plan.expressions import Expression


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


RELATIONS: tuple[type[Relation], ...] = (Source, Filter, Project)
