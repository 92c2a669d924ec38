"""Whether a mock carries the data that it stands in for: what a linter finds, in words for the owner alone. Knows both files, in their own order.

Each test compares with what a mock drawn on its own would show by chance, and speaks where that has a chance of about 1e-7 or less. It finds
copies, no proofs of absence: a mock made from the data with much noise, in another order and of another length passes. What grows with the data is looked
at in a part of its values or rows, by their hash; what the mock has in common with the data, in all of it.
"""

# ruff: noqa: S608 (columns go by numbers in here: no text of anybody's is in a query)
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
from sqlglot import exp

from ag_vault.catalog import ColumnRecord
from ag_vault.loading import files
from ag_vault.loading.units import Units

_RARE: Final = 16.0
"""Of a test, -ln of how often chance alone makes it speak; of tests with many candidates their logarithm comes on top."""
_FEWEST_PAIRS: Final = 10
_FEWEST: Final = 40
_PROBES, _MOST_COMPARED = 24, 200_000
_IN_PART: Final = "hash({}) % (SELECT k FROM lint_k) = 0"
"""Of a large table one in so many, the same ones of values that are the same; of others all."""
_FEWEST_CATEGORIES: Final = 4
_MOST_CATEGORIES: Final = 200
_TOO_EXACT: Final = 0.15
"""Kolmogorov's statistic of two samples after location and scale are made the same: chance is below this about once in 1e8 (twenty thousand pairs of bells: 0.23 at the least)."""
_STEPS: Final = (86_400_000_000.0, 60_000_000.0, 1_000_000.0, 1.0, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6)
_CONTINUOUS: Final = 1000.0
"""Places for each rare value from which on a number met twice is no accident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a mock has of the data: in which column (empty: in its rows), what, and in how many values."""

    column: str
    what: str
    count: int

    def __str__(self) -> str:
        return f"{f'column {self.column}: ' if self.column else ''}{self.what} ({self.count})"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column of both tables, ``c0``, ``c1`` …; numbers are doubles, all else text."""

    name: str
    sql: str
    number: bool


def findings(
    engine: duckdb.DuckDBPyConnection,
    data: files.File,
    mock: files.File,
    columns: Sequence[ColumnRecord],
    units: Units | None,
) -> list[Finding]:
    """All that is too alike. Leaves the engine as it was."""
    named = _named(columns, units)
    for table, file in (("lint_p", data), ("lint_m", mock)):
        query = _values_of(file, columns, named).sql("duckdb")
        engine.execute(f"CREATE TEMP TABLE {table} AS {query}")
    engine.execute(f"CREATE TEMP TABLE lint_k AS SELECT 1 + count(*) // {_MOST_COMPARED} k FROM lint_p")
    try:
        return list(_found(engine, named))
    finally:
        for table in ("lint_p", "lint_m", "lint_k"):
            engine.execute(f"DROP TABLE IF EXISTS {table}")


def _named(columns: Sequence[ColumnRecord], units: Units | None) -> list[_Column]:
    ids = () if units is None else units.ids
    listed = [(name, False) for name in ids] + [(one.name, one.kind in {"float", "int", "datetime"}) for one in columns]
    return [_Column(name=name, sql=f"c{place}", number=number) for place, (name, number) in enumerate(listed)]


def _values_of(file: files.File, columns: Sequence[ColumnRecord], named: Sequence[_Column]) -> exp.Select:
    """The file's values in its own order: row number ``i`` and the columns."""
    values = {one.name: exp.column(one.name, quoted=True) for one in named} | files.conforming(file, columns)
    typed = [exp.alias_(exp.cast(values[one.name], "DOUBLE" if one.number else "TEXT"), one.sql) for one in named]
    number = exp.alias_(exp.Window(this=exp.RowNumber(), over="OVER"), "i")
    return exp.select(number, *typed).from_(file.scan)


def _found(engine: duckdb.DuckDBPyConnection, columns: Sequence[_Column]) -> Iterator[Finding]:
    ((rows, mocked),) = _ask(engine, "SELECT (SELECT count(*) FROM lint_p), (SELECT count(*) FROM lint_m)")
    if rows == mocked:
        yield Finding(column="", what="the mock has exactly as many rows as the data", count=mocked)
    yield from _rows(engine, columns)
    keys = ["i", *(one.sql for one in columns if _is_key(engine, one))]
    for column in columns:
        for test in _TESTS:
            yield from test(engine, column)
        for key in keys:
            if key != column.sql:
                yield from _aligned(engine, column, key)


