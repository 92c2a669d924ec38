"""A lent table as it comes out of its socket → a public frame of pandas.

It must not know who lends it. Types depend on what was announced, never on the values.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pandas as pd

from ag_kernel.errors import MalformedMessage
from ag_plan.errors import MalformedPlan
from ag_plan.frames import receive_frame


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column as it is announced."""

    name: str
    kind: str
    nullable: bool


def read_table(stream: socket.socket) -> pd.DataFrame:
    """The table that comes out of a socket. MalformedMessage where it ends too soon or is none."""
    try:
        columns = msgspec.msgpack.decode(_frame(stream), type=list[Column])
        held: list[list[Any]] = [[] for _ in columns]
        while part := _frame(stream):
            for kept, values in zip(held, msgspec.msgpack.decode(part, type=list[list[Any]]), strict=True):
                kept.extend(values)
        return pd.DataFrame({column.name: _series(column, held[at]) for at, column in enumerate(columns)})
    except (MalformedPlan, msgspec.DecodeError, ValueError, KeyError) as problem:
        raise MalformedMessage("the table that was lent can't be read") from problem


def _frame(stream: socket.socket) -> bytes:
    part = receive_frame(stream)
    if part is None:
        raise MalformedMessage("the table that was lent ended too soon")
    return part


def _series(column: Column, values: Sequence[Any]) -> pd.Series:
    return _KINDS[column.kind](values, column.nullable)


def _floats(values: Sequence[Any], _nullable: bool) -> pd.Series:
    return pd.Series(np.array([np.nan if value is None else value for value in values], dtype="float64"))


def _integers(values: Sequence[Any], nullable: bool) -> pd.Series:
    return pd.Series(values, dtype="Int64" if nullable else "int64")


def _booleans(values: Sequence[Any], nullable: bool) -> pd.Series:
    return pd.Series(values, dtype="boolean" if nullable else "bool")


def _texts(values: Sequence[Any], _nullable: bool) -> pd.Series:
    return pd.Series(values, dtype="object")


def _moments(values: Sequence[Any], _nullable: bool) -> pd.Series:
    ticks = np.array([np.iinfo("int64").min if value is None else value for value in values], dtype="int64")
    return pd.Series(ticks.view("datetime64[us]"))


_KINDS: Final[Mapping[str, Callable[[Sequence[Any], bool], pd.Series]]] = {
    "float": _floats,
    "int": _integers,
    "bool": _booleans,
    "str": _texts,
    "id": _texts,
    "datetime": _moments,
}
