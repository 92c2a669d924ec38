"""What is public about a relation's columns, for questions that are free. What filters and computed columns stand on is worked out once.

Knows no price, no query and no row. What is kept follows from plans and the catalogue alone, and is thrown away whenever that changes.
"""

from collections import OrderedDict
from collections.abc import Mapping

from msgspec import Struct

from ag_plan.codec import encode_plan
from ag_plan.expressions import Scalar
from ag_plan.messages import ColumnSchema
from ag_plan.relations import Filter, Project, Relation, Source
from ag_vault import ops
from ag_vault.catalog import Catalog
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Steps, Term, own
from ag_vault.ops import filter as filters
from ag_vault.ops import project

_MOST_BYTES = 16 << 10
"""Of a plan whose base is looked up and kept; to name a long one takes as long as its parts do."""
_MOST_WEIGHT = 1 << 14
"""Columns and categories, long ones as several, of all bases together; with ``_MOST_BYTES``, what a guest can make the vault keep."""

_CHARACTERS = 256


class _Base(Struct, frozen=True, kw_only=True):
    """A relation as its filters see it. ``growth``, ``taken``, ``text``, ``scanned``: what it has of the limits in ``ops``."""

    columns: Mapping[str, Term]
    growth: int
    taken: int
    text: int
    scanned: int
    shown: tuple[ColumnSchema, ...]

    @property
    def steps(self) -> Steps:
        """As a word that stands on it finds them."""
        return Steps(self.taken, self.text, self.scanned)

    @property
    def weight(self) -> int:
        """What it takes to keep, in columns."""
        return 1 + sum(1 + sum(map(_taken, column.categories or ())) for column in self.shown)


class Schemas:
    """The schemas of relations. Each plan is checked whole by the rules of its words, but for a base that these rules have admitted before."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str | bytes, _Base] = OrderedDict()
        self._weight = 0

    def of(self, relation: Relation, catalog: Catalog, *, length: int) -> tuple[ColumnSchema, ...] | Refusal:
        """The public columns of a relation, in order; the refusal of its first word that is wrong. ``length``: bytes of the plan.

        It is what ``ops.rows_of`` says, word by word: a filter keeps the columns of its base, and adds to the limits what its predicate takes.
        """
        projection = relation if isinstance(relation, Project) else None
        under = relation if projection is None else projection.relation
        above: list[Filter] = []
        while isinstance(under, Filter):
            above.append(under)
            under = under.relation
        base = self._base(under, catalog, length)
        if isinstance(base, Refusal):
            return base
        steps = base.steps
        for word in reversed(above):
            scope = Scope(columns=base.columns, steps=_following(steps))
            judged = filters.judged(word, scope)
            refused = judged if isinstance(judged, Refusal) else _too_much(base, scope)
            if refused is not None:
                return refused
            steps = scope.steps
        if projection is None:
            return base.shown
        scope = Scope(columns=base.columns, steps=_following(steps))
        columns = project.judged(projection, scope)
        if isinstance(columns, Refusal):
            return columns
        return _too_much(base, scope) or _shown(columns)

    def forget(self) -> None:
        """Nothing holds any more."""
        self._kept.clear()
        self._weight = 0

    def _base(self, relation: Relation, catalog: Catalog, length: int) -> _Base | Refusal:
        """What filters stand on: as it was worked out before, if the same bytes say it, else anew."""
        if length > _MOST_BYTES:
            return _worked_out(relation, catalog)
        # By bytes and not by the words themselves, of which Python takes 1, 1.0 and True for equal.
        name = relation.table if isinstance(relation, Source) else encode_plan(relation)
        base = self._kept.get(name)
        if base is not None:
            self._kept.move_to_end(name)
            return base
        made = _worked_out(relation, catalog)
        if not isinstance(made, Refusal):
            self._keep(name, made)
        return made

    def _keep(self, name: str | bytes, base: _Base) -> None:
        """Keep it, and let go of what was not asked for lately."""
        self._kept[name] = base
        self._weight += base.weight
        while self._weight > _MOST_WEIGHT:
            _, gone = self._kept.popitem(last=False)
            self._weight -= gone.weight


def _taken(category: Scalar) -> int:
    """What a category takes, in columns: a long text as much as several."""
    return 1 + (len(category) // _CHARACTERS if isinstance(category, str) else 0)


def _worked_out(relation: Relation, catalog: Catalog) -> _Base | Refusal:
    rows = ops.rows_of(relation, catalog)
    if isinstance(rows, Refusal):
        return rows
    return _Base(
        columns={name: own(term) for name, term in rows.columns.items()},
        growth=ops.growth(rows, catalog),
        taken=rows.taken,
        text=rows.text,
        scanned=rows.scanned,
        shown=_shown(rows.columns),
    )


def _too_much(base: _Base, scope: Scope) -> Refusal | None:
    return ops.too_much(base.growth, scope.steps)


def _following(steps: Steps) -> Steps:
    """Those of the next word, which begin with what was made so far."""
    return Steps(steps.taken, steps.text, steps.scanned)


def _shown(columns: Mapping[str, Term]) -> tuple[ColumnSchema, ...]:
    spaces = ((name, term.space) for name, term in columns.items())
    return tuple(
        ColumnSchema(
            name=name,
            kind=space.kind,
            nullable=space.nullable,
            lower=space.lower,
            upper=space.upper,
            categories=space.categories,
        )
        for name, space in spaces
    )
