"""The clerk: one process that keeps the ledger's books for owners. Knows caps, sums and the log; never a plan to answer, never a row."""
