"""Every relation word on every small database: no unit moves more rows than the word's stability, and some unit moves as many.

A database has at most four rows over a tiny domain, in which units share values, hold nulls and equal rows; its neighbours lack one unit
everywhere at once.
"""

from collections import Counter
from functools import cache, reduce
from typing import Any, cast

import pytest
from sqlglot import exp

from ag_plan.expressions import Cast, Constant, Expression
from ag_plan.relations import (
    Append,
    Distinct,
    Filter,
    GroupUnit,
    Join,
    Project,
    Relation,
    Source,
    Split,
    Truncate,
)
from ag_vault import ops
from ag_vault.errors import Refusal
from ag_vault.ops.rows import select
from tests.vault import relational
from tests.vault.relational import CAP, PUBLIC, ROWS, A, B
from tests.vault.world import binary, column

IDS: dict[str, Any] = {A.table: ((0,), (1,), (None,)), B.table: ((0,), (1,))}
"""Contents by table where two tables of ids are asked."""
MIXED: dict[str, Any] = {ROWS.table: ((0, 0), (0, 1), (1, None)), A.table: ((0,), (1,), (None,))}
"""Where a table of rows is."""
KINDS = {"ids": IDS, "mixed": MIXED}


def renamed(relation: Relation, **names: str) -> Project:
    return Project(relation=relation, names=tuple(names), expressions=tuple(column(old) for old in names.values()))


def grouped(relation: Relation, *by: str, **named: str) -> GroupUnit:
    """``grouped(A, "pid", n="sum x")``."""
    words = [each.split() for each in named.values()]
    functions: Any = tuple(word[0] for word in words)
    return GroupUnit(
        relation=relation, by=by, names=tuple(named), functions=functions, columns=tuple(word[-1] for word in words)
    )


def on_pid(left: Relation, right: Relation, how: Any, *extra: str) -> Join:
    """Joined on the id, and on the columns named ``left=right``."""
    pairs = [pair.split("=") for pair in extra]
    return Join(
        left=left,
        right=right,
        how=how,
        left_on=("pid", *(pair[0] for pair in pairs)),
        right_on=("pid", *(pair[1] for pair in pairs)),
    )


def looked_up(left: Relation, how: Any, matches: int, key: str = "x") -> Join:
    return Join(left=left, right=PUBLIC, how=how, left_on=(key,), right_on=("k",), matches=matches)


ONE = Truncate(relation=A, rows=1)
Y_AS_X = renamed(B, pid="pid", x="y")

