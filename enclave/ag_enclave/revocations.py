"""Tokens that ended before their time: who logs out takes the token along, also one that somebody has copied.

Keeps digests, and those no longer than a token may live. Knows no accounts: what voids all tokens of an account is its generation.
"""

import hashlib
from collections.abc import Callable

import sqlalchemy as sa

from ag_enclave.database import Database, metadata

revoked = sa.Table(
    "revoked_tokens",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("until", sa.Float, nullable=False),
)


class Revocations:
    """The table. Every method is one short transaction; call it off the event loop. ``clock``: the wall clock."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    def end(self, token: str, seconds: float) -> None:
        """Void a token, which would have been so by itself after at most so many seconds."""
        now, digest = self._clock(), _digest(token)
        with self._database.transaction() as connection:
            connection.execute(sa.delete(revoked).where((revoked.c.until < now) | (revoked.c.digest == digest)))
            connection.execute(sa.insert(revoked).values(digest=digest, until=now + seconds))

    def ended(self, token: str) -> bool:
        """Whether it was."""
        asked = sa.select(revoked.c.digest).where(revoked.c.digest == _digest(token))
        with self._database.transaction() as connection:
            return connection.execute(asked).first() is not None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
