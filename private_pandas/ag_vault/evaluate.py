"""Runs what was priced against the rows: the only part of the vault's mathematics through which rows pass.

Knows no budget and no noise: it gets SQL and gives back exact integers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, Protocol

import duckdb
import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from ag_vault import descent
from ag_vault.descent import Range
from ag_vault.errors import EngineFailed
from ag_vault.expressions.term import SQL_TYPES
from ag_vault.mapper import Mapper, NoMapper, at_once
from ag_vault.mechanisms import nested
from ag_vault.mechanisms.exponential import Integers, Tally
from ag_vault.ops.keys import Key
from ag_vault.ops.queries import Asking
from ag_vault.ops.rows import VALUE, key_of
from ag_vault.ops.whole import Whole
from ag_vault.parts import Bins, Ranks, Sums, exact_vector
from ag_vault.price import Priced

MANY = 30_000
"""Rows of a table from which on the values of its columns are not all sorted for a quantile."""
Arrays = Sequence[NDArray[np.int64]]
Candidate = tuple[Key, int]
"""A key that may be told, and how many rows it has."""
_ASKED = '"map asked"'
_EMPTY = Tally.of(np.zeros(0, np.int64), np.zeros(0, np.int64))


class Data(Protocol):
    """The rows. Each table of the catalogue is a relation whose (quoted) SQL name is the table's key, e.g. ``"iris/train"``.

    Its columns have the names of the catalogue and the types float: DOUBLE, int: BIGINT, bool: BOOLEAN, str: VARCHAR,
    datetime: BIGINT (microseconds since 1970-01-01).
    """

    def rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """All rows of one query. EngineFailed (a bug: the SQL was admitted) with no part of any row in its text."""
        ...

    def arrays(self, sql: str, parameters: Sequence[int] = ()) -> Arrays:
        """All columns of one query of 64-bit integers without nulls. EngineFailed as above."""
        ...

    def count(self, whole: Whole) -> int:
        """How many rows a table has, or values a column of it: exact, and asked of the engine once. EngineFailed as above."""
        ...

    def learn(self, asking: Asking) -> None:
        """Have a mapper make the lookup's values of all that the query gives, and keep them as its table. MapperFailed, EngineFailed."""
        ...

    def forget(self, tables: Sequence[str]) -> None:
        """Drop tables of lookups."""
        ...


