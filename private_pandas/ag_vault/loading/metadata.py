"""An owner's metadata file, parsed once: everything in it is public. Knows YAML and limits, no rows.

Raises BadData with one sentence that names the place in the file.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, Self

import msgspec
import yaml

from ag_vault.account import Cap
from ag_vault.catalog import ORDER_COLUMN, PLACE_PREFIX, UNIT_COLUMN, CapRecord, ColumnRecord, Kind, space_of
from ag_vault.errors import BadData
from ag_vault.loading.form import fault
from ag_vault.loading.units import UnitEntry, Units, units_of
from ag_vault.space import INT64, USUAL_CHARACTERS

_LONGEST_FILE = 16 << 20
_MOST_COLUMNS = 4096
_MOST_TEXT = 1 << 16
"""Characters of all texts of a row: half of what plans may make of them (``MOST_TEXT``)."""
_DEFAULT_DELTA = "1e-6"


class ColumnEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column as its owner describes it. ``max_length``: of texts, in characters; longer ones are cut. Without it, none may be longer than usual."""

    type: Kind
    lower: Any = None
    upper: Any = None
    categories: list[bool | int | str] | None = None
    nullable: bool = True
    max_length: int | None = None


class TableEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A private table. ``unit`` is what the guarantee protects: a row, or all rows of one id."""

    columns: dict[str, ColumnEntry]
    unit: Literal["row"] | UnitEntry = "row"
    max_rows: int | None = None


class ViewEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key of ``load_dataset``: one column (a series), or the named columns, or all but the dropped ones (a frame)."""

    table: str
    column: str | None = None
    columns: list[str] | None = None
    drop: list[str] | None = None


class LimitEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A limit that defaults to the data set's own δ."""

    epsilon: int | float
    delta: int | float | None = None


class BudgetEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be spent: by everybody together, by each analyst (nothing unless said here or by an owner at run time), in one call (all of it)."""

    epsilon: int | float
    delta: int | float | None = None
    per_analyst: LimitEntry | None = None
    per_call: LimitEntry | None = None


class Metadata(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    tables: dict[str, TableEntry]
    budget: BudgetEntry
    description: str = ""
    views: dict[str, ViewEntry] = {}

    @classmethod
    def read(cls, path: Path) -> Self:
        """The metadata in a file. BadData where there is none that can be used."""
        try:
            with path.open("rb") as stream:
                text = stream.read(_LONGEST_FILE + 1)
            if len(text) > _LONGEST_FILE:
                raise BadData("The metadata file is longer than 16 MiB.")
            raw = yaml.safe_load(text)
            return msgspec.convert(raw, cls)
        except OSError as problem:
            raise BadData(f"The metadata file can't be read: {problem.strerror}.") from problem
        except (yaml.YAMLError, UnicodeDecodeError) as problem:
            raise BadData(f"The metadata file is not YAML{_place(problem)}.") from problem
        except RecursionError as problem:
            raise BadData("The metadata file is nested too deeply.") from problem
        except msgspec.ValidationError as problem:
            raise BadData(fault(raw, _PARTS, cls)) from problem


_PARTS = {"tables": TableEntry, "columns": ColumnEntry, "views": ViewEntry, "budget": BudgetEntry}


def columns_of(table: str, entry: TableEntry) -> tuple[ColumnRecord, ...]:
    """The table's columns, checked. BadData for what no column can be."""
    if not 0 < len(entry.columns) <= _MOST_COLUMNS:
        raise BadData(f"Table {table} needs between 1 and {_MOST_COLUMNS} columns.")
    if len({name.lower() for name in entry.columns}) != len(entry.columns):
        raise BadData(f"Two columns of table {table} have names that differ in case only, which engines take for one.")
    if entry.max_rows is not None and entry.max_rows <= 0:
        raise BadData(f"max_rows of table {table} must be positive.")
    columns = tuple(_column(f"{table}.{name}", name, column) for name, column in entry.columns.items())
    texts = sum(space_of(column).characters for column in columns)
    if texts > _MOST_TEXT:
        raise BadData(
            f"The texts of one row of table {table} may have {texts:,} characters together, of which {_MOST_TEXT:,} go: "
            f"give them a smaller max_length (without one, it is {USUAL_CHARACTERS})."
        )
    return columns


def described_units(metadata: Metadata, columns: Mapping[str, Sequence[ColumnRecord]], key: bytes) -> dict[str, Units]:
    """The units of the tables that have ids. BadData for what can't be, and for two id-spaces: a data set has one account."""
    entries = {key: entry.unit for key, entry in metadata.tables.items()}
    units = {
        table: units_of(table, entry, columns[table], key)
        for table, entry in entries.items()
        if isinstance(entry, UnitEntry)
    }
    if len({each.record.space for each in units.values()}) > 1:
        raise BadData("All tables with ids must be of one id-space; put others into a data set of their own.")
    return units


