"""What is public about the data sets of a session: tables, columns, views, budgets. Reads ``catalog.json``, the loader's word.

Knows where files are, never what is in them. The record types here are also what the loader writes, so that both ends agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import msgspec

from ag_plan.expressions import Scalar
from ag_vault.account import Cap
from ag_vault.errors import BadCatalog
from ag_vault.space import USUAL_CHARACTERS, ColumnSpace

FILE_NAME = "catalog.json"
SCRATCH = "scratch"
"""The data set, and the prefix of the tables, made of a guest's own public values."""
ROWS_TABLE = "rows"
"""The one table in the file of a private table."""
ORDER_COLUMN = "__order"
"""The column of every private table's file that holds the rows' secret order, in a table of ids the order of each unit's rows."""
UNIT_COLUMN = "__unit"
"""The column of a table of ids that holds the keyed hash of each row's unit. No table of the catalogue shows either by its name."""
PLACE_PREFIX = "__place "
"""How the names of columns begin that hold places (``ColumnRecord.placed``) of the column whose name follows. None is shown either."""

Kind = Literal["float", "int", "bool", "str", "datetime"]


class ColumnRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column as the file has it; the fields of ``ColumnSpace`` and a name. Texts without a ``longest`` have USUAL_CHARACTERS at most.

    ``placed``: beside it the file has each row's place between these bounds, an integer in 0 … ``exact.PLACES``, null for a null.
    """

    name: str
    kind: Kind
    nullable: bool = True
    lower: int | float | None = None
    upper: int | float | None = None
    categories: tuple[Scalar, ...] | None = None
    longest: int | None = None
    placed: bool = False


class UnitRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table's privacy unit: the id-space, the name under which analysts see the id, and the most rows that a unit has here."""

    name: str
    space: str
    max_rows: int


class TableRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table as the file has it. ``max_rows`` is the owner's public size class, where given."""

    file: str
    columns: tuple[ColumnRecord, ...]
    unit: Literal["row"] | UnitRecord = "row"
    max_rows: int | None = None


class MockRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table's mock: public rows of the same columns, as a table of the engine's own and as Parquet that analysts may read.

    ``source``: brought by the owner, or generated from the metadata alone; ``columns`` of the Parquet, the unit's id as text first.
    """

    file: str
    public: str
    columns: tuple[ColumnRecord, ...]
    source: Literal["given", "generated"]


class ViewRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key of ``load_dataset``: a frame or series over a private table, or a public table."""

    key: str
    kind: Literal["frame", "series", "public"]
    table: str | None = None
    columns: tuple[str, ...] = ()


class CapRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A budget as exact decimal text."""

    epsilon: str
    delta: str


class BudgetRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The budgets of a data set: everybody together, each analyst, each call."""

    everyone: CapRecord
    per_analyst: CapRecord
    per_call: CapRecord


class CatalogRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of ``catalog.json``. ``format`` is new where an older folder can't be read: load it again. ``version`` is new with every load; stored answers are good for one version."""

    format: Literal[3]
    name: str
    variable: str
    version: str
    description: str
    budget: BudgetRecord
    tables: dict[str, TableRecord]
    public: dict[str, TableRecord]
    views: tuple[ViewRecord, ...]
    mock: dict[str, MockRecord] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table by its key, e.g. ``breast_cancer/train``: public columns in order, and where its file is (None: in memory).

    ``unit`` None: each row is a privacy unit of its own. ``account``: where charges go, the data set's name unless given.
    ``placed``: the columns whose places are stored beside them.
    ``mock``: a file of made-up, public rows of the same columns.
    """

    key: str
    dataset: str
    columns: Mapping[str, ColumnSpace]
    unit: UnitRecord | None = None
    account: str = ""
    version: str = ""
    path: Path | None = None
    max_rows: int | None = None
    mock: Path | None = None
    placed: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.account:
            object.__setattr__(self, "account", self.dataset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The caps of a data set."""

    everyone: Cap
    per_analyst: Cap
    per_call: Cap


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A data set: its tables by their short keys, its public tables, what ``load_dataset`` shows, what may be spent.

    ``account``: where its charges go. Data sets of one id-space share one account; each one's caps hold for what is asked of it.
    """

    name: str
    variable: str
    version: str
    budget: Budget
    account: str
    tables: Mapping[str, Table]
    public: Mapping[str, Table]
    views: tuple[ViewRecord, ...] = ()
    description: str = ""
    mock: Mapping[str, Table] = field(default_factory=dict)
    """The mocks as public tables, by the short keys of what they stand in for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The data sets of a session by name, and all their private tables by full key (what ``Source`` names).

    ``scratch``: what may be spent on tables that the guest brings.
    """

    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    scratch: Budget | None = None

    def event_delta(self, sources: Sequence[str]) -> int:
        """What the caps of the tables read leave to events with a δ, in units: the least of them; the guest's own count where alone."""
        owners = {table.dataset for source in sources if (table := self.tables.get(source)) and table.path}
        budgets = [self.datasets[name].budget for name in owners] or ([self.scratch] if self.scratch else [])
        caps = [cap for budget in budgets for cap in (budget.everyone, budget.per_analyst, budget.per_call)]
        return min((cap.event_delta for cap in caps), default=0)

    def with_table(self, table: Table) -> "Catalog":
        """The same catalogue with one table more."""
        return replace(self, tables={**self.tables, table.key: table})


