"""Groups by public keys: every key appears, also an empty one, and rows with other keys or null are in no group.

Knows no measure. Keys never come from the rows: they are the column's public categories or a list of the analyst's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from ag_plan.expressions import Scalar
from ag_plan.releases import WIDEST_RANGE, GroupKey
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, literal
from ag_vault.ops.column import unknown_column
from ag_vault.ops.rows import Join, Rows
from ag_vault.space import ColumnSpace

MOST_GROUPS = 50_000
_TYPES: dict[str, type] = {"bool": bool, "int": int, "str": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """All groups in public order, and the joins that number each row's key; no key at all is one group of every row."""

    index: tuple[tuple[Scalar, ...], ...]
    joins: tuple[Join, ...]


def groups_of(by: Sequence[GroupKey], rows: Rows, scope: Scope) -> Groups | Refusal:
    """Takes: key columns. Gives: the product of their keys. Why: groups are disjoint, so each may have the whole ε.

    Fails: by kind, without public keys, or over MOST_GROUPS; never on a row.
    """
    keys: list[tuple[Scalar, ...]] = []
    joins: list[Join] = []
    total = 1
    for key in by:
        values = _values(key, rows)
        if isinstance(values, Refusal):
            return values
        total *= len(values)
        if total > MOST_GROUPS:
            return Refusal(
                code="too_many_groups",
                why=f"there would be more than {MOST_GROUPS} groups",
                instead="group by fewer columns, or list the values you need",
            )
        term = rows.columns[key.column]
        listed = tuple(literal(value, term.space.kind) for value in values)
        joins.append(Join(column=scope.steps.name(term).sql, values=listed))
        keys.append(values)
    return Groups(index=tuple(product(*keys)), joins=tuple(joins))


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
        instead="group by a column with public categories, a boolean, or a list of values",
    )
