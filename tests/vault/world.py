"""Small private tables in DuckDB, a frozen noise and a ledger that remembers: what the tests of the vault share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

import duckdb

from ag_plan.expressions import Binary, Column, Constant, Expression
from ag_plan.relations import Relation, Source
from ag_plan.releases import Epsilon, GroupKey, Measure, Release, Rho
from ag_vault import ops
from ag_vault.catalog import Catalog, ColumnRecord, Table, place_of
from ag_vault.errors import Refusal
from ag_vault.evaluate import DuckData, Exact, evaluate
from ag_vault.loading import files
from ag_vault.price import Priced, price
from ag_vault.space import ColumnSpace, Space

SQL_TYPES = {"float": "DOUBLE", "int": "BIGINT", "bool": "BOOLEAN", "str": "VARCHAR", "datetime": "BIGINT"}
KEY = "demo/rows"
ROWS = Source(table=KEY)

COLUMNS: dict[str, ColumnSpace] = {
    "f": ColumnSpace(kind="float", lower=-2.0, upper=3.0),
    "g": ColumnSpace(kind="float"),
    "i": ColumnSpace(kind="int", lower=-5, upper=7),
    "j": ColumnSpace(kind="int"),
    "b": ColumnSpace(kind="bool"),
    "s": ColumnSpace(kind="str", categories=("x", "y", "z")),
    "t": ColumnSpace(kind="str"),
    "d": ColumnSpace(kind="datetime", lower=0, upper=10**15),
    "n": ColumnSpace(kind="int", lower=0, upper=3, nullable=False),
}

Row = Mapping[str, Any]


def catalog(columns: Mapping[str, ColumnSpace] = COLUMNS, *, placed: bool = False) -> Catalog:
    """``placed``: with the places of all floats beside them that the loader would store."""
    names = frozenset(places(columns)) if placed else frozenset()
    return Catalog(tables={KEY: Table(key=KEY, dataset="demo", columns=columns, placed=names)})


def places(columns: Mapping[str, ColumnSpace]) -> dict[str, str]:
    """Columns of places as the loader makes them, by the names of what they are of: made by the engine from whatever a row holds."""
    declared = [
        ColumnRecord(name=n, kind=s.kind, lower=s.lower, upper=s.upper) for n, s in columns.items() if s.kind == "float"
    ]
    return {
        name: f'"{place_of(name)}" BIGINT GENERATED ALWAYS AS ({place.sql("duckdb")}) VIRTUAL'
        for name, place in files.places(declared).items()
    }


@cache
def engine() -> duckdb.DuckDBPyConnection:
    """One engine for all tests: starting one takes longer than most of them."""
    return duckdb.connect(config={"threads": 1})


def data(rows: Sequence[Row], columns: Mapping[str, ColumnSpace] = COLUMNS, *, placed: bool = False) -> DuckData:
    """The rows in the engine, in the order given, in place of those that were there."""
    connection = engine()
    quoted = {name: name.replace('"', '""') for name in columns}
    types = [f'"{quoted[name]}" {SQL_TYPES[space.kind]}' for name, space in columns.items()]
    stored = places(columns).values() if placed else ()
    connection.execute(f'CREATE OR REPLACE TABLE "{KEY}" ({", ".join([*types, *stored])})')
    if rows:
        marks = ", ".join(f"({', '.join('?' for _ in columns)})" for _ in rows)
        connection.execute(f'INSERT INTO "{KEY}" VALUES {marks}', [row.get(name) for row in rows for name in columns])
    return DuckData(connection)


def schema(relation: Relation, catalog: Catalog) -> Space | Refusal:
    """What the rules of a relation's words say of its columns."""
    rows = ops.rows_of(relation, catalog)
    return rows if isinstance(rows, Refusal) else rows.space


def epsilon(value: Fraction | int = 1) -> Epsilon:
    exact = Fraction(value)
    return Epsilon(numerator=exact.numerator, denominator=exact.denominator)


def rho(value: Fraction | int) -> Rho:
    exact = Fraction(value)
    return Rho(numerator=exact.numerator, denominator=exact.denominator)


def ask(
    measure: Measure, *, relation: Relation = ROWS, by: tuple[GroupKey, ...] = (), eps: Fraction | int = 1
) -> Release:
    return Release(relation=relation, measure=measure, spend=epsilon(eps), by=by)


def priced(release: Release, columns: Mapping[str, ColumnSpace] = COLUMNS, *, placed: bool = False) -> Priced:
    """A price is of the plan alone, so that one is found once for all examples of rows."""
    found = _price(release, tuple(columns.items()), placed)
    assert isinstance(found, Priced), found
    return found


@lru_cache(maxsize=64)
def _price(release: Release, columns: tuple[tuple[str, ColumnSpace], ...], placed: bool) -> Priced | Refusal:
    return price(release, catalog(dict(columns), placed=placed))


def exact(release: Release, rows: Sequence[Row], columns: Mapping[str, ColumnSpace] = COLUMNS) -> Exact:
    return evaluate(priced(release, columns), data(rows, columns))


def column(name: str) -> Column:
    return Column(name=name)


def binary(operator: Any, left: Expression | Any, right: Expression | Any) -> Binary:
    return Binary(operator=operator, left=_word(left), right=_word(right))


def _word(value: Any) -> Expression:
    return value if isinstance(value, Expression) else Constant(value=value)


@dataclass
class Frozen:
    """Noise that is always the same: a fixed shift, and a fixed place in every range. Remembers what was asked of it."""

    shift: int = 0
    place: Fraction = Fraction(1, 2)
    asked: list[tuple[str, float]] = field(default_factory=list)

    def laplace(self, scale: float, count: int) -> list[int]:
        self.asked.append(("laplace", scale))
        return [self.shift] * count

    def gaussian(self, scale: float, count: int) -> list[int]:
        self.asked.append(("gaussian", scale))
        return [self.shift] * count

    def uniform(self, below: int) -> int:
        self.asked.append(("uniform", 0.0))
        return int(below * self.place)