def _rows(engine: duckdb.DuckDBPyConnection, columns: Sequence[_Column]) -> Iterator[Finding]:
    """Rows that the data has once, met in the mock: more than a fresh row would be, or one of the mock's own values in another order."""
    if len(columns) < 2:  # noqa: PLR2004 - a row of one column is its value
        return
    whole = f"({', '.join(one.sql for one in columns)})"
    shuffled = ", ".join(f"a{place}.{one.sql}" for place, one in enumerate(columns))
    order = [
        f"(SELECT {one.sql}, row_number() OVER (ORDER BY hash(i + {place * 7919}), i) j FROM lint_m) a{place}"
        for place, one in enumerate(columns)
    ]
    joined = f"{order[0]} " + " ".join(f"JOIN {other} USING (j)" for other in order[1:])
    met = _met(engine, f"SELECT hash({whole}) v FROM lint_p", f"SELECT hash({whole}) v FROM lint_m")
    alone = _alone(f"SELECT hash({whole}) v FROM lint_p", f"SELECT hash(({shuffled})) v FROM {joined}")
    ((by_chance,),) = _ask(
        engine, f"SELECT count(*) FROM {joined} WHERE hash(({shuffled})) IN (SELECT v FROM ({alone}))"
    )
    if _too_many(met.hits, max(met.expected(None), 2.0 * by_chance)):
        yield Finding(column="", what="rows of the data are in the mock", count=met.hits)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """How many of ``size`` different values of the mock are among those that the data has once.

    ``once``, ``twice``: how many values the data has so often, of one in ``part`` of its values.
    """

    rows: int
    part: int
    once: int
    twice: int
    size: int
    hits: int

    def expected(self, places: float | None) -> float:
        """How many that would be at most for a mock of its own: by Good and Turing's estimate, or drawn evenly from ``places``."""
        if not self.rows:
            return 0.0
        once = self.part * self.once
        if places is not None and places > _CONTINUOUS * max(1, once):
            return self.size * max(2 * self.part * self.twice / self.rows, 50 * once / places)
        most = 2 * self.part * (self.twice + 3.1 * math.sqrt(self.twice) + 6.9) / self.rows
        return self.size * min(1.0, max(most, 0.0 if places is None else once / places))


def _met(engine: duckdb.DuckDBPyConnection, data: str, mock: str) -> _Met:
    ((rows,),) = _ask(engine, f"SELECT count(v) FROM ({data})")
    counted = f"SELECT count(*) k FROM ({data}) WHERE v IS NOT NULL AND {_IN_PART.format('v')} GROUP BY v"
    ((once, twice, part),) = _ask(
        engine,
        f"SELECT count(*) FILTER (k = 1), count(*) FILTER (k = 2), (SELECT k FROM lint_k) FROM ({counted})",
    )
    ((size,),) = _ask(engine, f"SELECT count(DISTINCT v) FROM ({mock})")
    ((hits,),) = _ask(engine, f"SELECT count(*) FROM ({_alone(data, mock)})")
    return _Met(rows=rows, part=part, once=once, twice=twice, size=size, hits=hits)


def _alone(data: str, mock: str) -> str:
    """The values that the data has once and the mock has, too. No more is kept in memory than the mock has."""
    return f"SELECT v FROM ({data}) WHERE v IN (SELECT v FROM ({mock})) GROUP BY v HAVING count(*) = 1"


def _values(engine: duckdb.DuckDBPyConnection, column: _Column) -> Iterator[Finding]:
    """Rare values (ids, texts, numbers) that both have."""
    met = _met(engine, f"SELECT {column.sql} v FROM lint_p", f"SELECT {column.sql} v FROM lint_m")
    if _too_many(met.hits, met.expected(_places(engine, column))):
        yield Finding(column=column.name, what="rare values of the data are in the mock", count=met.hits)


