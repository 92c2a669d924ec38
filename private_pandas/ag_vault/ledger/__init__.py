"""The ledger: every charge, durable before a row is read. Knows costs, caps and who asks; never a plan's meaning, never a row."""

from ag_vault.ledger.book import Ledger, Receipt
from ag_vault.ledger.caps import Terms
from ag_vault.ledger.deed import Claim
from ag_vault.ledger.odometer import Reading

__all__ = ["Claim", "Ledger", "Reading", "Receipt", "Terms"]
