"""Runs what was priced against the rows: the only part of the vault's mathematics through which rows pass.

Knows no budget, no noise and no plan: it gets finished SQL and gives back exact integers.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import duckdb

from ag_vault.errors import EngineFailed


class Data(Protocol):
    """The rows. Each table of the catalogue is a relation whose (quoted) SQL name is the table's key, e.g. ``"iris/train"``.

    Its columns have the names of the catalogue and the types float: DOUBLE, int: BIGINT, bool: BOOLEAN, str: VARCHAR,
    datetime: BIGINT (microseconds since 1970-01-01).
    """

    def rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """All rows of one query. EngineFailed (a bug: the SQL was admitted) with no part of any row in its text."""
        ...


class DuckData:
    """Rows in an embedded DuckDB."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """As the protocol says."""
        try:
            return self._connection.execute(sql).fetchall()
        except duckdb.Error as error:
            # The engine's own text may quote a value of a row; its class says enough to whoever debugs.
            raise EngineFailed(f"the engine refused an admitted query ({type(error).__name__})") from None
