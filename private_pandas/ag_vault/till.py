"""Binds the ledger to one question of one analyst, so that ``answer`` charges without knowing who asks.

Knows who, which budget and which ledger; nothing of prices or rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ag_plan.codec import children
from ag_plan.expressions import Mapped
from ag_plan.relations import Relation, Source
from ag_plan.releases import Release
from ag_vault.account import Cap
from ag_vault.catalog import SCRATCH, Catalog, Table
from ag_vault.errors import Refusal
from ag_vault.ledger import Claim, Ledger, Receipt, Terms
from ag_vault.price import Priced
from ag_vault.wording import worded

_OWN = "These are public values of your own: compute with pandas, ask with a smaller eps, or begin a new session."


@dataclass(frozen=True, slots=True, kw_only=True)
class Charged:
    """What the schedule may know of a charged release: rows of its answer, the public size of what it reads, programs it has."""

    numbers: int
    rows: int | None
    programs: int = 0


class Till:
    """One question's way to the ledger. ``charged`` is set once the charge is on disk."""

    def __init__(
        self,
        ledger: Ledger,
        terms: Terms,
        claim: Claim,
        tables: Sequence[Table],
        *,
        session_cap: Cap | None = None,
        most_lost: int | None = None,
    ) -> None:
        self._ledger = ledger
        self._terms = terms
        self._claim = claim
        self._tables = tables
        self._session_cap = session_cap
        self._most_lost = most_lost
        self._receipt: Receipt | None = None
        self.charged: Charged | None = None

    @property
    def of_scratch(self) -> bool:
        """Whether all that is asked about is public values of the guest's own, whose ledger is in memory."""
        return self._claim.dataset == SCRATCH

    def stored(self) -> bytes | None:
        """The answer that this analyst has had already to this plan on this version of the data."""
        return self._ledger.recall(self._claim)

    def charge(self, priced: Priced) -> Receipt | Refusal:
        """Charge the event to everyone concerned. A receipt means that the charge is on disk."""
        if priced.account != self._claim.dataset:
            raise ValueError(priced.account)
        self._claim = claim = replace(self._claim, wording=worded(priced.release))
        receipt = self._ledger.charge(
            priced.event, claim, self._terms, session_cap=self._session_cap, most_lost=self._most_lost
        )
        if isinstance(receipt, Refusal) and self.of_scratch:
            return replace(receipt, instead=_OWN)
        if isinstance(receipt, Receipt):
            self._receipt = receipt
            sizes = [table.max_rows for table in self._tables]
            self.charged = Charged(
                numbers=priced.expected, rows=sum(size or 0 for size in sizes), programs=len(priced.askings)
            )
        return receipt

    def keep(self, receipt: Receipt, reply: bytes) -> None:
        """Keep the released answer, to give it again for nothing."""
        self._ledger.remember(receipt, self._claim, reply)

    def lose(self) -> None:
        """Write down that the answer which was charged for won't come, where there is one."""
        if self._receipt is not None:
            self._ledger.lose(self._receipt, self._claim)


def tables_of(relation: Relation, catalog: Catalog) -> list[Table]:
    """The tables of the catalogue that a relation reads; those that don't exist are left to pricing to refuse."""
    read = (node.table for node in _parts(relation) if isinstance(node, Source) and node.table in catalog.tables)
    return [catalog.tables[table] for table in dict.fromkeys(read)]


def needs_mapper(release: Release) -> bool:
    """Whether a release has programs in it."""
    return any(isinstance(node, Mapped) for node in _parts(release))


def _parts(root: Any) -> Iterator[Any]:
    """Every node of a plan, once."""
    seen: set[int] = set()
    waiting: list[Any] = [root]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            waiting.extend(children(node))