class DuckData:
    """Rows in an embedded DuckDB."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, mapper: Mapper | None = None) -> None:
        self._connection = connection
        self.mapper: Mapper = NoMapper() if mapper is None else mapper
        self._counts: dict[Whole, int] = {}

    def rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """As the protocol says."""
        return self._run(sql).fetchall()

    def arrays(self, sql: str, parameters: Sequence[int] = ()) -> Arrays:
        """As the protocol says."""
        columns = self._run(sql, parameters).fetchnumpy()
        return [np.ascontiguousarray(column, dtype=np.int64) for column in columns.values()]

    def count(self, whole: Whole) -> int:
        """As the protocol says; an owner's table never changes, a guest's is never made twice: so there is no more to keep than they have columns."""
        known = self._counts.get(whole)
        if known is None:
            counted = exp.Star() if whole.column is None else exp.column(whole.column, quoted=True)
            query = exp.select(exp.Count(this=counted)).from_(exp.table_(whole.table, quoted=True))
            known = self._counts[whole] = int(self.rows(query.sql("duckdb"))[0][0])
        return known

    def learn(self, asking: Asking) -> None:
        """As the protocol says; values that the table has already are not asked for again."""
        lookup = asking.lookup
        target, keys = exp.table_(lookup.table, quoted=True).sql("duckdb"), range(len(lookup.keys))
        kinds = [SQL_TYPES[kind].sql("duckdb") for kind in (*lookup.kinds, lookup.kind)]
        names = [f'"{name}"' for name in (*map(key_of, keys), VALUE)]
        columns = ", ".join(f"{name} {kind}" for name, kind in zip(names, kinds, strict=True))
        self._run(f"CREATE TABLE IF NOT EXISTS {target} ({columns})")
        known = ", ".join(names[:-1])
        self._run(f"CREATE OR REPLACE TABLE {_ASKED} AS ({asking.sql}) EXCEPT SELECT {known} FROM {target}")  # noqa: S608 - names and SQL are ours, made of the plan by sqlglot
        given = ", ".join(f"unnest(${number}::{kind}[])" for number, kind in enumerate(kinds, start=1))
        size = at_once(lookup.kinds)
        with self._connection.cursor() as reading:
            reading.execute(f"SELECT * FROM {_ASKED}")  # noqa: S608 - names and SQL are ours, made of the plan by sqlglot
            new = chain.from_iterable(iter(lambda: reading.fetchmany(size), []))
            for rows, results in self.mapper.mapped(lookup, new):
                parts = [[row[key] for row in rows] for key in keys]
                self._run(f"INSERT INTO {target} SELECT {given}", [*parts, results])
        self._run(f"DROP TABLE {_ASKED}")

    def forget(self, tables: Sequence[str]) -> None:
        """As the protocol says."""
        for table in tables:
            self._run(f"DROP TABLE IF EXISTS {exp.table_(table, quoted=True).sql('duckdb')}")

    def _run(self, sql: str, parameters: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql, list(parameters))
        except duckdb.Error as error:
            # The engine's own text may quote a value of a row; its class says enough to whoever debugs.
            raise EngineFailed(f"the engine refused an admitted query ({type(error).__name__})") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """The exact integers of a release: a vector per noised part and group, a tally per ranked part and group.

    ``keys``: where keys are to be found, those of the rows by number, with their numbers of rows; groups are then those of each in turn.
    """

    vectors: Mapping[tuple[int, int], tuple[int, ...]]
    tallies: Mapping[tuple[int, int], Tally]
    keys: Sequence[Candidate] = ()


def evaluate(priced: Priced, data: Data) -> Exact:
    """Every part of the release on every group, in the order of groups; a group without rows gives zeros."""
    if not priced.askings:
        return _evaluated(priced, data)
    try:
        for asking in priced.askings:
            data.learn(asking)
        return _evaluated(priced, data)
    finally:
        data.forget([asking.lookup.table for asking in priced.askings])


def _evaluated(priced: Priced, data: Data) -> Exact:
    keys, sums = _sums(priced, data)
    groups = range(priced.groups if priced.finding is None else priced.groups * len(keys))
    tallies = _tallies(priced, data, groups)
    vectors = _vectors(priced, groups, sums)
    for number, part in enumerate(priced.parts):
        if isinstance(part, Bins):
            for group in groups:
                vectors[number, group] = _counts(tallies.pop((number, group)), part.bins)
    return Exact(vectors=vectors, tallies=tallies, keys=keys)


def _sums(priced: Priced, data: Data) -> tuple[list[Candidate], dict[int, tuple[Any, ...]]]:
    """The candidates among keys that are to be found, and the aggregates of all parts of sums, in order, by group."""
    if priced.counts is not None:
        return [], {0: tuple([data.count(each) for each in priced.counts])}
    if priced.finding is None:
        return [], {} if priced.sums_sql is None else _numbered(data.rows(priced.sums_sql), priced.sums_keys)
    if priced.sums_sql is None:
        return [(row[:-1], int(row[-1])) for row in data.rows(priced.finding.sql)], {}
    keys: list[Candidate] = []
    sums: dict[int, tuple[Any, ...]] = {}
    width = len(priced.finding.groups.found)
    for row in data.rows(priced.sums_sql):
        key, (rows, cell), own = row[:width], row[width : width + 2], row[width + 2 :]
        if not keys or keys[-1][0] != key:
            keys.append((key, int(rows)))
        sums[(len(keys) - 1) * priced.groups + int(cell)] = own
    return keys, sums


def _vectors(
    priced: Priced, groups: range, sums: Mapping[int, tuple[Any, ...]]
) -> dict[tuple[int, int], tuple[int, ...]]:
    """The vectors of all parts of sums; a group without rows has zeros."""
    vectors: dict[tuple[int, int], tuple[int, ...]] = {}
    start = 0
    for number, part in enumerate(priced.parts):
        if isinstance(part, Sums):
            stop = start + len(part.aggregates)
            none = (0,) * len(part.aggregates)
            for group in groups:
                vectors[number, group] = exact_vector(part, sums[group][start:stop] if group in sums else none)
            start = stop
    return vectors


def _numbered(rows: Sequence[tuple[Any, ...]], keys: Sequence[Key]) -> dict[int, tuple[Any, ...]]:
    """The rest of each row by its group's number. A key is in the list once at most, and no null is."""
    if not keys:
        return {int(row[0]): row[1:] for row in rows}
    numbers, width = {key: number for number, key in enumerate(keys)}, len(keys[0])
    return {numbers[row[:width]]: row[width:] for row in rows if row[:width] in numbers}


def _tallies(priced: Priced, data: Data, groups: range) -> dict[tuple[int, int], Tally]:
    """Rows of part, group, position, count, sorted by the first three; cut where part or group changes."""
    wanted = [number for number, part in enumerate(priced.parts) if not isinstance(part, Sums)]
    tallies = {(number, group): _EMPTY for number in wanted for group in groups}
    if not wanted:
        return tallies
    if _many(priced, data):
        return {(number, 0): _descended(priced, number, data) for number in wanted}
    sql = priced.tallies_sql()
    if sql is None:
        return tallies
    parts, cells, positions, counts = data.arrays(sql)
    changes = (parts[1:] != parts[:-1]) | (cells[1:] != cells[:-1])
    starts = [0, *(np.flatnonzero(changes) + 1).tolist(), len(parts)]
    for start, stop in pairwise(starts):
        if start < stop:
            key = int(parts[start]), int(cells[start])
            tallies[key] = Tally.of(positions[start:stop], counts[start:stop])
    return tallies


def _many(priced: Priced, data: Data) -> bool:
    """Whether columns are large enough to be counted in coarse steps first; groups and histograms never are."""
    ranked = all(isinstance(part, Sums | Ranks) for part in priced.parts) and not priced.release.by
    return ranked and max(data.count(Whole(table=source)) for source in priced.sources) > MANY


def _descended(priced: Priced, number: int, data: Data) -> Tally:
    part = priced.parts[number]
    if not isinstance(part, Ranks):
        raise TypeError(number)

    def count(shift: int, ranges: Sequence[Range]) -> tuple[Integers, Integers]:
        ends = [end for each in ranges for end in (each.low, each.high)]
        steps, counts = data.arrays(priced.places_sql(part, len(ranges)), [shift, *ends])
        return steps, counts

    return descent.tally(count, part.grid.points, nested.aims(part.probabilities, priced.epsilon(number)))


def _counts(tally: Tally, bins: int) -> tuple[int, ...]:
    """The vector of a histogram: every bin, also an empty one."""
    counts = np.zeros(bins, np.int64)
    counts[tally.positions] = tally.counts
    return tuple(counts.tolist())
