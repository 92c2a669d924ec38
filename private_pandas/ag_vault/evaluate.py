"""Runs what was priced against the rows: the only part of the vault's mathematics through which rows pass.

Knows no budget and no noise: it gets finished SQL and gives back exact integers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import duckdb
import numpy as np
from numpy.typing import NDArray

from ag_vault.errors import EngineFailed
from ag_vault.mechanisms.exponential import Tally
from ag_vault.parts import Bins, Sums, exact_vector
from ag_vault.price import Priced

Arrays = Sequence[NDArray[np.int64]]
_EMPTY = Tally.of(np.zeros(0, np.int64), np.zeros(0, np.int64))


class Data(Protocol):
    """The rows. Each table of the catalogue is a relation whose (quoted) SQL name is the table's key, e.g. ``"iris/train"``.

    Its columns have the names of the catalogue and the types float: DOUBLE, int: BIGINT, bool: BOOLEAN, str: VARCHAR,
    datetime: BIGINT (microseconds since 1970-01-01).
    """

    def rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """All rows of one query. EngineFailed (a bug: the SQL was admitted) with no part of any row in its text."""
        ...

    def arrays(self, sql: str) -> Arrays:
        """All columns of one query of 64-bit integers without nulls. EngineFailed as above."""
        ...


class DuckData:
    """Rows in an embedded DuckDB."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """As the protocol says."""
        return self._run(sql).fetchall()

    def arrays(self, sql: str) -> Arrays:
        """As the protocol says."""
        columns = self._run(sql).fetchnumpy()
        return [np.ascontiguousarray(column, dtype=np.int64) for column in columns.values()]

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql)
        except duckdb.Error as error:
            # The engine's own text may quote a value of a row; its class says enough to whoever debugs.
            raise EngineFailed(f"the engine refused an admitted query ({type(error).__name__})") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """The exact integers of a release: a vector per noised part and group, a tally per ranked part and group."""

    vectors: Mapping[tuple[int, int], tuple[int, ...]]
    tallies: Mapping[tuple[int, int], Tally]


def evaluate(priced: Priced, data: Data) -> Exact:
    """Every part of the release on every group, in the order of groups; a group without rows gives zeros."""
    tallies = _tallies(priced, data)
    vectors = _sums(priced, data)
    for number, part in enumerate(priced.parts):
        if isinstance(part, Bins):
            for group in range(priced.groups):
                vectors[number, group] = _counts(tallies.pop((number, group)), part.bins)
    return Exact(vectors=vectors, tallies=tallies)


def _sums(priced: Priced, data: Data) -> dict[tuple[int, int], tuple[int, ...]]:
    """One row per group: its number, then the aggregates of all parts of sums, in order."""
    parts = [(number, part) for number, part in enumerate(priced.parts) if isinstance(part, Sums)]
    if priced.sums_sql is None:
        return {}
    found = {int(row[0]): row[1:] for row in data.rows(priced.sums_sql)}
    vectors: dict[tuple[int, int], tuple[int, ...]] = {}
    start = 0
    for number, part in parts:
        stop = start + len(part.aggregates)
        for group in range(priced.groups):
            raw = found[group][start:stop] if group in found else (0,) * len(part.aggregates)
            vectors[number, group] = exact_vector(part, raw)
        start = stop
    return vectors


def _tallies(priced: Priced, data: Data) -> dict[tuple[int, int], Tally]:
    """Rows of part, group, position, count, sorted by the first three; cut where part or group changes."""
    wanted = [number for number, part in enumerate(priced.parts) if not isinstance(part, Sums)]
    tallies = {(number, group): _EMPTY for number in wanted for group in range(priced.groups)}
    if priced.tallies_sql is None:
        return tallies
    parts, groups, positions, counts = data.arrays(priced.tallies_sql)
    changes = (parts[1:] != parts[:-1]) | (groups[1:] != groups[:-1])
    starts = [0, *(np.flatnonzero(changes) + 1).tolist(), len(parts)]
    for start, stop in pairwise(starts):
        if start < stop:
            key = int(parts[start]), int(groups[start])
            tallies[key] = Tally.of(positions[start:stop], counts[start:stop])
    return tallies


def _counts(tally: Tally, bins: int) -> tuple[int, ...]:
    """The vector of a histogram: every bin, also an empty one."""
    counts = np.zeros(bins, np.int64)
    counts[tally.positions] = tally.counts
    return tuple(counts.tolist())
