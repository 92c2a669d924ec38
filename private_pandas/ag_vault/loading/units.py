"""Privacy units of an owner's file: ids become keyed hashes, rows without an id go, and each unit keeps its first so many rows.

Knows ids and SQL expressions; what other columns hold is ``conform``'s. Which of a unit's rows stay depends on these rows alone: their
order is a keyed hash of what they hold, so that no row of another unit, and no place in the file, has a say.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlglot import exp

from ag_plan.relations import MOST_ROWS
from ag_vault.catalog import ColumnRecord, UnitRecord
from ag_vault.errors import BadData

_SPACE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")
_NOTHING = ("nan", "nat", "none", "null", "<na>")
"""Texts that stand for a missing id in files that were written from other programs' nulls."""
_FRACTIONAL = ("DOUBLE", "FLOAT", "REAL", "DECIMAL")


class UnitEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table's privacy unit as its owner describes it: id column(s), the id-space they belong to, rows per unit."""

    id: list[str]
    space: str
    max_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """How a table's rows belong to units: the file's id columns, what analysts are told, and the key under which ids are hashed."""

    ids: tuple[str, ...]
    record: UnitRecord
    key: bytes = field(repr=False)


def units_of(table: str, entry: UnitEntry, columns: Sequence[ColumnRecord], key: bytes) -> Units:
    """The table's units, checked. BadData for what no unit can be."""
    if not entry.id or len(set(entry.id)) != len(entry.id) or not all(entry.id):
        raise BadData(f"The unit of table {table} needs one id column or several different ones.")
    if not _SPACE.match(entry.space):
        raise BadData(f"The id-space of table {table} must be named by letters, digits and underscores.")
    if not 0 < entry.max_rows <= MOST_ROWS:
        raise BadData(f"The unit of table {table} needs max_rows between 1 and {MOST_ROWS}.")
    name = "_".join(entry.id)
    described = {column.name for column in columns}
    if shared := described & {*entry.id, name}:
        raise BadData(f"Column {table}.{min(shared)} is an id of the unit; it isn't described among the columns.")
    record = UnitRecord(name=name, space=entry.space, max_rows=entry.max_rows)
    return Units(ids=tuple(entry.id), record=record, key=key)


def unit_id(units: Units, types: Mapping[str, str]) -> exp.Expr:
    """The keyed hash of a row's id, the same in every table of the id-space; null where any part of the id is missing.

    Half of SHA-256 over key, id-space and the id's parts as texts, each after its length: two ids meet once in 2^64 of them.
    """
    parts = [_text(exp.column(name, quoted=True), types[name]) for name in units.ids]
    start = exp.Literal.string(f"{units.key.hex()}|{units.record.space}")
    whole = [piece for part in parts for piece in (exp.Literal.string("|"), _length(part), _COLON, part)]
    there = exp.and_(*(exp.not_(exp.Is(this=part.copy(), expression=exp.null())) for part in parts))
    return exp.Case(ifs=[exp.If(this=there, true=_half(_joined(start, *whole)))])


def by_unit(values: Mapping[str, exp.Expr], unit: exp.Expr, scan: exp.Expr, units: Units) -> exp.Select:
    """Every row that has a unit, by unit and draw: its number ``i``, the unit ``u``, the draw ``d``, and the values, which are ``c0`` and so on."""
    columns = {f"c{place}": value for place, value in enumerate(values.values())}
    there = exp.select(*(exp.alias_(value, name) for name, value in columns.items()), exp.alias_(unit, "u")).from_(scan)
    drawn = exp.alias_(_drawn([exp.column(name) for name in columns], units.key), "d")
    rows = exp.select(*columns, "u", drawn).from_(there.subquery("t"))
    rows = rows.where(exp.not_(exp.Is(this=exp.column("u"), expression=exp.null()))).order_by("u", "d")
    return exp.select("*", exp.alias_(exp.Window(this=exp.RowNumber(), over="OVER"), "i")).from_(rows.subquery("s"))


def _drawn(columns: Sequence[exp.Expr], key: bytes) -> exp.Expr:
    """Half of SHA-256 of the key and all that a row holds: rows that share it are equal, so their order is no matter."""
    pieces: list[exp.Expr] = []
    for column in columns:
        text = exp.cast(column.copy(), "TEXT")
        none = exp.Is(this=column.copy(), expression=exp.null())
        pieces.append(
            exp.Case(
                ifs=[exp.If(this=none, true=exp.Literal.string("~"))], default=_joined(_length(text), _COLON, text)
            )
        )
    return _half(_joined(exp.Literal.string(f"{key.hex()}|order"), *pieces))


def _half(text: exp.Expr) -> exp.Expr:
    """Half of its SHA-256, as the engine's only number so wide."""
    digest = exp.func("SHA256", text, dialect="duckdb")
    return exp.cast(exp.func("SUBSTR", digest, exp.Literal.number(1), exp.Literal.number(32)), "UUID")


_COLON = exp.Literal.string(":")
_WHOLE = exp.Literal.string(r"^(-?[0-9]+)\.0+$"), exp.Literal.string(r"\1")


def _text(raw: exp.Expr, engine_type: str) -> exp.Expr:
    """An id as text without surrounding blanks, 7.0 as 7; null where it is missing: empty, NaN, or a word for it."""
    if engine_type.startswith(_FRACTIONAL):
        whole = exp.TryCast(this=raw.copy(), to=exp.DataType.build("HUGEINT", dialect="duckdb"))
        same = exp.EQ(this=whole.copy(), expression=raw.copy())
        raw = exp.Case(ifs=[exp.If(this=same, true=exp.cast(whole, "TEXT"))], default=exp.cast(raw.copy(), "TEXT"))
    text = exp.func("REGEXP_REPLACE", exp.func("TRIM", exp.cast(raw, "TEXT")), *_WHOLE, dialect="duckdb")
    empty = exp.In(this=exp.func("LOWER", text), expressions=[exp.Literal.string(word) for word in ("", *_NOTHING)])
    return exp.Case(ifs=[exp.If(this=exp.not_(empty), true=text)])


def _length(text: exp.Expr) -> exp.Expr:
    return exp.cast(exp.func("LENGTH", text.copy()), "TEXT")


def _joined(*texts: exp.Expr) -> exp.Expr:
    """Texts end to end; null where one is."""
    whole = texts[0].copy()
    for text in texts[1:]:
        whole = exp.DPipe(this=whole, expression=text.copy())
    return exp.paren(whole)