def place_of(name: str) -> str:
    """The name of the column that holds the places of a column."""
    return f"{PLACE_PREFIX}{name}"


def space_of(column: ColumnRecord) -> ColumnSpace:
    """The column's space; float bounds become floats."""
    lower, upper = column.lower, column.upper
    if column.kind == "float":
        lower = None if lower is None else float(lower)
        upper = None if upper is None else float(upper)
    longest = (column.longest or USUAL_CHARACTERS) if column.kind == "str" else None
    return ColumnSpace(
        kind=column.kind,
        lower=lower,
        upper=upper,
        categories=column.categories,
        nullable=column.nullable,
        longest=longest,
    )


_RECORDS: Final = msgspec.json.Decoder(CatalogRecord)
"""Made once: what it learns of the types is shared by all processes that are forked from this one."""


def read_dataset(folder: Path) -> Dataset:
    """The data set in a folder made by the loader. BadCatalog where there is none or it is not ours."""
    try:
        record = _RECORDS.decode((folder / FILE_NAME).read_bytes())
        return _dataset(record, folder)
    except (OSError, ValueError) as reason:
        raise BadCatalog(f"the data set in {folder} can't be read: {reason}") from reason


def read_catalog(folders: Sequence[Path]) -> Catalog:
    """The catalogue of several data sets. BadCatalog for an unreadable one, and for two of one name."""
    datasets: dict[str, Dataset] = {}
    tables: dict[str, Table] = {}
    for folder in folders:
        dataset = read_dataset(folder)
        variables = {each.variable for each in datasets.values()} | {SCRATCH}
        if dataset.name in datasets or dataset.variable in variables:
            raise BadCatalog(f"there can't be a second data set of the name {dataset.name}")
        datasets[dataset.name] = dataset
        tables.update({table.key: table for table in dataset.tables.values()})
    return Catalog(datasets=datasets, tables=tables)


def _dataset(record: CatalogRecord, folder: Path) -> Dataset:
    budget = Budget(
        everyone=_cap(record.budget.everyone),
        per_analyst=_cap(record.budget.per_analyst),
        per_call=_cap(record.budget.per_call),
    )
    return Dataset(
        name=record.name,
        variable=record.variable,
        version=record.version,
        description=record.description,
        budget=budget,
        account=account_of(record),
        tables={key: _table(record, key, table, folder) for key, table in record.tables.items()},
        public={key: _table(record, key, table, folder) for key, table in record.public.items()},
        views=record.views,
        mock={key: _mock_table(record, key, mock, folder) for key, mock in record.mock.items()},
    )


def account_of(record: CatalogRecord) -> str:
    """Where a data set's charges go: its id-space, else a place of its own. BadCatalog for two id-spaces, which the loader refuses.

    No data set's name has a colon: it makes a variable's name.
    """
    spaces = {table.unit.space for table in record.tables.values() if isinstance(table.unit, UnitRecord)}
    if len(spaces) > 1:
        raise BadCatalog(f"the data set {record.name} has two id-spaces")
    return f"space:{spaces.pop()}" if spaces else record.name


def _table(record: CatalogRecord, key: str, table: TableRecord, folder: Path) -> Table:
    unit = table.unit if isinstance(table.unit, UnitRecord) else None
    ids = {} if unit is None else {unit.name: ColumnSpace(kind="id", nullable=False)}
    return Table(
        key=f"{record.variable}/{key}",
        dataset=record.name,
        columns=ids | {column.name: space_of(column) for column in table.columns},
        unit=unit,
        account=account_of(record),
        version=record.version,
        path=_inside(folder, table.file),
        max_rows=table.max_rows,
        mock=_inside(folder, record.mock[key].file) if key in record.mock else None,
        placed=frozenset(column.name for column in table.columns if column.placed),
    )


def _mock_table(record: CatalogRecord, key: str, mock: MockRecord, folder: Path) -> Table:
    return Table(
        key=f"{record.variable}/{key}",
        dataset=record.name,
        columns={column.name: space_of(column) for column in mock.columns},
        version=record.version,
        path=_inside(folder, mock.public),
    )


def _inside(folder: Path, file: str) -> Path:
    """A file of the data set's own folder. ValueError for any other: what a loader writes must not lend another data set's rows under this one's budget."""
    if Path(file).is_absolute() or ".." in Path(file).parts:
        raise ValueError("a table's file lies elsewhere")
    return folder / file


def _cap(record: CapRecord) -> Cap:
    return Cap(epsilon=Fraction(record.epsilon), delta=Fraction(record.delta))
