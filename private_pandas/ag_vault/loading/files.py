"""An owner's file on its way in: what columns it has, what would be coerced, the conforming copy. Bounded memory.

Knows DuckDB and files; what a column should be comes from ``metadata``, how a value gets there from ``conform``.
"""

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from ag_vault.catalog import ORDER_COLUMN, ROWS_TABLE, ColumnRecord, Kind, place_of
from ag_vault.errors import BadData
from ag_vault.loading import capped
from ag_vault.loading.conform import TOO_LONG, Conformed, conform
from ag_vault.loading.units import Units, by_unit, unit_id
from ag_vault.ops.grids import to_store
from ag_vault.space import USUAL_CHARACTERS

_READERS = {".parquet": "read_parquet", ".pq": "read_parquet", ".csv": "read_csv"}
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"BZh", b"\xfd7zXZ\x00")
"""How files begin that gzip, zstd, zip, bzip2 or xz made."""
_INDEXES = ("", "Unnamed: 0", "__index_level_0__", "column0")
"""Names under which row labels arrive that nobody declared; they are dropped."""
_FILE, _ASIDE = "file", "aside"
"""The names by which the engine knows the file being written, and the one that is gone afterwards."""
_DEEPEST = 8
"""Lists in lists, and records: the engine takes twice as long for each further one, and for a hundred it would never end."""
_UNREADABLE_SHARE = 0.1
"""More than this share of a column unreadable: it isn't the column the metadata describes."""
_INFERRED: tuple[tuple[str, Kind], ...] = (
    ("BOOLEAN", "bool"), ("TIMESTAMP", "datetime"), ("DATE", "datetime"), ("DOUBLE", "float"), ("FLOAT", "float"),
    ("DECIMAL", "float"), ("TINYINT", "int"), ("SMALLINT", "int"), ("INTEGER", "int"), ("BIGINT", "int"),
    ("UTINYINT", "int"), ("USMALLINT", "int"), ("UINTEGER", "int"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A readable file: ``key`` for messages, the engine's types by column in the file's order."""

    key: str
    path: Path
    types: dict[str, str]

    @property
    def scan(self) -> exp.Expr:
        """The file as a table expression. CSV cells arrive as text: parsing is ``conform``'s, where nothing can fail."""
        return _scan(self.path, "header", "all_varchar")


def open_file(engine: duckdb.DuckDBPyConnection, key: str, path: Path) -> File:
    """The file and its columns. BadData where it is neither CSV nor Parquet, or damaged."""
    if path.suffix.lower() not in _READERS:
        raise BadData(f"The file for {key} must end in .parquet or .csv.")
    if not path.is_file():
        raise BadData(f"There is no file {path}.")
    if path.suffix.lower() == ".csv" and _is_packed(path):
        raise BadData(
            f"The file for {key} is compressed: unpack it first, or send it as Parquet, which may be compressed within."
        )
    types = _types(engine, key, _scan(path, "header", "all_varchar"))
    if deep := [name for name, kind in types.items() if kind.count("[") + kind.count("(") > _DEEPEST]:
        raise BadData(
            f"The file for {key} has nested values in the column {_listed(deep)}: a column holds single ones."
        )
    return File(key=key, path=path, types=types)


def _is_packed(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(max(map(len, _PACKED))).startswith(_PACKED)


def fit(file: File, columns: Sequence[ColumnRecord], ids: Sequence[str] = ()) -> list[str]:
    """Check that file and metadata name the same columns; the row labels to drop. BadData where they don't."""
    declared = {column.name for column in columns} | set(ids)
    missing = [name for name in declared if name not in file.types]
    extra = [name for name in file.types if name not in declared]
    surplus = [name for name in extra if name not in _INDEXES]
    if missing:
        raise BadData(f"The file for {file.key} lacks the column {_listed(missing)}, which its metadata declares.")
    if surplus:
        raise BadData(f"The file for {file.key} has the column {_listed(surplus)}, which its metadata doesn't declare.")
    return extra


def inferred(engine: duckdb.DuckDBPyConnection, file: File) -> tuple[ColumnRecord, ...]:
    """The columns of a public file, by the types the engine finds in it; row labels are left out."""
    kinds = dict(_INFERRED)
    return tuple(
        ColumnRecord(name=name, kind=kinds.get(re.split(r"[ (]", engine_type)[0], "str"))
        for name, engine_type in _types(engine, file.key, _scan(file.path, "header")).items()
        if name not in _INDEXES
    )


def survey(engine: duckdb.DuckDBPyConnection, file: File, columns: Sequence[ColumnRecord]) -> dict[str, dict[str, int]]:
    """How many values of each column would be coerced, and how; ``""`` has the number of rows. For the owner only.

    BadData where a column is not what its metadata says: mostly unreadable, or null though declared not to be.
    """
    conformed = _conformed(file, columns)
    counts: list[tuple[str, str, exp.Expr]] = [("", "rows", exp.Count(this=exp.Star()))]
    for column in columns:
        one = conformed[column.name]
        counts += [(column.name, what, _count_if(when)) for what, when in one.coercions.items()]
        counts.append((column.name, "null", _count_if(exp.Is(this=exp.paren(one.value), expression=exp.null()))))
    query = exp.select(*(expression for _, _, expression in counts)).from_(file.scan)
    (row,) = _run(engine, file.key, query.sql("duckdb"))
    report: dict[str, dict[str, int]] = {}
    for (name, what, _), number in zip(counts, row, strict=True):
        report.setdefault(name, {})[what] = int(number)
    for column in columns:
        _judge(f"{file.key}.{column.name}", column, report[column.name], report[""]["rows"])
    return report


def copy(
    engine: duckdb.DuckDBPyConnection, file: File, columns: Sequence[ColumnRecord], target: Path, units: Units | None
) -> tuple[int, int] | None:
    """Write the conforming rows with their places, and their secret order as a column: drawn for this load, or within each unit, which is then beside it.

    Where there are units, how many rows have an id, and how many of these stay: for the owner only.
    """
    if units is not None:
        return _keep_units(engine, file, columns, target, units)
    values, stored = conforming(file, columns), _stored(columns)
    named = [exp.alias_(value, name, quoted=True) for name, value in values.items()]
    order = exp.alias_(_secret_order(), ORDER_COLUMN, quoted=True)
    conformed = exp.select(*named, order).from_(file.scan).subquery("t")
    rows = exp.select("*", *stored).from_(conformed).order_by(exp.column(ORDER_COLUMN, quoted=True))
    with _writing(engine, file.key, target) as kept:
        _make(engine, file.key, kept, rows)
    return None


def _keep_units(
    engine: duckdb.DuckDBPyConnection,
    file: File,
    columns: Sequence[ColumnRecord],
    target: Path,
    units: Units,
) -> tuple[int, int]:
    def ask(query: exp.Expr) -> list[tuple[Any, ...]]:
        return _run(engine, file.key, query.sql("duckdb"))

    values, aside = conforming(file, columns), target.with_suffix(".sorted")
    with _writing(engine, file.key, target) as kept, _writing(engine, file.key, aside, _ASIDE) as there:
        _make(engine, file.key, there, by_unit(values, unit_id(units, file.types), file.scan, units))
        for number, part in enumerate(capped.slices(ask, there, tuple(values), units.record.max_rows)):
            whole = part.select(*_stored(columns))
            if number:
                ask(exp.Insert(this=kept.copy(), expression=whole))
            else:
                _make(engine, file.key, kept, whole)
        known, staying = capped.count(ask, there), capped.count(ask, kept)
    aside.unlink()
    return known, staying


def _stored(columns: Sequence[ColumnRecord]) -> list[exp.Expr]:
    return [exp.alias_(place, place_of(name), quoted=True) for name, place in places(columns).items()]


def places(columns: Sequence[ColumnRecord]) -> dict[str, exp.Expr]:
    """Of each float between bounds, its place between them as an expression over conforming rows, by the column's name."""
    found = {
        column.name: to_store(exp.column(column.name, quoted=True), float(column.lower), float(column.upper))
        for column in columns
        if column.kind == "float" and column.lower is not None and column.upper is not None
    }
    return {name: place for name, place in found.items() if place is not None}


def copy_public(engine: duckdb.DuckDBPyConnection, file: File, columns: Sequence[ColumnRecord], target: Path) -> None:
    """Write a public file's rows, in their own order, with the types their columns shall have."""
    values = [exp.alias_(one.value, name, quoted=True) for name, one in _conformed(file, columns).items()]
    _copy(engine, file.key, exp.select(*values).from_(file.scan), target)


def conforming(file: File, columns: Sequence[ColumnRecord]) -> dict[str, exp.Expr]:
    """The conforming value of each column, as an expression over the file."""
    return {name: one.value for name, one in _conformed(file, columns).items()}


def copy_mock(
    engine: duckdb.DuckDBPyConnection, file: File, columns: Sequence[ColumnRecord], units: Units | None, target: Path
) -> tuple[ColumnRecord, ...]:
    """Write a mock's rows for analysts to read, the id of each row's unit first, as text; the columns written."""
    values = [exp.alias_(value, name, quoted=True) for name, value in conforming(file, columns).items()]
    if units is None:
        _copy(engine, file.key, exp.select(*values).from_(file.scan), target)
        return tuple(columns)
    parts = [exp.cast(exp.column(name, quoted=True), "TEXT") for name in units.ids]
    whole = exp.func("CONCAT_WS", exp.Literal.string("_"), *parts, dialect="duckdb")
    identity = exp.alias_(whole, units.record.name, quoted=True)
    _copy(engine, file.key, exp.select(identity, *values).from_(file.scan), target)
    return (ColumnRecord(name=units.record.name, kind="str"), *columns)


def _scan(path: Path, *csv_options: str) -> exp.Expr:
    reader = _READERS[path.suffix.lower()]
    options = [exp.EQ(this=exp.column(name), expression=exp.true()) for name in csv_options]
    return exp.Anonymous(
        this=reader, expressions=[exp.Literal.string(str(path)), *(options if reader == "read_csv" else [])]
    )


def _types(engine: duckdb.DuckDBPyConnection, key: str, scan: exp.Expr) -> dict[str, str]:
    rows = _run(engine, key, exp.Describe(this=exp.select("*").from_(scan)).sql("duckdb"))
    return {str(name): str(engine_type) for name, engine_type, *_ in rows}


@contextmanager
def _writing(engine: duckdb.DuckDBPyConnection, key: str, target: Path, name: str = _FILE) -> Iterator[exp.Table]:
    """The one table of a file of the engine's own, to be made and filled: it is scanned two to three times as fast as Parquet."""
    _run(engine, key, exp.Attach(this=exp.alias_(exp.Literal.string(str(target)), name)).sql("duckdb"))
    yield exp.table_(ROWS_TABLE, db=name, quoted=True)
    _run(engine, key, exp.Detach(this=exp.to_identifier(name)).sql("duckdb"))


def _make(engine: duckdb.DuckDBPyConnection, key: str, table: exp.Table, rows: exp.Select) -> None:
    _run(engine, key, exp.Create(this=table.copy(), kind="TABLE", expression=rows).sql("duckdb"))


def _copy(engine: duckdb.DuckDBPyConnection, key: str, rows: exp.Select, target: Path) -> None:
    settings = [exp.CopyParameter(this=exp.var("FORMAT"), expression=exp.var("PARQUET"))]
    statement = exp.Copy(this=exp.paren(rows), kind=False, files=[exp.Literal.string(str(target))], params=settings)
    _run(engine, key, statement.sql("duckdb"))


def _secret_order() -> exp.Expr:
    """Sixty bits of SHA-256 of a key that nobody keeps and the row's number."""
    key = exp.Literal.string(secrets.token_hex(32))
    number = exp.Window(this=exp.RowNumber(), over="OVER")
    digest = exp.func("SHA256", exp.func("CONCAT", key, exp.cast(number, "TEXT")), dialect="duckdb")
    first = exp.func("SUBSTR", digest, exp.Literal.number(1), exp.Literal.number(15))
    return exp.cast(exp.func("CONCAT", exp.Literal.string("0x"), first), "BIGINT")


def _conformed(file: File, columns: Sequence[ColumnRecord]) -> dict[str, Conformed]:
    return {
        column.name: conform(column, exp.column(column.name, quoted=True), file.types[column.name])
        for column in columns
    }


def _judge(place: str, column: ColumnRecord, counted: dict[str, int], rows: int) -> None:
    unreadable = counted.get("unreadable", 0)
    if unreadable > _UNREADABLE_SHARE * rows:
        raise BadData(f"{unreadable} of {rows} values of column {place} can't be read as {column.kind}.")
    if counted.get(TOO_LONG):
        raise BadData(
            f"{counted[TOO_LONG]} of {rows} texts of column {place} have more than {USUAL_CHARACTERS} characters: "
            "say in its metadata how long they may be, e.g. max_length: 2000; longer ones are then cut."
        )
    if not column.nullable and counted["null"]:
        raise BadData(f"Column {place} is declared not nullable, but {counted['null']} of its values would be null.")


def _run(engine: duckdb.DuckDBPyConnection, key: str, statement: str) -> list[tuple[Any, ...]]:
    try:
        return engine.execute(statement).fetchall()
    except (duckdb.IOException, duckdb.OutOfMemoryException) as problem:
        raise BadData(f"The file for {key} can't be read or its copy written: {_first_line(problem)}") from problem
    except duckdb.Error as problem:
        raise BadData(f"The file for {key} doesn't fit its format: {_first_line(problem)}") from problem


def _first_line(problem: Exception) -> str:
    return str(problem).splitlines()[0][:300]


def _count_if(condition: exp.Expr) -> exp.Expr:
    return exp.Count(this=exp.Case(ifs=[exp.If(this=condition, true=exp.Literal.number(1))]))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in sorted(names)[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"  # noqa: PLR2004 - five fit a sentence