def _places(engine: duckdb.DuckDBPyConnection, column: _Column) -> float | None:
    """How many values there could be between the smallest and the largest, by the coarsest step that all are multiples of; None for text."""
    if not column.number:
        return None
    both = f"(SELECT {column.sql} v FROM lint_p UNION ALL SELECT {column.sql} FROM lint_m)"
    fits = ", ".join(
        f"max(abs(v)) >= {step} AND bool_and(abs(v / {step} - round(v / {step})) < 1e-6)" for step in _STEPS
    )
    ((span, *good),) = _ask(engine, f"SELECT max(v) - min(v), {fits} FROM {both} WHERE v IS NOT NULL")
    step = next((step for step, fit in zip(_STEPS, good, strict=True) if fit), None)
    return math.inf if step is None or span is None else span / step + 1


def _affine(engine: duckdb.DuckDBPyConnection, column: _Column) -> Iterator[Finding]:
    """Values moved by one number, or multiplied by one: more of the mock's have the same distance from values of the data than chance gives."""
    if not column.number or (_places(engine, column) or 0.0) < _CONTINUOUS:
        return
    for what, value, where in (("moved by one number", "{}", ""), ("multiplied by one number", "ln({})", "AND {} > 0")):
        of, only = value.format(column.sql), where.format(column.sql)
        part = _IN_PART.format(of)
        data = f"(SELECT DISTINCT {of} v FROM lint_p WHERE {part} AND {column.sql} IS NOT NULL {only} ORDER BY hash(v) LIMIT {_MOST_COMPARED})"
        mock = f"(SELECT DISTINCT {of} v FROM lint_m WHERE {column.sql} IS NOT NULL {only} ORDER BY hash(v) LIMIT {_PROBES})"
        ((size, lowest, highest),) = _ask(engine, f"SELECT count(*), min(v), max(v) FROM {data}")
        if size < _FEWEST or not highest > lowest:
            continue
        grain = (highest - lowest) * 1e-8
        ((most,),) = _ask(
            engine,
            f"SELECT coalesce(max(k), 0) FROM (SELECT count(*) k FROM {data} p, {mock} m GROUP BY round((m.v - p.v) / {grain!r}))",
        )
        share = max(size / min(_places(engine, column) or 1.0, 1e8), 1e-6)
        if _too_many(most, _PROBES * share, math.log(_PROBES * size)):
            yield Finding(column=column.name, what=f"values are the data's, {what}", count=most)


def _quantiles(engine: duckdb.DuckDBPyConnection, column: _Column) -> Iterator[Finding]:
    """Quantiles nearer to the data's, after location and scale are made the same, than those of another sample would be."""
    if not column.number:
        return
    scaled = "SELECT (v - avg(v) OVER ()) / nullif(stddev(v) OVER (), 0) v, {} w FROM (SELECT {} v FROM {} WHERE {} IS NOT NULL)"
    part = f"(SELECT * FROM lint_p WHERE {_IN_PART.format('i')})"
    both = " UNION ALL ".join(
        scaled.format(flag, column.sql, table, column.sql) for flag, table in ((0, part), (1, "lint_m"))
    )
    shares = f"SELECT count(*) FILTER (w = 0) n, count(*) FILTER (w = 1) m, count(DISTINCT v) FILTER (w = 0) dn, count(DISTINCT v) FILTER (w = 1) dm FROM ({both})"
    ((rows, mocked, different, different_mocked),) = _ask(engine, shares)
    if min(rows, mocked) < _FEWEST or different < 0.9 * rows or different_mocked < 0.9 * mocked:
        return
    ((distance,),) = _ask(
        engine,
        f"SELECT max(abs(d)) FROM (SELECT sum(CASE w WHEN 0 THEN {1 / rows:.17e} ELSE {-1 / mocked:.17e} END) OVER (ORDER BY round(v, 9) RANGE UNBOUNDED PRECEDING) d FROM ({both}))",
    )
    if distance is not None and distance * math.sqrt(rows * mocked / (rows + mocked)) < _TOO_EXACT:
        yield Finding(column=column.name, what="its quantiles are the data's own", count=mocked)


