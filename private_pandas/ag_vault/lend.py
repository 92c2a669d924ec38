"""The lender: reads one table, or its mock, and writes it into one socket. For reviewed code only.

Knows one data set's folder; no ledger, no analyst, no code. Whoever holds the other end of the socket holds rows.
"""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlglot import exp

from ag_plan.frames import send_frame
from ag_vault.catalog import UNIT_COLUMN, Table, read_catalog
from ag_vault.data import Rows, open_mocks, open_rows, prepare
from ag_vault.errors import BadCatalog
from ag_vault.space import ColumnSpace

_AT_ONCE = 20_000
"""Rows per frame."""
_ENGINE_SHARE = 0.5


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Which table of which folder; ``mock``: its mock, and no private file is opened."""

    path: str
    table: str
    mock: bool
    memory_bytes: int


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column as it is announced."""

    name: str
    kind: str
    nullable: bool


def main(sockets: Mapping[str, socket.socket], settings: Mapping[str, Any]) -> None:
    """Write the table: a frame of columns, frames of rows by column, an empty frame. BadCatalog where there is no such table or mock."""
    asked = msgspec.convert(dict(settings), Settings)
    catalog = read_catalog([Path(asked.path)])
    (dataset,) = catalog.datasets.values()
    table = dataset.tables.get(asked.table)
    if table is None or (asked.mock and table.mock is None):
        raise BadCatalog("there is no such table")
    with sockets["table"] as stream:
        announced = [
            Column(name=name, kind=space.kind, nullable=space.nullable) for name, space in table.columns.items()
        ]
        send_frame(stream, msgspec.msgpack.encode(announced))
        memory = int(asked.memory_bytes * _ENGINE_SHARE)
        rows = (
            open_mocks(catalog, memory_bytes=memory)
            if asked.mock
            else open_rows(catalog, threads=1, memory_bytes=memory)
        )
        for part in parts(rows, table):
            send_frame(stream, msgspec.msgpack.encode(part))
        send_frame(stream, b"")


def warm() -> None:
    """Start the engine before the first fork."""
    prepare()


def parts(rows: Rows, table: Table) -> Iterator[list[list[Any]]]:
    """The rows by column, so many at once, in the secret order in which they lie; ids as texts."""
    asked = exp.select(*(_read(name, space) for name, space in table.columns.items()))
    for chunk in rows.stream(asked.from_(exp.table_(table.key, quoted=True)).sql("duckdb"), _AT_ONCE):
        yield [list(column) for column in zip(*chunk, strict=True)]


def _read(name: str, space: ColumnSpace) -> exp.Expr:
    column = exp.column(UNIT_COLUMN if space.kind == "id" else name, quoted=True)
    return exp.cast(column, "VARCHAR", dialect="duckdb") if space.kind == "id" else column
