"""Every relation word on every small database: no unit moves more rows than the word's stability, and some unit moves as many.

A database has at most four rows over a tiny domain, in which units share values, hold nulls and equal rows; its neighbours lack one unit
everywhere at once.
"""

from collections import Counter
from functools import cache
from typing import Any

import pytest

from ag_plan.relations import Filter, Project, Relation, Truncate
from ag_vault import ops
from ag_vault.errors import Refusal
from tests.vault import relational
from tests.vault.relational import CAP, ROWS, A, B
from tests.vault.world import binary, column

IDS: dict[str, Any] = {A.table: ((0,), (1,), (None,)), B.table: ((0,), (1,))}
"""Contents by table where two tables of ids are asked."""
MIXED: dict[str, Any] = {ROWS.table: ((0, 0), (0, 1), (1, None)), A.table: ((0,), (1,))}
"""Where a table of rows is."""
KINDS = {"ids": IDS, "mixed": MIXED}

RELATIONS: dict[str, tuple[str, Relation, int]] = {
    "source of ids": ("ids", A, CAP),
    "source of rows": ("mixed", ROWS, 1),
    "filter": ("ids", Filter(relation=A, predicate=binary("eq", column("x"), 1)), CAP),
    "project": ("ids", Project(relation=A, names=("p",), expressions=(binary("add", column("x"), 1),)), CAP),
    "truncate": ("ids", Truncate(relation=A, rows=1), 1),
    "truncate to more": ("ids", Truncate(relation=A, rows=7), CAP),
    "truncate what is left": (
        "ids",
        Truncate(relation=Filter(relation=A, predicate=binary("ge", column("x"), 0)), rows=1),
        1,
    ),
}


@cache
def results(kinds: str) -> dict[str, dict[relational.Database, Counter[tuple[Any, ...]]]]:
    """What every relation over these tables is on every small database."""
    queries = {
        name: relational.sql_of(relational.meaning(relation))
        for name, (wanted, relation, _) in RELATIONS.items()
        if wanted == kinds
    }
    found: dict[str, dict[relational.Database, Counter[tuple[Any, ...]]]] = {name: {} for name in queries}
    for database in relational.databases(KINDS[kinds], 4):
        relational.put(database)
        for name, sql in queries.items():
            found[name][database] = relational.visible(sql)
    return found


@pytest.mark.xdist_group("relations")
@pytest.mark.parametrize("name", RELATIONS)
def test_no_unit_moves_more_rows_than_declared_and_one_moves_as_many(name: str) -> None:
    kinds, relation, declared = RELATIONS[name]
    assert relational.meaning(relation).stability == declared
    seen = results(kinds)[name]
    moved = [relational.apart(here, seen[other]) for one, here in seen.items() for other in relational.neighbours(one)]
    assert max(moved) == declared


REFUSED: dict[str, Relation] = {
    "truncate rows without ids": Truncate(relation=ROWS, rows=1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_stability_is_refused_with_a_reason(name: str) -> None:
    found = ops.rows_of(REFUSED[name], relational.catalog())
    assert isinstance(found, Refusal)
    assert found.why
    assert found.instead
