"""Relation words one on the other, at random: whatever a plan makes of tables, a unit moves no more rows than the vault says, and their order none.

What these hold lies in the spaces that the vault tells of them.

``test_relations`` takes each word to every small database; here it is what words make of each other's results.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlglot import exp

from ag_plan.relations import Append, Distinct, Filter, GroupUnit, Join, Project, Relation, Split, Truncate
from ag_vault import ops
from ag_vault.errors import Refusal
from ag_vault.ops.rows import Rows, select
from tests.vault import neighbours
from tests.vault.neighbours import LABS, LOOKUP, ROWS, VISITS, Database
from tests.vault.test_spaces import DEPTH, outside
from tests.vault.world import binary, column

KEYS = ("int", "str", "bool", "datetime")
CONTENT: Mapping[str, tuple[Any, ...]] = {
    "f": (None, -2.0, 0.0, -0.0, 3.0), "g": (None, 0.0, 1.5), "i": (None, -5, 0, 1), "j": (None, 0, 2**53, 2**53 + 1), "b": (None, True, False),
    "s": (None, "x", "y"), "t": (None, "x"), "d": (None, 0), "n": (0, 1),
}  # fmt: skip
LAB: Mapping[str, tuple[Any, ...]] = {"y": (None, 0, 1), "v": (None, -1.0, 1.0)}
CATALOG = neighbours.catalog()


def meant(relation: Relation) -> Rows:
    """What the vault makes of it. LookupError where it refuses."""
    found = ops.rows_of(relation, CATALOG)
    if isinstance(found, Refusal):
        raise LookupError(found.why)  # noqa: TRY004 - of a word that has nothing to work on
    return found


class Author:
    """Makes relations and databases."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, choices: Any) -> Any:
        return self.random.choice(tuple(choices))

    def some(self, names: Any, most: int) -> list[str]:
        names = list(names)
        return self.random.sample(names, self.random.randint(1, min(most, len(names))))

    def relation(self, depth: int) -> Relation:
        """One of at most so many words on a table. LookupError where a word has nothing to work on, or is refused."""
        if depth == 0:
            return self.pick((VISITS, VISITS, LABS, ROWS))  # type: ignore[no-any-return]
        below = self.relation(depth - 1)
        made: Relation = self.pick(_WORDS)(self, below, meant(below), depth)
        meant(made)
        return made

    def database(self) -> Database:
        rows: list[Any] = []
        for unit in range(1, 4):
            rows += [(VISITS.table, unit, self._row(CONTENT)) for _ in range(self.random.randint(0, 3))]
            rows += [(LABS.table, unit, self._row(LAB)) for _ in range(self.random.randint(0, 3))]
        return (*rows, *((ROWS.table, 0, self._row(CONTENT)) for _ in range(self.random.randint(0, 3))))

    def _row(self, content: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
        return {name: self.pick(values) for name, values in content.items()}


def of_kinds(rows: Rows, *kinds: str) -> list[str]:
    found = [name for name, term in rows.columns.items() if term.space.kind in kinds]
    if not found:
        raise LookupError(kinds)
    return found


def filtered(author: Author, below: Relation, rows: Rows, _depth: int) -> Relation:
    name = author.pick(of_kinds(rows, "float", "int"))
    return Filter(relation=below, predicate=binary("gt", column(name), author.pick((-1, 0, 0.5))))


def truncated(author: Author, below: Relation, _rows: Rows, _depth: int) -> Relation:
    return Truncate(relation=below, rows=author.pick((1, 2, 4)))


def split(author: Author, below: Relation, _rows: Rows, _depth: int) -> Relation:
    return Split(relation=below, share=0.5, seed=author.pick(range(9)), rest=author.pick((True, False)))


def distinct(author: Author, below: Relation, rows: Rows, _depth: int) -> Relation:
    return Distinct(relation=below, columns=tuple(author.some(rows.columns, len(rows.columns))))


def grouped(author: Author, below: Relation, rows: Rows, _depth: int) -> Relation:
    ids = [name for name in of_kinds(rows, "id") if rows.is_id(name)][:1]
    further = author.some([name for name in rows.columns if name not in ids], 2)[: author.pick((0, 1, 2))]
    values = [name for name in of_kinds(rows, "float", "int", "bool") if name not in further][:3]
    functions = tuple(author.pick(("min", "max", "first", "count", "nunique", "size", "sum", "mean")) for _ in values)
    made = tuple(f"of {name}" for name in values)
    return GroupUnit(relation=below, by=(*ids, *further), names=made, functions=functions, columns=tuple(values))


def called(relation: Relation, names: Mapping[str, str], *, again: str | None = None) -> Relation:
    """Under other names; one column twice."""
    twice = {} if again is None else {f"{names[again]} again": column(again)}
    named = {new: column(old) for old, new in names.items()} | twice
    return Project(relation=relation, names=tuple(named), expressions=tuple(named.values()))


def appended(author: Author, below: Relation, rows: Rows, depth: int) -> Relation:
    other = author.relation(author.pick(range(depth)))
    theirs, one, two = meant(other), dict[str, str](), dict[str, str]()
    for number, (name, term) in enumerate(rows.columns.items()):
        alike = [each for each, own in theirs.columns.items() if own.space.kind == term.space.kind and each not in two]
        if alike:
            one[name] = two[author.pick(alike)] = f"c{number}"
    return Append(left=called(below, one), right=called(other, two))


def joined(author: Author, below: Relation, rows: Rows, depth: int) -> Relation:
    other: Relation = author.pick((LOOKUP, author.relation(author.pick(range(depth)))))
    theirs = meant(other)
    left = called(below, {name: f"a{number}" for number, name in enumerate(rows.columns)})
    names = {name: f"b{number}" for number, name in enumerate(theirs.columns)}
    right = called(other, names, again=author.pick((None, *names)))
    ours, theirs = meant(left), meant(right)
    ids = [next((name for name in side.columns if side.is_id(name)), None) for side in (ours, theirs)]
    pairs = [(ids[0], ids[1])] if None not in ids else []
    name = author.pick(of_kinds(ours, *KEYS))
    alike = [each for each, own in theirs.columns.items() if own.space.kind == ours.columns[name].space.kind]
    if alike and (not pairs or author.pick((True, False))):
        pairs.append((name, author.pick(alike)))
    if not pairs:
        raise LookupError("no key")
    return Join(
        left=left,
        right=right,
        left_on=tuple(str(one) for one, _ in pairs),
        right_on=tuple(str(two) for _, two in pairs),
        how=author.pick(("inner", "left", "right", "outer")),
        matches=author.pick((1, 2)) if other is LOOKUP else None,
    )


_WORDS: tuple[Callable[[Author, Relation, Rows, int], Relation], ...] = (
    filtered, truncated, split, distinct, grouped, appended, appended, joined, joined,
)  # fmt: skip


def held(rows: Rows, database: Database, seed: int) -> Counter[Any]:
    """The relation's rows over a database that lies in some order."""
    query = select(rows.stages, exp.select(*(term.sql.copy() for term in rows.columns.values())))
    return Counter(neighbours.put(database, shuffled=seed).rows(query.sql("duckdb")))


def strangers(rows: Rows, whole: Counter[Any]) -> list[Any]:
    """Values outside of their columns' spaces."""
    spaces = [term.space for term in rows.columns.values()]
    return [each for row in whole for each in zip(spaces, row, strict=True) if each[0].kind != "id" and outside(*each)]


def clashes(rows: Rows, database: Database, seed: int) -> list[Any]:
    """Rows of a unit that its order can't tell apart, and that are not alike: which of them comes first would be the engine's choice."""
    if rows.unit is None:
        return []
    place = (rows.unit.column, *rows.unit.order)
    words = (*place, *(term.sql for term in rows.columns.values()))
    query = select(rows.stages, exp.select(*(word.copy() for word in words)))
    found = neighbours.put(database, shuffled=seed).rows(query.sql("duckdb"))
    alike: dict[Any, set[Any]] = {}
    for row in found:
        alike.setdefault(row[: len(place)], set()).add(row[len(place) :])
    return [several for several in alike.values() if len(several) > 1]


def neighbours_of(database: Database) -> list[Database]:
    units = {unit for _, unit, _ in database if unit}
    alone = [place for place, row in enumerate(database) if row[0] == ROWS.table]
    less = [tuple(row for row in database if row[1] != unit) for unit in units]
    return less + [database[:place] + database[place + 1 :] for place in alone[:1]]


@pytest.mark.parametrize("seed", range(8 * DEPTH))
def test_no_unit_moves_more_rows_of_a_nested_relation_than_declared_and_no_order_moves_any(seed: int) -> None:
    author = Author(seed)
    rows = None
    while rows is None or len(rows.stages) > 30:
        try:
            rows = meant(author.relation(author.pick((2, 3, 4))))
        except (LookupError, ValueError):
            continue
    for turn in range(3):
        database = author.database()
        whole = held(rows, database, turn)
        assert not strangers(rows, whole)
        assert whole == held(rows, database, turn + 99)
        assert not clashes(rows, database, turn)
        for less in neighbours_of(database):
            other = held(rows, less, turn)
            assert ((whole - other) + (other - whole)).total() <= rows.stability


KEYED = ("j", "g", "t")
"""Columns of which an engine would bring two to one type: in which values meet, or fail."""


class Orderly(Author):
    """Groups units' rows by keys of all kinds, ids among them, and brings what is then ordered by these keys together."""

    def relation(self, depth: int) -> Relation:
        if depth == 0:
            table = called(VISITS, {name: name for name in ("pid", *KEYED)})
            with_ids = called(VISITS, {"pid": "pid"}, again="pid")
            beside = Join(left=table, right=with_ids, left_on=("pid",), right_on=("pid",))
            keys = self.some((*KEYED, "pid again"), 2)[: self.pick((0, 1, 1, 2))]
            below = beside if "pid again" in keys else table
            return GroupUnit(
                relation=below, by=("pid", *keys), names=("n", "m"), functions=("size", "first"), columns=("", "j")
            )
        below = self.relation(depth - 1)
        return self.pick((appended, joined))(self, below, meant(below), depth)  # type: ignore[no-any-return]

    def _row(self, content: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
        return super()._row({name: content[name] for name in (*KEYED, "n") if name in content})


@pytest.mark.parametrize("seed", range(4))
def test_a_units_rows_are_told_apart_by_their_order_whatever_they_are_ordered_by(seed: int) -> None:
    """An order that two of them share leaves it to the engine which comes first: to other units' rows, and how many there are."""
    author, checked = Orderly(seed), 0
    while checked < 20 * DEPTH:
        try:
            rows = meant(author.relation(author.pick((1, 1, 2))))
        except (LookupError, ValueError):
            continue
        if rows.unit is not None:
            assert not clashes(rows, author.database(), seed)
            checked += 1
