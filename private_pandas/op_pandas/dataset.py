"""Data sets of the session: what ``load_dataset`` gives, from the vault's catalogue.

Must not know where tables are; public tables come as plain pandas objects.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, Union

import pandas as pd

from ag_plan.messages import AskCatalog, AskPublic, Catalog, ColumnValues, DatasetSchema, PublicTable, View
from op_pandas import schema, table
from op_pandas.columns import label
from op_pandas.frame import PrivateDataFrame
from op_pandas.private import Private
from op_pandas.rows import Rows, Term, source
from op_pandas.series import PrivateSeries
from op_pandas.vault import Vault, ask, bound

Item: TypeAlias = PrivateDataFrame | PrivateSeries | pd.DataFrame
Dataset: TypeAlias = Union["PrivateDataset", dict[str, Any]]
"""What a data set is to an analyst: one private table with views, or a dict of tables."""

_HEADERS = ("key", "type", "columns")
_DTYPES = {"float": "float64", "int": "int64", "bool": "bool"}


class PrivateDataset(PrivateDataFrame):
    """A data set of one private table: a frame over the whole table whose keys are its views first, then its columns."""

    __slots__ = ("_schema", "_views")
    _schema: DatasetSchema
    _views: dict[str, View]

    @classmethod
    def open(cls, vault: Vault, found: DatasetSchema) -> "PrivateDataset":
        """The data set of a catalogue entry with exactly one table."""
        made = object.__new__(PrivateDataset)
        rows = source(vault, found.tables[0])
        made._set(rows, rows.base())
        made._schema, made._views = found, {view.key: view for view in found.views}
        return made

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str) and key in self._views:
            return _item(self.rows.vault, self._schema, self._views[key])
        return super().__getitem__(key)

    def __getattr__(self, name: str) -> PrivateSeries:
        if not name.startswith("_") and name in self._views and name not in self.terms:
            raise AttributeError(
                f"{name} is a key of this data set, not a column: write [{name!r}] in place of .{name}"
            )
        return super().__getattr__(name)

    def __contains__(self, key: object) -> bool:
        return key in self._views or super().__contains__(key)

    def keys(self) -> "pd.Index[str]":
        """The keys of the views; the columns are in ``columns``."""
        return pd.Index(list(self._views), dtype="object") if self._views else self.columns

    def items(self) -> "Iterator[tuple[str, Any]]":
        """The keys of the views and what each is; name and private series of each column where there are no views."""
        return iter([(key, self[key]) for key in self._views]) if self._views else super().items()

    def __iter__(self) -> Iterator[str]:
        if not self._views:
            raise TypeError(f"{self._schema.name} has no views to go through; {self._walk_instead}")
        return iter(list(self._views))

    def __repr__(self) -> str:
        return schema.as_text(self._schema.name, self.terms, self._note())

    def _repr_html_(self) -> str:
        return schema.as_html(self._schema.name, self.terms, self._note())

    def _note(self) -> str:
        return f"keys {', '.join(self._views) or 'none'}; rows are private"


class Tables(dict[str, Any]):
    """A data set of several tables: a dictionary of what they are, and a list of them where it is displayed."""

    def __init__(self, name: str, tables: Mapping[str, Any]) -> None:
        super().__init__(tables)
        self._name = name

    def __missing__(self, key: object) -> Any:
        near = difflib.get_close_matches(key, self, n=1) if isinstance(key, str) else []
        instead = f"did you mean {near[0]}?" if near else f"it has {', '.join(self) or 'none'}"
        raise KeyError(f"{self._name} has no table {key!r}; {instead}")

    def __getattr__(self, name: str) -> Any:
        if name in self:
            raise AttributeError(f"{name} is a table of this data set: write [{name!r}] in place of .{name}")
        raise AttributeError(f"{self._name} has no {name}; its tables are {', '.join(self) or 'none'}")

    def __repr__(self) -> str:
        return f"{self._above().text}\n{table.as_text(_HEADERS, self._rows())}"

    def _repr_html_(self) -> str:
        return table.as_html(_HEADERS, self._rows(), above=self._above().html)

    def _above(self) -> table.Drawn:
        return table.heading(self._name, "1 table" if len(self) == 1 else f"{len(self)} tables")

    def _rows(self) -> list[table.Row]:
        return [(table.code(key), _kind(item), table.chips(_columns(item))) for key, item in self.items()]


def _kind(item: object) -> str:
    name = type(item).__name__
    return f"{name}, rows are private" if isinstance(item, Private) else f"{name} (public)"


def _columns(item: object) -> list[str]:
    return [str(name) for name in item.columns] if isinstance(item, PrivateDataFrame | pd.DataFrame) else []


def load_dataset(name: str) -> Any:
    """The data set of that name (or variable). ValueError where the session has none of it, listing what it has.

    A PrivateDataset where there is one private table, else a dict of frames by table.
    """
    found = ask(bound(), AskCatalog(id=0), Catalog).datasets
    for each in found:
        if name in {each.name, each.variable}:
            return _opened(bound(), each)
    available = ", ".join(each.name for each in found) or "none"
    raise ValueError(f"There is no data set {name!r} in this session; available: {available}")


def load_mock(name: str) -> dict[str, Any]:
    """The mock of a data set of the session, by the keys of its views: plain frames and series of made-up, public rows.

    ValueError where the session has no such data set; KeyError where it has no mock.
    """
    for found in ask(bound(), AskCatalog(id=0), Catalog).datasets:
        if name in {found.name, found.variable}:
            tables = {table: _mock(found, table) for table in found.tables}
            return {view.key: _mock_item(tables, found, view) for view in found.views}
    raise ValueError(f"There is no data set {name!r} in this session")


def _mock(found: DatasetSchema, table: str) -> pd.DataFrame:
    question = AskPublic(id=0, dataset=found.name, key=table.partition("/")[2], mock=True)
    return public_frame(ask(bound(), question, PublicTable).columns)


def _mock_item(tables: Mapping[str, pd.DataFrame], found: DatasetSchema, view: View) -> Any:
    if view.kind == "public":
        return public_frame(ask(bound(), AskPublic(id=0, dataset=found.name, key=view.key), PublicTable).columns)
    whole = tables[_table(found, view)]
    if view.kind == "series":
        return whole[view.columns[0]]
    return whole[list(view.columns)] if view.columns else whole


def datasets() -> dict[str, Any]:
    """Every data set of the session, by the variable it is bound to."""
    return {each.variable: _opened(bound(), each) for each in ask(bound(), AskCatalog(id=0), Catalog).datasets}


def _opened(vault: Vault, found: DatasetSchema) -> Any:
    if len(found.tables) == 1:
        return PrivateDataset.open(vault, found)
    return Tables(found.name, {view.key: _item(vault, found, view) for view in found.views})


def _item(vault: Vault, found: DatasetSchema, view: View) -> Item:
    if view.kind == "public":
        return public_frame(ask(vault, AskPublic(id=0, dataset=found.name, key=view.key), PublicTable).columns)
    rows = source(vault, _table(found, view))
    terms = _view_terms(rows, view)
    if view.kind == "series":
        ((name, term),) = terms.items()
        return PrivateSeries.of(rows, term, name)
    return PrivateDataFrame.of(rows, terms)


def _table(found: DatasetSchema, view: View) -> str:
    """The key for ``Source`` of a view's table, which may be named within its data set."""
    if view.table is None:
        return found.tables[0]
    return view.table if view.table in found.tables else f"{found.variable}/{view.table}"


def _view_terms(rows: Rows, view: View) -> Mapping[str, Term]:
    base = rows.base()
    return {name: base[label(name, base)] for name in view.columns} if view.columns else base


def public_frame(columns: tuple[ColumnValues, ...]) -> pd.DataFrame:
    """Public values as a plain DataFrame; nulls as pandas has them."""
    return pd.DataFrame({column.name: _public_series(column) for column in columns})


def _public_series(column: ColumnValues) -> "pd.Series[Any]":
    values = list(column.values)
    if column.kind == "datetime":
        return pd.Series(pd.to_datetime(pd.Series(values, dtype="Int64"), unit="us"))
    if column.kind == "float":
        return pd.Series(values, dtype="float64")
    if column.kind in _DTYPES and None not in values:
        return pd.Series(values, dtype=_DTYPES[column.kind])
    return pd.Series(values, dtype="float64" if column.kind == "int" else "object")
