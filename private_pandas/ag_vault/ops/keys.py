"""Groups: by public keys, all of which appear, also empty ones, and by keys that are to be found. Rows with other keys or null are in none.

Knows no measure and no noise. Public keys never come from the rows: they are the column's own or a list of the analyst's. Found ones do,
and leave the vault through a threshold only; each comes with all public keys beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlglot import exp

from ag_plan.expressions import Scalar
from ag_plan.releases import WIDEST_RANGE, GroupKey
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term, literal
from ag_vault.ops.column import unknown_column
from ag_vault.ops.rows import Join, Rows
from ag_vault.space import ColumnSpace, Kind

MOST_GROUPS = 50_000
_TYPES: dict[str, type] = {"bool": bool, "int": int, "str": str}
_FOUND = ("int", "str")


Key = tuple[Scalar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """All groups of public keys in order, and the joins that number each row's; no key at all is one group of every row.

    ``found``: the named columns whose keys are to be found; ``characters``: of their texts together, at most. ``levels``: for each key as asked, its
    public values; None for a found one.
    ``held``: how many combinations of values its columns have, whichever are asked for; 0 where that is not public, or keys are to be found.
    """

    index: tuple[Key, ...]
    joins: tuple[Join, ...]
    found: tuple[exp.Expression, ...] = ()
    characters: int = 0
    levels: tuple[tuple[Scalar, ...] | None, ...] = ()
    held: int = 0

    @property
    def alone(self) -> bool:
        """Whether keys are to be found, and none is public beside them."""
        return bool(self.found) and not self.joins

    def arranged(self, keys: Mapping[int, Key]) -> list[tuple[Key, int]]:
        """All groups of found keys, by number: each one's whole key, and its own number. In the order of values, public ones in theirs."""
        places = list(product(*(range(len(level)) for level in self.levels if level is not None)))
        whole = [
            (self._whole(key, public, place), number * len(self.index) + cell)
            for number, key in keys.items()
            for cell, (public, place) in enumerate(zip(self.index, places, strict=True))
        ]
        whole.sort(key=lambda each: each[0][1])
        return [(key, group) for (key, _), group in whole]

    def _whole(self, key: Key, public: Key, place: tuple[int, ...]) -> tuple[Key, tuple[Any, ...]]:
        """Found and public values in the order asked, and what they are sorted by."""
        found, known, ranks = iter(key), iter(public), iter(place)
        values: list[Scalar] = []
        order: list[Any] = []
        for level in self.levels:
            values.append(next(found) if level is None else next(known))
            order.append(values[-1] if level is None else next(ranks))
        return tuple(values), tuple(order)


def groups_of(by: Sequence[GroupKey], rows: Rows, scope: Scope) -> Groups | Refusal:
    """Takes: key columns. Gives: the product of their public keys. Why: groups are disjoint, so each may have the whole ε.

    Fails: by kind, without public keys (unless they are to be found), or over MOST_GROUPS; never on a row.
    """
    keys: list[tuple[Scalar, ...]] = []
    joins: list[Join] = []
    found: list[Term] = []
    levels: list[tuple[Scalar, ...] | None] = []
    total = held = 1
    for key in by:
        values = _findable(key, rows) if key.found else _values(key, rows)
        if isinstance(values, Refusal):
            return values
        levels.append(values)
        if values is None:
            found.append(scope.steps.name(rows.columns[key.column]))
            continue
        total *= len(values)
        if total > MOST_GROUPS:
            return Refusal(
                code="too_many_groups",
                why=f"there would be more than {MOST_GROUPS} groups",
                instead="group by fewer columns, or list the values you need",
            )
        term = rows.columns[key.column]
        own = _public(term.space)
        held = MOST_GROUPS + 1 if own is None else held * (len(own) + 1)
        listed = tuple(_listed(value, term.space.kind) for value in values)
        joins.append(Join(column=scope.steps.name(term).sql, values=listed))
        keys.append(values)
    return Groups(
        index=tuple(product(*keys)),
        joins=tuple(joins),
        found=tuple(term.sql for term in found),
        characters=sum(term.space.characters for term in found),
        levels=tuple(levels),
        held=held if joins and not found and held <= MOST_GROUPS else 0,
    )


def _listed(value: Scalar, kind: Kind) -> exp.Expression:
    """A value of a list. A whole number needs no type of its own there, and a cast of each would be planned one by one."""
    return exp.Literal.number(value) if type(value) is int and value >= 0 else literal(value, kind)


def _findable(key: GroupKey, rows: Rows) -> Refusal | None:
    """Nothing against it, or the refusal: text and integers have keys that may be shared by many rows."""
    term = rows.columns.get(key.column)
    if term is None:
        return unknown_column(key.column)
    return None if term.space.kind in _FOUND else _not_categorical(key.column)


def _values(key: GroupKey, rows: Rows) -> tuple[Scalar, ...] | Refusal:
    term = rows.columns.get(key.column)
    if term is None:
        return unknown_column(key.column)
    kind = term.space.kind
    if kind not in _TYPES:
        return _not_categorical(key.column)
    values = key.values if key.values is not None else _public(term.space)
    if values is None:
        return _not_categorical(key.column)
    if not values or any(type(value) is not _TYPES[kind] or "\x00" in str(value) for value in values):
        return Refusal(
            code="bad_keys",
            why=f"the values to group {key.column} by must be of kind {kind}, and at least one",
            error="TypeError",
        )
    return values


def _public(space: ColumnSpace) -> tuple[Scalar, ...] | None:
    """The keys that are public without being listed."""
    if space.kind == "bool":
        return False, True
    if space.categories is not None:
        return tuple(value for value in space.categories if value is not None)
    if space.bounds is None or space.bounds[1] - space.bounds[0] >= WIDEST_RANGE:
        return None
    return tuple(range(int(space.bounds[0]), int(space.bounds[1]) + 1))


def _not_categorical(name: str) -> Refusal:
    return Refusal(
        code="not_categorical",
        why=f"{name} is not a categorical column.",
        instead="group by a column with public categories or narrow integer bounds, a boolean, bins, or a list of values",
    )