def _column(place: str, name: str, entry: ColumnEntry) -> ColumnRecord:
    if not name or name.lower() in (ORDER_COLUMN, UNIT_COLUMN) or name.lower().startswith(PLACE_PREFIX):
        raise BadData(f"A column of the name {name!r} is not possible.")
    categories = _categories(place, entry)
    lower, upper = _bounds(place, entry)
    if entry.type == "int" and categories:
        least, most = (_int_bound(place, value) for value in (min(categories), max(categories)))
        lower, upper = (least, most) if lower is None else (lower, upper)
        if not lower <= least <= most <= upper:
            raise BadData(f"The categories of column {place} must lie between its bounds.")
    return ColumnRecord(
        name=name,
        kind=entry.type,
        nullable=entry.nullable,
        lower=lower,
        upper=upper,
        categories=categories,
        longest=_longest(place, entry),
    )


def _longest(place: str, entry: ColumnEntry) -> int | None:
    if entry.max_length is None:
        return None
    if entry.type != "str" or entry.categories is not None:
        raise BadData(f"Column {place} can't have a max_length, which is for text without categories.")
    if not 0 < entry.max_length <= _MOST_TEXT:
        raise BadData(f"max_length of column {place} must lie between 1 and {_MOST_TEXT:,}, not {entry.max_length:,}.")
    return entry.max_length


def _categories(place: str, entry: ColumnEntry) -> tuple[Any, ...] | None:
    if entry.categories is None:
        return None
    wanted = {"str": str, "int": int}.get(entry.type)
    if wanted is None:
        raise BadData(f"Column {place} is {entry.type}; only str and int columns have categories.")
    if not entry.categories or len(set(entry.categories)) != len(entry.categories):
        raise BadData(f"The categories of column {place} must be distinct, and at least one.")
    wrong = [value for value in entry.categories if type(value) is not wanted]
    if wrong:
        raise BadData(
            f"The category {wrong[0]!r} of column {place} is not {entry.type}; quote it in YAML if it is text."
        )
    return tuple(entry.categories)


def _bounds(place: str, entry: ColumnEntry) -> tuple[Any, Any]:
    if entry.lower is None and entry.upper is None:
        return None, None
    if entry.lower is None or entry.upper is None:
        raise BadData(f"Column {place} needs both bounds, lower and upper, or neither.")
    if entry.type not in _BOUND:
        raise BadData(f"Column {place} is {entry.type}; only float, int and datetime columns have bounds.")
    lower, upper = (_BOUND[entry.type](place, value) for value in (entry.lower, entry.upper))
    if lower >= upper:
        raise BadData(f"The lower bound of column {place} must lie below its upper bound.")
    return lower, upper


def _float_bound(place: str, value: Any) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise BadData(f"The bounds of column {place} must be finite numbers.")
    return float(value)


def _int_bound(place: str, value: Any) -> int:
    if not isinstance(value, int) or not INT64[0] <= value <= INT64[1]:
        raise BadData(f"The bounds of column {place} must be integers of 64 bits.")
    return value


def _datetime_bound(place: str, value: Any) -> int:
    """Microseconds since 1970; a time without a zone is UTC."""
    try:
        if isinstance(value, str):
            value = dt.datetime.fromisoformat(value)
        if not isinstance(value, dt.datetime):
            value = dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    except (ValueError, AttributeError) as problem:
        raise BadData(f"The bounds of column {place} must be dates or times.") from problem
    moment = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
    return int((moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(microseconds=1))


_BOUND = {"float": _float_bound, "int": _int_bound, "datetime": _datetime_bound}


def caps_of(budget: BudgetEntry) -> dict[str, CapRecord]:
    """The three caps as exact text, by the names of ``BudgetRecord``. BadData for a budget that is none."""
    everyone = _cap("budget", budget.epsilon, budget.delta, _DEFAULT_DELTA)
    analyst = _limit("per_analyst", budget.per_analyst, everyone)
    return {
        "everyone": everyone,
        "per_analyst": analyst or CapRecord(epsilon="0", delta=everyone.delta),
        "per_call": _limit("per_call", budget.per_call, analyst or everyone) or analyst or everyone,
    }


def _limit(name: str, limit: LimitEntry | None, above: CapRecord) -> CapRecord | None:
    return None if limit is None else _cap(f"budget.{name}", limit.epsilon, limit.delta, above.delta)


def _cap(place: str, epsilon: float, delta: float | None, default: str) -> CapRecord:
    record = CapRecord(epsilon=repr(epsilon), delta=default if delta is None else repr(delta))
    try:
        Cap(epsilon=Fraction(record.epsilon), delta=Fraction(record.delta))
    except ValueError as problem:
        raise BadData(f"The {place} can't be used: {problem}.") from problem
    return record


def _place(problem: Exception) -> str:
    mark = getattr(problem, "problem_mark", None)
    return "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
