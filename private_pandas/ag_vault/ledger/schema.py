"""The tables of the ledger as SQLAlchemy core sees them. Knows no rules: migrations are in ``revisions``, rules in ``book``.

``events`` is the truth of what was spent: appended to, never changed, chained by hashes. ``balances`` are its sums, kept in the same
transaction so that a charge need not add up the past; ``chain.verify`` recomputes them.
"""

import sqlalchemy as sa

METADATA = sa.MetaData()

EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("dataset", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("analyst", sa.Text, nullable=False),
    sa.Column("session", sa.Text, nullable=False),
    sa.Column("library", sa.Text, nullable=False),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("mechanism", sa.Text, nullable=False),
    sa.Column("epsilon", sa.BigInteger, nullable=False),
    sa.Column("rho", sa.BigInteger, nullable=False),
    sa.Column("delta", sa.BigInteger, nullable=False),
    sa.Column("impure", sa.Integer, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Index("events_by_analyst", "dataset", "analyst", "library"),
    sa.Index("events_by_time", "dataset", "at"),
)
"""``at`` in nanoseconds since 1970; ``epsilon``, ``rho``, ``delta`` in the units of ``account``; ``plan`` a digest."""

BALANCES = sa.Table(
    "balances",
    METADATA,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("who", sa.Text, primary_key=True),
    sa.Column("epsilon", sa.BigInteger, nullable=False),
    sa.Column("rho", sa.BigInteger, nullable=False),
    sa.Column("delta", sa.BigInteger, nullable=False),
    sa.Column("impure", sa.Integer, nullable=False),
    sa.Column("impure_rho", sa.BigInteger, nullable=False, server_default="0"),
)
SUMS = {
    **{name: EVENTS.c[name] for name in ("epsilon", "rho", "delta", "impure")},
    "impure_rho": EVENTS.c.rho * EVENTS.c.impure,
}
"""Each sum of a balance, and what of an event goes into it."""

HEAD = sa.Table(
    "head",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, server_default="0"),
)
"""Two rows, ``EVENTS_HEAD`` and ``LOG_HEAD``: number, hash and time of the last event and of the last entry of the log."""
EVENTS_HEAD, LOG_HEAD = 1, 2

LOG = sa.Table(
    "log",
    METADATA,
    sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("event", sa.BigInteger, nullable=False),
    sa.Column("event_hash", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    *(sa.Index(f"log_by_{name}", name, "sequence") for name in ("actor", "action", "subject")),
)
"""The audit log: who did what to what; ``details`` are JSON. ``event`` is the charge it speaks of, by number and hash; 0 for none."""

CAPS = sa.Table(
    "caps",
    METADATA,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("who", sa.Text, primary_key=True),
    sa.Column("seconds", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("epsilon", sa.Text, nullable=True),
    sa.Column("delta", sa.Text, nullable=False),
)
"""Caps that owners set, which go before those of the metadata: ``kind`` everyone, analyst (``who`` empty: each) or call; ``seconds``
0 for all time, else a window's; exact rationals as text, ``epsilon`` null for no bound over all time."""

REFUSALS = sa.Table(
    "refusals",
    METADATA,
    sa.Column("analyst", sa.Text, primary_key=True),
    sa.Column("hour", sa.BigInteger, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
)
"""How many refusals of an analyst the log has of the last hour with any: a flood of them is not written down."""

UNANSWERED = sa.Table(
    "unanswered",
    METADATA,
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("analyst", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
)
"""How many charged answers were not kept, by account and analyst."""

ANSWERS = sa.Table(
    "answers",
    METADATA,
    sa.Column("analyst", sa.Text, primary_key=True),
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, primary_key=True),
    sa.Column("plan", sa.Text, primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("reply", sa.LargeBinary, nullable=False),
)
"""Released answers, as sent: the same plan on the same version by the same analyst gets the same noise again, free."""
