"""Builds a data set's folder beside its place and renames it: there is all of it or nothing. Knows the steps, not their insides."""

import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import msgspec

from ag_vault.catalog import (
    FILE_NAME,
    SCRATCH,
    BudgetRecord,
    CatalogRecord,
    ColumnRecord,
    MockRecord,
    TableRecord,
    ViewRecord,
)
from ag_vault.errors import BadData
from ag_vault.loading import files, mock
from ag_vault.loading.metadata import Metadata, ViewEntry, caps_of, columns_of, described_units
from ag_vault.loading.progress import Progress, Say
from ag_vault.loading.units import Units

Counts = dict[str, dict[str, int]]
Columns = Mapping[str, tuple[ColumnRecord, ...]]
_MEMORY = "256MB"
"""Of the engine; what is larger goes through the disk."""
_THREADS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to build: a name, the owner's metadata, a file per private and per public table.

    ``mock``: a file of public rows for some private tables; the others' are generated. ``mock_override``: why mocks that look like the data
    are to be taken nevertheless; ``version``, which is public, seeds what is generated. ``unit_key`` makes ids the same in every data set that is loaded with it; by itself, a load draws its own.
    """

    name: str
    metadata: Metadata
    tables: Mapping[str, Path]
    public: Mapping[str, Path] = field(default_factory=dict)
    mock: Mapping[str, Path] = field(default_factory=dict)
    mock_override: str = ""
    version: str = field(default_factory=lambda: secrets.token_hex(16))
    unit_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @property
    def variable(self) -> str:
        """The name that the data set has in a notebook."""
        return self.name.replace(" ", "_").lower()


def build(order: Order, out: Path, say: Say) -> dict[str, Counts]:
    """Make ``out``; what was coerced, by table and column. BadData or OSError where nothing was made."""
    columns = _check(order)
    units = described_units(order.metadata, columns, order.unit_key)
    views = _views(order, columns, units)
    budget = BudgetRecord(**caps_of(order.metadata.budget))
    if out.exists():
        raise BadData(f"The folder {out} exists already.")
    with _building(out) as folder:
        private, public, mocks, report = _copies(order, columns, units, folder, say)
        record = CatalogRecord(
            format=3,
            name=order.name,
            variable=order.variable,
            version=order.version,
            description=order.metadata.description,
            budget=budget,
            tables=private,
            public=public,
            views=views,
            mock=mocks,
        )
        (folder / FILE_NAME).write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1))
    return report


def _check(order: Order) -> Columns:
    """The private tables' columns. BadData where name, metadata and files don't belong together."""
    if not order.variable.isidentifier() or order.variable == SCRATCH:
        raise BadData(f"The name {order.name!r} can't be used: it has to make a variable name, and not {SCRATCH!r}.")
    described, brought = set(order.metadata.tables), set(order.tables)
    if not brought:
        raise BadData("A data set needs at least one private table: --table KEY=FILE.")
    if described != brought:
        odd = min(described ^ brought)
        raise BadData(f"Table {odd!r} is in the {'metadata' if odd in described else 'files'} only.")
    if shared := brought & set(order.public):
        raise BadData(f"The key {min(shared)!r} can't name a private and a public table both.")
    if strange := set(order.mock) - brought:
        raise BadData(f"There is a mock of {min(strange)!r}, which is no private table.")
    return {key: columns_of(key, entry) for key, entry in order.metadata.tables.items()}


def _views(order: Order, columns: Columns, units: Mapping[str, Units]) -> tuple[ViewRecord, ...]:
    """As the owner says, else one frame per private table; and every public table."""
    ids = {key: (each.record.name,) for key, each in units.items()}
    names = {key: (*ids.get(key, ()), *(column.name for column in table)) for key, table in columns.items()}
    if order.metadata.views:
        private = [_view(key, entry, names) for key, entry in order.metadata.views.items()]
    else:
        private = [ViewRecord(key=key, kind="frame", table=key, columns=all_of) for key, all_of in names.items()]
    if shared := {view.key for view in private} & set(order.public):
        raise BadData(f"The key {min(shared)!r} can't name a view and a public table both.")
    return (*private, *(ViewRecord(key=key, kind="public") for key in order.public))


def _view(key: str, entry: ViewEntry, names: Mapping[str, tuple[str, ...]]) -> ViewRecord:
    if entry.table not in names:
        raise BadData(f"View {key} is over table {entry.table!r}, which the metadata doesn't describe.")
    if sum(part is not None for part in (entry.column, entry.columns, entry.drop)) > 1:
        raise BadData(f"View {key} may say one of column, columns and drop.")
    if entry.column is not None:
        chosen: tuple[str, ...] = (entry.column,)
    elif entry.columns is not None:
        chosen = tuple(entry.columns)
    else:
        chosen = tuple(name for name in names[entry.table] if name not in (entry.drop or ()))
    unknown = [name for name in (*chosen, *(entry.drop or ())) if name not in names[entry.table]]
    if unknown or not chosen:
        raise BadData(f"View {key} names the column {(unknown or [''])[0]!r}, which table {entry.table} doesn't have.")
    return ViewRecord(
        key=key, kind="series" if entry.column is not None else "frame", table=entry.table, columns=chosen
    )


def _copies(
    order: Order, columns: Columns, units: Mapping[str, Units], folder: Path, say: Say
) -> tuple[dict[str, TableRecord], dict[str, TableRecord], dict[str, MockRecord], dict[str, Counts]]:
    sources = [*order.tables.values(), *order.public.values(), *order.mock.values()]
    mocks: dict[str, MockRecord] = {}
    private: dict[str, TableRecord] = {}
    public: dict[str, TableRecord] = {}
    report: dict[str, Counts] = {}
    with _engine(folder, sources) as engine:
        progress = Progress(engine, say, steps=3 * len(order.tables) + len(order.public))
        for key, path in order.tables.items():
            opened = files.open_file(engine, key, path)
            private[key] = _table(order, key, columns[key], units.get(key))
            with progress.step(f"checking {key}"):
                report[key] = _survey(engine, opened, private[key], units.get(key))
            with progress.step(f"copying {key}"):
                kept = files.copy(engine, opened, columns[key], folder / private[key].file, units.get(key))
            if kept is not None:
                report[key] |= _gone(units[key], report[key].get("", {}).get("rows", 0), *kept)
            with progress.step(f"mock of {key}"):
                wanted = mock.Wanted(
                    key=key,
                    columns=columns[key],
                    units=units.get(key),
                    given=order.mock.get(key),
                    version=order.version,
                )
                for column, counts in mock.lint(engine, wanted, opened, order.mock_override).items():
                    report[key][column] = {**report[key].get(column, {}), **counts}
                mocks[key] = mock.make(engine, wanted, folder)
        for key, path in order.public.items():
            opened = files.open_file(engine, key, path)
            with progress.step(f"copying {key}"):
                public[key] = TableRecord(file=f"public/{key}.parquet", columns=_public(engine, opened, columns))
                files.copy_public(engine, opened, public[key].columns, folder / public[key].file)
    say({"progress": 1.0, "what": "putting it in place"})
    return private, public, mocks, report


def _table(order: Order, key: str, columns: tuple[ColumnRecord, ...], units: Units | None) -> TableRecord:
    placed = files.places(columns)
    return TableRecord(
        file=f"{key}.duckdb",
        columns=tuple(msgspec.structs.replace(column, placed=column.name in placed) for column in columns),
        unit="row" if units is None else units.record,
        max_rows=order.metadata.tables[key].max_rows,
    )


def _survey(engine: duckdb.DuckDBPyConnection, opened: files.File, table: TableRecord, units: Units | None) -> Counts:
    """What will be coerced, zeros left out. BadData where the file isn't what the metadata says."""
    dropped = files.fit(opened, table.columns, () if units is None else units.ids)
    counted = files.survey(engine, opened, table.columns)
    rows = counted[""]["rows"]
    if table.max_rows is not None and rows > table.max_rows:
        raise BadData(f"Table {opened.key} has {rows} rows, more than its max_rows.")
    report = {name: {what: number for what, number in kinds.items() if number} for name, kinds in counted.items()}
    return {name: kinds for name, kinds in report.items() if kinds} | {name: {"dropped": rows} for name in dropped}


