"""Verifies events and log together, a slice at a time: whoever verifies a long log holds up nobody who asks in between.

Knows both chains and what ends them; nothing of who asks.
"""

import sqlalchemy as sa

from ag_vault.ledger import chain, log
from ag_vault.ledger.said import Said


class Walk:
    """Along both chains; ``step`` until it says that the end was reached, and all agrees, the caps in force among it."""

    def __init__(self) -> None:
        self.events = chain.Walk()
        self._said = Said()
        self.entries = log.Walk(self._said.hear)

    def step(self, connection: sa.Connection, most: int | None) -> bool:
        """Go on by so many rows of each; True once both ends were reached within one transaction. BadLedger where something is broken."""
        reached = [each.step(connection, most) for each in (self.events, self.entries)]
        if not all(reached):
            return False
        self.events.end(connection)
        self.entries.end(connection)
        self._said.end(connection)
        return True