def _histogram(engine: duckdb.DuckDBPyConnection, column: _Column) -> Iterator[Finding]:
    """Counts of values more exactly in the data's proportions than a sample's are: chi-squared's lower tail, by Chernoff's bound."""
    ((different,),) = _ask(engine, f"SELECT approx_count_distinct({column.sql}) FROM lint_p")
    if different > 2 * _MOST_CATEGORIES:
        return
    counts = "SELECT {0} v, count(*) k FROM {1} WHERE {0} IS NOT NULL GROUP BY 1"
    data, mock = (counts.format(column.sql, table) for table in ("lint_p", "lint_m"))
    pairs = _ask(
        engine,
        f"SELECT p.k, coalesce(m.k, 0) FROM ({data}) p LEFT JOIN ({mock}) m USING (v) LIMIT {_MOST_CATEGORIES + 1}",
    )
    rows, mocked = (sum(pair[place] for pair in pairs) for place in (0, 1))
    freedom = len(pairs) - 1
    if not _FEWEST_CATEGORIES <= freedom < _MOST_CATEGORIES or not mocked or mocked < 2 * len(pairs):
        return
    wide = 1 + mocked / rows
    off = sum((found - mocked * of / rows) ** 2 / (mocked * of / rows * wide) for of, found in pairs)
    tail = math.inf if not off else -freedom / 2 * math.log(off * math.e / freedom) + off / 2
    if off < freedom and tail > _RARE:
        yield Finding(column=column.name, what="counts of its values are in the data's own proportions", count=mocked)


def _is_key(engine: duckdb.DuckDBPyConnection, column: _Column) -> bool:
    """Whether rows of both could be matched by it: nearly all values different in both, and some of them the same."""
    facts = f"SELECT count({column.sql}), count(DISTINCT {column.sql}) FROM "
    for table in (f"lint_p WHERE {_IN_PART.format(column.sql)}", "lint_m"):
        ((size, different),) = _ask(engine, facts + table)
        if not size or different < 0.9 * size:
            return False
    ((shared,),) = _ask(engine, f"SELECT count(*) FROM lint_m WHERE {column.sql} IN (SELECT {column.sql} FROM lint_p)")
    return bool(shared >= 2 * _FEWEST_PAIRS)


def _aligned(engine: duckdb.DuckDBPyConnection, column: _Column, key: str) -> Iterator[Finding]:
    """Rows matched by a key or by their place: differences of neighbours' ranks are correlated.

    Ranks and differences, so that neither outliers nor two files that are both sorted make it so.
    """
    one = "SELECT {0} k, first({1} ORDER BY i) v FROM {2} WHERE {1} IS NOT NULL AND {0} IS NOT NULL GROUP BY 1"
    shared = f"(SELECT * FROM lint_p WHERE {key} IN (SELECT {key} FROM lint_m))"
    data, mock = (one.format(key, column.sql, table) for table in (shared, "lint_m"))
    ranked = f"SELECT row_number() OVER (ORDER BY k) - 1 j, rank() OVER (ORDER BY x) x, rank() OVER (ORDER BY y) y FROM (SELECT k, p.v x, m.v y FROM ({data}) p JOIN ({mock}) m USING (k))"
    steps = f"SELECT first(x ORDER BY j) - last(x ORDER BY j) x, first(y ORDER BY j) - last(y ORDER BY j) y FROM ({ranked}) GROUP BY j // 2 HAVING count(*) = 2"
    ((pairs, alike),) = _ask(engine, f"SELECT count(*), corr(x, y) FROM ({steps})")
    if pairs < _FEWEST_PAIRS or alike is None or not math.isfinite(alike):
        return
    if alike**2 > 1 - math.exp(-(_RARE + 4) * 2 / (pairs - 2)):
        how = "in the data's order" if key == "i" else "on rows with the same key"
        yield Finding(column=column.name, what=f"values follow the data's {how}, correlation {alike:.2f}", count=pairs)


def _too_many(met: int, expected: float, candidates: float = 0.0) -> bool:
    """Whether so many are beyond chance: Chernoff's bound on the tail of a Poisson variable."""
    mean = max(expected, 1e-3)
    return met > mean and met * math.log(met / mean) - met + mean > _RARE + candidates


def _ask(engine: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return engine.execute(query).fetchall()


_TESTS: Final[tuple[Callable[[duckdb.DuckDBPyConnection, _Column], Iterator[Finding]], ...]] = (
    _values,
    _affine,
    _quantiles,
    _histogram,
)