RELATIONS: dict[str, tuple[str, Relation, int]] = {
    "source of ids": ("ids", A, CAP),
    "source of rows": ("mixed", ROWS, 1),
    "filter": ("ids", Filter(relation=A, predicate=binary("eq", column("x"), 1)), CAP),
    "project": ("ids", Project(relation=A, names=("p",), expressions=(binary("add", column("x"), 1),)), CAP),
    "truncate": ("ids", ONE, 1),
    "split": ("ids", Split(relation=A, share=0.5, seed=3), CAP),
    "split, then truncate": ("ids", Truncate(relation=Split(relation=A, share=0.9), rows=1), 1),
    "split rows": ("mixed", Split(relation=ROWS, share=0.9, rest=False), 1),
    "split rows that were filtered": (
        "mixed",
        Split(relation=Filter(relation=ROWS, predicate=binary("ge", column("x"), 0)), share=0.9),
        1,
    ),
    "split a split": ("mixed", Split(relation=Split(relation=ROWS, share=0.9), share=0.9, seed=5), 1),
    "truncate to more": ("ids", Truncate(relation=A, rows=7), CAP),
    "truncate what is left": (
        "ids",
        Truncate(relation=Filter(relation=A, predicate=binary("ge", column("x"), 0)), rows=1),
        1,
    ),
    "group by unit": (
        "ids",
        grouped(A, "pid", n="size x", c="count x", u="nunique x", s="sum x", m="mean x", lo="min x", hi="max x"),
        1,
    ),
    "group by unit, first": ("ids", grouped(A, "pid", f="first x"), 1),
    "group by unit and a key": ("ids", grouped(A, "x", "pid", n="size x"), CAP),
    "group by unit and a key, then truncate": (
        "ids",
        Truncate(relation=grouped(A, "pid", "x", n="size x"), rows=1),
        1,
    ),
    "distinct ids": ("ids", Distinct(relation=A, columns=("pid",)), 1),
    "distinct of each unit": ("ids", Distinct(relation=A, columns=("pid", "x")), CAP),
    "distinct values": ("ids", Distinct(relation=renamed(A, x="x"), columns=("x",)), CAP),
    "distinct by some columns": ("ids", Distinct(relation=A, columns=("x",)), 2 * CAP),
    "distinct rows": ("mixed", Distinct(relation=ROWS, columns=("z", "x")), 1),
    "distinct rows by some columns": ("mixed", Distinct(relation=ROWS, columns=("x",)), 2),
    "append two tables": ("ids", Append(left=A, right=Y_AS_X), 2 * CAP),
    "append itself": ("ids", Append(left=A, right=ONE), CAP + 1),
    "append, then truncate": ("ids", Truncate(relation=Append(left=A, right=Y_AS_X), rows=1), 1),
    "append, then truncate to two": ("ids", Truncate(relation=Append(left=Y_AS_X, right=A), rows=2), 2),
    "append rows": ("mixed", Append(left=ROWS, right=ROWS), 2),
    "append public rows": ("mixed", Append(left=renamed(A, x="x"), right=renamed(PUBLIC, x="k")), CAP),
    "inner join": ("ids", on_pid(A, B, "inner"), CAP * CAP),
    "left join": ("ids", on_pid(A, B, "left"), CAP * CAP),
    "right join": ("ids", on_pid(A, B, "right"), CAP * CAP),
    "outer join": ("ids", on_pid(A, B, "outer"), CAP * CAP),
    "inner join of one": ("ids", on_pid(ONE, B, "inner"), CAP),
    "outer join of one": ("ids", on_pid(ONE, B, "outer"), CAP),
    "inner join on more": ("ids", on_pid(A, B, "inner", "x=y"), CAP * CAP),
    "left join on more": ("ids", on_pid(A, B, "left", "x=y"), CAP * CAP),
    "right join on more": ("ids", on_pid(ONE, B, "right", "x=y"), CAP),
    "outer join on more": ("ids", on_pid(A, B, "outer", "x=y"), CAP * CAP),
    "outer join of one on more": ("ids", on_pid(ONE, B, "outer", "x=y"), CAP + 1),
    "join, then truncate": ("ids", Truncate(relation=on_pid(A, B, "outer", "x=y"), rows=2), 2),
    "join, then group by unit": ("ids", grouped(on_pid(A, B, "outer"), "pid", n="size x", m="first y"), 1),
    "join with itself by unit": ("ids", on_pid(A, grouped(A, "pid", s="sum x"), "left"), CAP),
    "inner lookup": ("mixed", looked_up(A, "inner", 2), CAP * 2),
    "left lookup": ("mixed", looked_up(A, "left", 2), CAP * 2),
    "right lookup": ("mixed", looked_up(A, "right", 2), 2 * CAP * 2),
    "outer lookup": ("mixed", looked_up(A, "outer", 2), 2 * CAP * 2),
    "lookup of one match": ("mixed", looked_up(A, "inner", 1), CAP),
    "right lookup of one match": ("mixed", looked_up(A, "right", 1), 2 * CAP),
    "lookup of rows": ("mixed", looked_up(ROWS, "left", 2), 2),
    "lookup, then truncate": ("mixed", Truncate(relation=looked_up(A, "inner", 2), rows=3), 3),
}


