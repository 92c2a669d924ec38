"""A session's dry runs: the rows of mocks, and a till that takes play money. Knows no private row: its engine has none of their files.

What is released here is priced, charged, evaluated and perturbed by the same five lines; only the rows and the ledger are others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from ag_vault.account import Cap
from ag_vault.catalog import SCRATCH, Budget, Catalog, Table
from ag_vault.data import Rows
from ag_vault.errors import BadCatalog, Refusal
from ag_vault.ledger import Claim, Ledger
from ag_vault.till import Till

NO_MOCK = Refusal(
    code="no_mock",
    why="A table of this has no mock, so that it can't be tried out.",
    instead="Ask the data set's owner to load it again: a mock is made from its metadata.",
)
NO_ROOM = Refusal(
    code="memory",
    why="The public frames of this session are too large to be tried out beside mocks.",
    instead="Begin a new session, and bring fewer or smaller frames before a dry run.",
    error="RuntimeError",
)
_PLENTY, _PLENTY_DELTA = Fraction(10**6), Fraction(9, 10)
"""ε and more than anybody rehearses; a dry run is refused for what one call may cost, never for what was spent."""


@dataclass(slots=True)
class Rehearsal:
    """Opened by the first dry run; until then it costs nothing. ``real``: where the guest's own tables are; ``opened`` gives the mocks."""

    real: Rows
    opened: Callable[[Catalog], Rows] | None
    _rows: Rows | None = field(default=None, init=False)
    _ledger: Ledger | None = field(default=None, init=False)
    _full: bool = field(default=False, init=False)

    def rows(self, catalog: Catalog) -> Rows | Refusal:
        """The mocks of the catalogue's tables, under the names of these, and the guest's own tables as they are."""
        if self._rows is None and self.opened is not None and not self._full:
            try:
                self._rows = self.opened(catalog)
            except BadCatalog:
                return NO_MOCK
            for table in catalog.tables.values():
                if table.path is None and not self._full:
                    self.brought(table, self.real.brought(table))
        return NO_ROOM if self._full else self._rows or NO_MOCK

    def brought(self, table: Table, values: Sequence[Sequence[Any]]) -> None:
        """A table that the guest brought since. One too many ends dry runs, and nothing else: the engine of mocks has little room."""
        if self._rows is None:
            return
        try:
            self._rows.add(table, values)
        except MemoryError:
            self._rows.close()
            self._rows, self._full = None, True

    def till(self, claim: Claim, catalog: Catalog, tables: Sequence[Table]) -> Till:
        """Where a dry run pays: each call what it would cost, out of a purse that doesn't empty."""
        if self._ledger is None:
            self._ledger = Ledger.in_memory()
        owned = {table.dataset: catalog.datasets[table.dataset].budget for table in tables if table.path}
        budgets = owned or ({SCRATCH: catalog.scratch} if catalog.scratch else {})
        return Till(self._ledger, {name: _plenty(budget) for name, budget in budgets.items()}, claim, tables)

    def close(self) -> None:
        """Let go of mocks."""
        if self._rows is not None:
            self._rows.close()
        if self._ledger is not None:
            self._ledger.close()


def _plenty(budget: Budget) -> Budget:
    """As many calls as one likes, each within the real limit per call."""
    purse = Cap(epsilon=_PLENTY, delta=_PLENTY_DELTA)
    return replace(budget, everyone=purse, per_analyst=purse)
