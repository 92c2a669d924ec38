"""Mocks: public rows in the place of private ones, brought by the owner or made up from the metadata alone.

Knows columns, bounds and units, and the files that mocks are written to. No private row: a generated mock can't tell what it never met.
"""

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import duckdb
from sqlglot import exp

from ag_vault.catalog import ColumnRecord, Kind, MockRecord
from ag_vault.errors import BadData
from ag_vault.loading import files, likeness
from ag_vault.loading.units import Units

FOLDER: Final = "mock"
ROWS: Final = 100
"""Of a generated mock: a public number, whatever the data's is."""
MOST_VALUES: Final = 4_000_000
"""Of a mock that is brought: sessions keep mocks beside their own data."""
_MOST_SAID: Final = 6
_NULL_SHARE: Final = 0.05
_DIGITS: Final = 4
_MOST_PER_UNIT: Final = 5
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DATES: Final = (946_684_800_000_000, 1_893_456_000_000_000)
"""2000 to 2030, for dates without bounds."""
_TYPES: Final[Mapping[Kind, str]] = {
    "float": "DOUBLE", "int": "BIGINT", "bool": "BOOLEAN", "str": "VARCHAR", "datetime": "TIMESTAMP"
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A mock to make: of which table, with what columns and units; the owner's file, or None; the public version, which seeds what is made up."""

    key: str
    columns: tuple[ColumnRecord, ...]
    units: Units | None
    given: Path | None
    version: str

    @property
    def ids(self) -> tuple[str, ...]:
        """The id columns of the table's file."""
        return () if self.units is None else self.units.ids


@dataclass(slots=True)
class Chance:
    """Numbers that follow from a public seed, by SHA-256: for what is public, and for nothing else."""

    seed: str
    _drawn: int = field(default=0, init=False)

    def whole(self, lower: int, upper: int) -> int:
        """Evenly from lower to upper, both included."""
        self._drawn += 1
        digest = sha256(f"{self.seed}|{self._drawn}".encode()).digest()
        return lower + int.from_bytes(digest[:16]) % (upper - lower + 1)

    def share(self) -> float:
        """Evenly from 0 to 1, without 1."""
        return self.whole(0, 2**53 - 1) / 2**53

    def bell(self) -> float:
        """About normally around 0: twelve even ones together."""
        return sum(self.share() for _ in range(12)) - 6.0


def make(engine: duckdb.DuckDBPyConnection, wanted: Wanted, folder: Path) -> MockRecord:
    """Write the mock into a data set's folder: as vaults read tables, and as analysts may. BadData where the owner's file doesn't fit."""
    file, public = f"{FOLDER}/{wanted.key}.duckdb", f"{FOLDER}/{wanted.key}.parquet"
    if wanted.given is None:
        source = folder / FOLDER / f"{wanted.key}.raw.parquet"
        _write(engine, wanted, source)
    else:
        source = wanted.given
    opened = files.open_file(engine, wanted.key, source)
    files.fit(opened, wanted.columns, wanted.ids)
    _check_size(files.survey(engine, opened, wanted.columns)[""]["rows"], wanted)
    files.copy(engine, opened, wanted.columns, folder / file, wanted.units)
    shown = files.copy_mock(engine, opened, wanted.columns, wanted.units, folder / public)
    if wanted.given is None:
        source.unlink()
    return MockRecord(file=file, public=public, columns=shown, source="generated" if wanted.given is None else "given")


def lint(
    engine: duckdb.DuckDBPyConnection, wanted: Wanted, data: files.File, override: str
) -> dict[str, dict[str, int]]:
    """What an owner's mock has of the data, by column. BadData that says it, unless the owner gave a reason to take it so."""
    if wanted.given is None:
        return {}
    opened = files.open_file(engine, wanted.key, wanted.given)
    files.fit(opened, wanted.columns, wanted.ids)
    found = likeness.findings(engine, data, opened, wanted.columns, wanted.units)
    if found and not override.strip():
        raise BadData(
            f"The mock of {wanted.key} looks like the data: {'; '.join(map(str, found[:_MOST_SAID]))}. "
            "Bring another, or none and have one made up, or say why it may be public: --mock-override REASON."
        )
    report: dict[str, dict[str, int]] = {}
    for each in found:
        report.setdefault(each.column, {})[f"mock, overridden: {each.what}"] = each.count
    return report


def _check_size(rows: int, wanted: Wanted) -> None:
    most = MOST_VALUES // (len(wanted.columns) + len(wanted.ids) or 1)
    if not 0 < rows <= most:
        raise BadData(f"The mock of {wanted.key} has {rows} rows; it may have 1 to {most}.")


def _write(engine: duckdb.DuckDBPyConnection, wanted: Wanted, target: Path) -> None:
    """Made-up rows as Parquet, with the columns that the owner's own file has."""
    made = columns_of(wanted)
    types = dict.fromkeys(wanted.ids, "BIGINT") | {column.name: _TYPES[column.kind] for column in wanted.columns}
    values = [
        exp.alias_(
            exp.Anonymous(this="unnest", expressions=[exp.cast(exp.Parameter(this=exp.Literal.number(number)), f"{types[name]}[]", dialect="duckdb")]),
            name,
            quoted=True,
        )
        for number, name in enumerate(made, start=1)
    ]  # fmt: skip
    settings = [exp.CopyParameter(this=exp.var("FORMAT"), expression=exp.var("PARQUET"))]
    rows = exp.paren(exp.select(*values))
    copy = exp.Copy(this=rows, kind=False, files=[exp.Literal.string(str(target))], params=settings)
    engine.execute(copy.sql("duckdb"), list(made.values()))


def columns_of(wanted: Wanted) -> dict[str, list[Any]]:
    """The made-up values by column, ids first: a function of the version, the metadata and nothing else."""
    chance = Chance(f"{wanted.version}|{wanted.key}")
    made: dict[str, list[Any]] = {}
    if wanted.units is not None:
        owners = list(_owners(chance, min(wanted.units.record.max_rows, _MOST_PER_UNIT)))
        made = {name: list(owners) for name in wanted.ids}
    for column in wanted.columns:
        draw = _DRAWS[column.kind]
        values = [_category(column, chance) if column.categories else draw(column, chance) for _ in range(ROWS)]
        made[column.name] = [None if column.nullable and chance.share() < _NULL_SHARE else value for value in values]
    return made


def _owners(chance: Chance, most: int) -> Iterator[int]:
    """Which unit each row belongs to: 1, 2, …, each with one to ``most`` rows."""
    unit, left = 1, chance.whole(1, most)
    for _ in range(ROWS):
        if not left:
            unit, left = unit + 1, chance.whole(1, most)
        left -= 1
        yield unit


def _float(column: ColumnRecord, chance: Chance) -> float:
    """Even between the bounds, to a few digits; without bounds around 0."""
    if column.lower is None or column.upper is None:
        return round(chance.bell(), _DIGITS)
    lower, upper = float(column.lower), float(column.upper)
    value = lower + (upper - lower) * chance.share() if math.isfinite(upper - lower) else lower * chance.share()
    step = upper / 2 - lower / 2
    digits = _DIGITS - 1 - math.floor(math.log10(step)) if step > 0 else _DIGITS
    return min(max(round(value, digits), lower), upper)


def _int(column: ColumnRecord, chance: Chance) -> int:
    lower, upper = (0, ROWS) if column.lower is None or column.upper is None else (column.lower, column.upper)
    return chance.whole(int(lower), int(upper))


def _bool(_column: ColumnRecord, chance: Chance) -> bool:
    return chance.share() < 1 / 2


def _text(column: ColumnRecord, chance: Chance) -> str:
    return f"{column.name} {chance.whole(1, ROWS)}"


def _moment(column: ColumnRecord, chance: Chance) -> dt.datetime:
    """Whole minutes, within the bounds."""
    lower, upper = _DATES if column.lower is None or column.upper is None else (int(column.lower), int(column.upper))
    drawn = chance.whole(lower, upper)
    return (_EPOCH + dt.timedelta(microseconds=max(lower, drawn - drawn % 60_000_000))).replace(tzinfo=None)


def _category(column: ColumnRecord, chance: Chance) -> Any:
    categories = column.categories or ()
    return categories[chance.whole(0, len(categories) - 1)]


_DRAWS: Final[Mapping[Kind, Callable[[ColumnRecord, Chance], Any]]] = {
    "float": _float,
    "int": _int,
    "bool": _bool,
    "str": _text,
    "datetime": _moment,
}
