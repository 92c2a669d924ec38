"""The audit log beside the events, caps that owners set at run time, and how often an analyst was refused. Frozen; later changes are later files."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_GENESIS = "0" * 64
_FROZEN = """
CREATE TRIGGER log_{verb} BEFORE {verb} ON log
BEGIN SELECT RAISE(ABORT, 'the log is only appended to'); END
"""


def upgrade() -> None:
    """Make the tables; where there were events, the log begins with an entry that names the last of them."""
    _log()
    _caps()
    op.create_table(
        "refusals",
        sa.Column("analyst", sa.Text, primary_key=True),
        sa.Column("hour", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.add_column("head", sa.Column("at", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("events_by_time", "events", ["dataset", "at"])
    _begin()


def _log() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "log",
        sa.Column("sequence", number, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("actor", "action", "subject", "details")),
        sa.Column("event", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("event_hash", "previous", "hash")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_FROZEN.format(verb=verb))


def _caps() -> None:
    op.create_table(
        "caps",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("kind", "dataset", "who")),
        sa.Column("seconds", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("epsilon", sa.Text, nullable=True),
        sa.Column("delta", sa.Text, nullable=False),
    )


def _begin() -> None:
    head = sa.table("head", sa.column("id"), sa.column("sequence"), sa.column("hash"), sa.column("at"))
    connection = op.get_bind()
    events = sa.table("events", *(sa.column(name) for name in ("sequence", "at", "hash")))
    last = connection.execute(sa.select(events).order_by(events.c.sequence.desc()).limit(1)).one_or_none()
    if last is None:
        op.bulk_insert(head, [{"id": 2, "sequence": 0, "hash": _GENESIS, "at": 0}])
        return
    entry = [1, last.at, "enclave", "upgrade", "ledger", "{}", last.sequence, last.hash, _GENESIS]
    digest = hashlib.sha256(json.dumps(entry, separators=(",", ":")).encode()).hexdigest()
    names = ("sequence", "at", "actor", "action", "subject", "details", "event", "event_hash", "previous", "hash")
    log = sa.table("log", *(sa.column(name) for name in names))
    op.bulk_insert(log, [dict(zip(names, [*entry, digest], strict=True))])
    connection.execute(sa.update(head).where(head.c.id == 1).values(at=last.at))
    op.bulk_insert(head, [{"id": 2, "sequence": 1, "hash": digest, "at": last.at}])
