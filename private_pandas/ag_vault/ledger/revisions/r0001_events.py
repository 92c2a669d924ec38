"""The first schema: events, their sums, the head of their chain, released answers. Frozen; later changes are later files."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_GENESIS = "0" * 64
_FROZEN = """
CREATE TRIGGER events_{verb} BEFORE {verb} ON events
BEGIN SELECT RAISE(ABORT, 'events are only appended'); END
"""


def upgrade() -> None:
    """Make the tables, an empty chain's head, and on SQLite the triggers that keep events as they are."""
    _events()
    _balances()
    op.create_table(
        "answers",
        sa.Column("analyst", sa.Text, primary_key=True),
        sa.Column("dataset", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("plan", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("reply", sa.LargeBinary, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_FROZEN.format(verb=verb))


def _events() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    texts = ("dataset", "version", "analyst", "session", "library", "plan", "mechanism")
    op.create_table(
        "events",
        sa.Column("sequence", number, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("epsilon", "rho", "delta")),
        sa.Column("impure", sa.Integer, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_index("events_by_analyst", "events", ["dataset", "analyst", "library"])


def _balances() -> None:
    op.create_table(
        "balances",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("kind", "dataset", "who")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("epsilon", "rho", "delta")),
        sa.Column("impure", sa.Integer, nullable=False),
    )
    head = op.create_table(
        "head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "sequence": 0, "hash": _GENESIS}])