@cache
def results(kinds: str) -> dict[str, dict[relational.Database, Counter[tuple[Any, ...]]]]:
    """What every relation over these tables is on every small database."""
    texts = {
        name: relational.sql_of(relational.meaning(relation))
        for name, (wanted, relation, _) in RELATIONS.items()
        if wanted == kinds
    }
    queries = {name: relational.prepared(sql) for name, sql in texts.items()}
    read = {name: {key for key in relational.TABLES if f'"{key}"' in sql} for name, sql in texts.items()}
    found: dict[str, dict[relational.Database, Counter[tuple[Any, ...]]]] = {name: {} for name in queries}
    known: dict[tuple[str, relational.Database], Counter[tuple[Any, ...]]] = {}
    for database in relational.databases(KINDS[kinds], 4):
        relational.put(database)
        for name, sql in queries.items():
            # Of tables that a query doesn't read, it says the same whatever they hold.
            seen = name, tuple(row for row in database if row[0] in read[name])
            found[name][database] = known[seen] if seen in known else known.setdefault(seen, relational.visible(sql))
    return found


@pytest.mark.xdist_group("relations")
@pytest.mark.parametrize("name", RELATIONS)
def test_no_unit_moves_more_rows_than_declared_and_one_moves_as_many(name: str) -> None:
    kinds, relation, declared = RELATIONS[name]
    assert relational.meaning(relation).stability == declared
    seen = results(kinds)[name]
    moved = [relational.apart(here, seen[other]) for one, here in seen.items() for other in relational.neighbours(one)]
    assert max(moved) == declared


def test_rows_put_together_are_ordered_by_their_side_first() -> None:
    """Otherwise two rows could be alike in the order, and which of them stays would be the engine's choice."""
    relational.put(((A.table, 1, (0,)), (A.table, 1, (0,)), (B.table, 1, (1,))))
    both = Truncate(relation=Append(left=A, right=Y_AS_X), rows=2)
    assert relational.visible(relational.sql_of(relational.meaning(both))) == Counter({(1, 0): 2})


def typed(relation: Relation, name: str, expression: Expression) -> Project:
    return Project(relation=relation, names=("pid", name), expressions=(column("pid"), expression))


