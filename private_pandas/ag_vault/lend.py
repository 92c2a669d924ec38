"""The lender: reads one table, as it is or made up from what is public about it, and writes it into one socket. For reviewed code only.

Knows one data set's folder; no ledger, no analyst, no code. Whoever holds the other end of the socket holds rows.
"""

import hashlib
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlglot import exp

from ag_plan.frames import send_frame
from ag_vault.catalog import UNIT_COLUMN, Table, read_catalog
from ag_vault.data import Rows, open_rows, prepare
from ag_vault.errors import BadCatalog
from ag_vault.space import ColumnSpace

_AT_ONCE = 20_000
"""Rows per frame."""
_MADE_UP = 200
_ENGINE_SHARE = 0.5
_WORD = 4
_WIDTH = 1000.0
"""Of made-up numbers without bounds."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Which table of which folder; ``mock``: made up, no file of rows is opened."""

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
    """Write the table: a frame of columns, frames of rows by column, an empty frame. BadCatalog where there is no such table."""
    asked = msgspec.convert(dict(settings), Settings)
    catalog = read_catalog([Path(asked.path)])
    (dataset,) = catalog.datasets.values()
    table = dataset.tables.get(asked.table)
    if table is None:
        raise BadCatalog("there is no such table")
    with sockets["table"] as stream:
        announced = [
            Column(name=name, kind=space.kind, nullable=space.nullable) for name, space in table.columns.items()
        ]
        send_frame(stream, msgspec.msgpack.encode(announced))
        if asked.mock:
            send_frame(stream, msgspec.msgpack.encode(made_up(table)))
        else:
            rows = open_rows(catalog, threads=1, memory_bytes=int(asked.memory_bytes * _ENGINE_SHARE))
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


def made_up(table: Table) -> list[list[Any]]:
    """Rows by column that conform to what is public and know nothing else: the same ones for the same table."""
    return [
        _values(space, _shares(f"{table.key} {name}"), unit=table.unit is not None)
        for name, space in table.columns.items()
    ]


def _shares(name: str) -> list[float]:
    """Numbers from 0 to 1 that look like chance and follow from a name."""
    stream = hashlib.shake_256(name.encode()).digest(_WORD * _MADE_UP)
    words = (stream[at : at + _WORD] for at in range(0, len(stream), _WORD))
    return [int.from_bytes(word) / (1 << 8 * _WORD) for word in words]


def _values(space: ColumnSpace, shares: list[float], *, unit: bool) -> list[Any]:
    if space.categories is not None:
        return [space.categories[int(share * len(space.categories))] for share in shares]
    if space.kind == "id":
        return [f"unit-{number // 2 if unit else number}" for number in range(_MADE_UP)]
    lower, upper = space.bounds or (0, _WIDTH)
    return [_MADE[space.kind](share, lower, upper) for share in shares]


_MADE: Mapping[str, Callable[[float, float, float], Any]] = {
    "float": lambda share, lower, upper: lower + share * (upper - lower),
    "int": lambda share, lower, upper: int(lower + share * (upper - lower)),
    "datetime": lambda share, lower, upper: int(lower + share * (upper - lower)),
    "bool": lambda share, _lower, _upper: share < 0.5,  # noqa: PLR2004 - a coin
    "str": lambda share, _lower, _upper: f"text {int(share * 20)}",
}