def _gone(units: Units, rows: int, known: int, staying: int) -> Counts:
    """How many rows went because they have no id, or lie beyond their unit's cap, zeros left out."""
    went = {"no id": rows - known, "beyond max_rows": known - staying}
    found = {what: number for what, number in went.items() if number}
    return {units.record.name: found} if found else {}


def _public(engine: duckdb.DuckDBPyConnection, opened: files.File, columns: Columns) -> tuple[ColumnRecord, ...]:
    """A public table's columns: of the kind that a private column of the same name has, else as found in the file."""
    declared = {column.name: column.kind for table in columns.values() for column in table}
    found = files.inferred(engine, opened)
    return tuple(ColumnRecord(name=one.name, kind=declared.get(one.name, one.kind)) for one in found)


@contextmanager
def _building(out: Path) -> Iterator[Path]:
    """A folder that becomes ``out`` if all goes well, and nothing otherwise."""
    folder = out.with_name(f"{out.name}.tmp")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)  # private from birth: the loader's jail changes no modes afterwards
    for name in ("public", mock.FOLDER):
        (folder / name).mkdir(mode=0o700)
    try:
        yield folder
        for path in (*folder.rglob("*"), folder):
            _sync(path)
        folder.rename(out)
        _sync(out.parent)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _engine(folder: Path, sources: Iterable[Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine that reads these files, writes this folder, spills into it, and has no way to anything else."""
    spill = folder / "spill"
    engine = duckdb.connect(config={"threads": _THREADS, "memory_limit": _MEMORY, "temp_directory": str(spill)})
    try:
        engine.execute("SET TimeZone='UTC'")
        engine.execute("SET allowed_paths=$1", [[str(path) for path in sources]])
        engine.execute("SET allowed_directories=$1", [[str(folder)]])
        # The bar is what makes the engine estimate its progress; it is printed nowhere.
        for setting in ("enable_progress_bar=true", "enable_progress_bar_print=false", "enable_external_access=false"):
            engine.execute(f"SET {setting}")
        engine.execute("SET lock_configuration=true")
        yield engine
    finally:
        engine.close()
        shutil.rmtree(spill, ignore_errors=True)