TWICE = on_pid(A, typed(B, "again", column("pid")), "left")
BESIDE = {
    "integers and floats": Append(
        left=renamed(grouped(A, "pid", "x", n="size x"), pid="pid", n="n"),
        right=renamed(grouped(typed(B, "y", Cast(operand=column("y"), to="float")), "pid", "y", n="size y"), pid="pid", n="n"),
    ),
    "ids and integers": Append(
        left=renamed(grouped(A, "pid", "x"), pid="pid"), right=renamed(grouped(TWICE, "pid", "again"), pid="pid")
    ),
    "ids and texts": Append(
        left=renamed(grouped(typed(B, "y", Cast(operand=column("y"), to="str")), "pid", "y"), pid="pid"),
        right=renamed(grouped(TWICE, "pid", "again"), pid="pid"),
    ),
    "rows alone, and rows alone": on_pid(
        renamed(grouped(A, "pid", n="size x"), pid="pid", n="n"),
        renamed(grouped(B, "pid", m="max y"), pid="pid", k="m", m="m"),
        "outer",
        "n=k",
    ),
    "missing keys, and missing keys": on_pid(
        grouped(A, "pid", "x", n="size x"), renamed(grouped(B, "pid", "y"), pid="pid", k="y", y="y"), "outer", "n=k"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_what_orders_a_units_rows_tells_them_apart_whatever_is_brought_together(name: str) -> None:
    """Else which of them is first would be the engine's choice, by other units' rows; and where types don't go together, it fails by what rows hold."""
    numbers, missing = (2**53, 2**53 + 1), (None, None)
    for held in (numbers, missing, (3, None)):
        relational.put(
            tuple((table, unit, (value,)) for table in (A.table, B.table) for unit in (1, 2) for value in held)
        )
        rows = relational.meaning(BESIDE[name])
        assert rows.unit is not None
        places = relational.engine().execute(
            select(rows.stages, exp.select(rows.unit.column.copy(), *(sql.copy() for sql in rows.unit.order))).sql(
                "duckdb"
            )
        )
        assert max(Counter(places.fetchall()).values()) == 1


@pytest.mark.parametrize("text", ["u", "o", "c1"])
def test_a_constant_that_is_called_like_a_hidden_column_is_that_text_after_every_join(text: str) -> None:
    """A join reads columns by their names, and a constant has none: its text must not be taken for one."""
    relational.put(((A.table, 1, (0,)), (B.table, 1, (1,))))

    def beside(relation: Relation, name: str) -> Project:
        return Project(
            relation=relation, names=("pid", name, "k"), expressions=(column("pid"), column(name), Constant(value=text))
        )

    for joined in (
        Join(left=beside(A, "x"), right=B, left_on=("pid",), right_on=("pid",)),
        Join(left=A, right=beside(B, "y"), left_on=("pid",), right_on=("pid",), how="left"),
    ):
        rows = relational.meaning(renamed(joined, k="k"))
        assert relational.visible(relational.sql_of(rows)) == Counter({(text,): 1})
    alone = Join(left=beside(A, "x"), right=PUBLIC, left_on=("x",), right_on=("k",), matches=1)
    rows = relational.meaning(renamed(alone, k="k"))
    assert not rows.is_id("k")
    assert relational.visible(relational.sql_of(rows)) == Counter({(text,): 1})


def _multiplied(matches: int, times: int) -> Relation:
    found: Relation = renamed(ROWS, x="x")
    for _ in range(times):
        found = renamed(Join(left=found, right=PUBLIC, left_on=("x",), right_on=("k",), matches=matches), x="x")
    return found


REFUSED: dict[str, Relation] = {
    "a row that becomes millions, to be felt by its time": _multiplied(3000, 2),
    "a row that becomes a million at once": _multiplied(10**6, 1),
    "millions in between": Distinct(relation=_multiplied(3000, 2), columns=("x",)),
    "truncate rows without ids": Truncate(relation=ROWS, rows=1),
    "group rows without ids": grouped(ROWS, "x", n="size x"),
    "group by no id": grouped(A, "x", n="size x"),
    "group by an id that is no longer a unit": grouped(Distinct(relation=A, columns=("x",)), "pid", n="size x"),
    "split what has no unit": Split(relation=looked_up(A, "right", 2), share=0.5),
    "split rows of which some are gone": Split(relation=Distinct(relation=ROWS, columns=("x", "z")), share=0.5),
    "truncate what has no unit": Truncate(relation=looked_up(A, "right", 2), rows=1),
    "join on no id": Join(left=A, right=renamed(B, y="y"), left_on=("x",), right_on=("y",)),
    "join rows": Join(left=ROWS, right=renamed(ROWS, k="x"), left_on=("x",), right_on=("k",)),
    "join rows with units": Join(left=A, right=renamed(ROWS, k="x"), left_on=("x",), right_on=("k",)),
    "join with another id-space": Join(left=B, right=Source(table="other/a"), left_on=("pid",), right_on=("did",)),
    "append another id-space": Append(left=renamed(A, x="x"), right=renamed(Source(table="other/a"), x="x")),
    "the public side first": Join(left=PUBLIC, right=renamed(A, x="x"), left_on=("k",), right_on=("x",), matches=1),
    "a lookup by id": looked_up(A, "inner", 1, key="pid"),
    "a lookup without its matches": Join(left=A, right=PUBLIC, left_on=("x",), right_on=("k",)),
    "matches among units": Join(left=A, right=B, left_on=("pid",), right_on=("pid",), matches=1),
    "too many tables": reduce(lambda one, _: Append(left=one, right=one), range(6), cast("Relation", A)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_stability_is_refused_with_a_reason(name: str) -> None:
    found = ops.rows_of(REFUSED[name], relational.catalog())
    assert isinstance(found, Refusal)
    assert found.why
