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
from ag_vault.catalog import ORDER_COLUMN, UNIT_COLUMN, ColumnRecord, UnitRecord
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
    digest = exp.func("SHA256", _joined(start, *whole), dialect="duckdb")
    half = exp.func("SUBSTR", digest, exp.Literal.number(1), exp.Literal.number(32))
    there = exp.and_(*(exp.not_(exp.Is(this=part.copy(), expression=exp.null())) for part in parts))
    return exp.Case(ifs=[exp.If(this=there, true=exp.cast(half, "UUID"))])


def kept(values: Mapping[str, exp.Expr], unit: exp.Expr, scan: exp.Expr, units: Units) -> exp.Select:
    """The rows that stay, each with its unit and its place among the unit's rows, 1 … max_rows; in the order of both."""
    there = exp.select(
        *(exp.alias_(value, name, quoted=True) for name, value in values.items()),
        exp.alias_(unit, UNIT_COLUMN, quoted=True),
    ).from_(scan)
    hidden, place = exp.column(UNIT_COLUMN, quoted=True), exp.column(ORDER_COLUMN, quoted=True)
    columns = [exp.column(name, quoted=True) for name in values]
    number = exp.Window(
        this=exp.RowNumber(),
        partition_by=[hidden],
        order=exp.Order(expressions=[exp.Ordered(this=_drawn(columns, units.key))]),
    )
    numbered = exp.select(*columns, hidden, exp.alias_(number, ORDER_COLUMN, quoted=True)).from_(there.subquery("t"))
    numbered = numbered.where(exp.not_(exp.Is(this=hidden, expression=exp.null())))
    within = exp.LTE(this=place, expression=exp.Literal.number(units.record.max_rows))
    return exp.select("*").from_(numbered.subquery("n")).where(within).order_by(hidden, place)


def lost(unit: exp.Expr, scan: exp.Expr, units: Units) -> exp.Select:
    """One row: how many rows have no id, and how many are beyond their unit's cap. For the owner only."""
    per_unit = exp.select(exp.alias_(unit, "u"), exp.alias_(exp.Count(this=exp.Star()), "n")).from_(scan).group_by("u")
    missing = exp.Is(this=exp.column("u"), expression=exp.null())
    cap = exp.Literal.number(units.record.max_rows)
    over = exp.func("GREATEST", exp.Sub(this=exp.column("n"), expression=cap), exp.Literal.number(0))
    zero = exp.Literal.number(0)
    sums = [
        exp.Coalesce(this=exp.Sum(this=exp.Case(ifs=[exp.If(this=when, true=value)])), expressions=[zero])
        for when, value in ((missing, exp.column("n")), (exp.not_(missing), over))
    ]
    return exp.select(*sums).from_(per_unit.subquery("t"))


def _drawn(columns: Sequence[exp.Expr], key: bytes) -> exp.Expr:
    """SHA-256 of the key and all that a row holds: rows that share it are equal, so their order is no matter."""
    pieces: list[exp.Expr] = []
    for column in columns:
        text = exp.cast(column.copy(), "TEXT")
        none = exp.Is(this=column.copy(), expression=exp.null())
        pieces.append(
            exp.Case(
                ifs=[exp.If(this=none, true=exp.Literal.string("~"))], default=_joined(_length(text), _COLON, text)
            )
        )
    return exp.func("SHA256", _joined(exp.Literal.string(f"{key.hex()}|order"), *pieces), dialect="duckdb")


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
