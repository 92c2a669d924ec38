"""Failed logins cost time: after a few, the same account from the same address waits. A restart doesn't forget them; a success forgives.

Keeps neither names nor addresses: people mistake the secret's field for the name's, so only keyed hashes rest.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import sqlalchemy as sa

from ag_enclave.database import Database, metadata

_REMEMBERED = 10_000

failures = sa.Table(
    "login_failures",
    metadata,
    sa.Column("who", sa.String(64), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("until", sa.Float, nullable=False),
)


@dataclass(slots=True)
class Failures:
    """How often, and until when to wait."""

    count: int
    until: float


class Memory(Protocol):
    """Where failures rest."""

    def load(self) -> dict[str, Failures]:
        """Those of before."""

    def keep(self, who: str, found: Failures | None) -> None:
        """Replace what is kept of one key; None: nothing."""


class Forgetful:
    """Keeps nothing."""

    def load(self) -> dict[str, Failures]:
        """Nothing."""
        return {}

    def keep(self, who: str, found: Failures | None) -> None:
        """Nothing."""


class Lasting:
    """Keeps them in the gateway's database. ``keep`` writes; call it off the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> dict[str, Failures]:
        """The latest, as many as are remembered; older ones are dropped for good."""
        latest = sa.select(failures).order_by(failures.c.until.desc()).limit(_REMEMBERED)
        with self._database.transaction() as connection:
            rows = connection.execute(latest).all()
            if len(rows) == _REMEMBERED:
                connection.execute(sa.delete(failures).where(failures.c.until < rows[-1][2]))
        return {who: Failures(count, until) for who, count, until in reversed(rows)}

    def keep(self, who: str, found: Failures | None) -> None:
        """One key's count."""
        with self._database.transaction() as connection:
            connection.execute(sa.delete(failures).where(failures.c.who == who))
            if found is not None:
                connection.execute(sa.insert(failures).values(who=who, count=found.count, until=found.until))


class Throttle:
    """Counts failures per key; ``allowed`` of them are free, each further one costs ``wait`` seconds. ``clock``: the wall clock."""

    def __init__(
        self, *, allowed: int, wait: float, clock: Callable[[], float], memory: Memory | None = None, salt: bytes = b""
    ) -> None:
        self._allowed = allowed
        self._wait = wait
        self._clock = clock
        self._memory = memory or Forgetful()
        self._salt = salt
        self._failures = OrderedDict(self._memory.load())

    def wait_seconds(self, key: tuple[str, str]) -> float:
        """How long this key must still wait; 0.0 where it may try now."""
        found = self._failures.get(self._who(key))
        # A clock that was set back must not make anybody wait longer than a failure costs.
        return min(self._wait, max(0.0, found.until - self._clock())) if found else 0.0

    def failed(self, key: tuple[str, str]) -> None:
        """Count one failure. May write; call it off the event loop."""
        who = self._who(key)
        found = self._failures.setdefault(who, Failures(0, 0.0))
        found.count += 1
        if found.count >= self._allowed:
            found.until = self._clock() + self._wait
        self._failures.move_to_end(who)
        if len(self._failures) > _REMEMBERED:
            self._memory.keep(self._failures.popitem(last=False)[0], None)
        self._memory.keep(who, found)

    def succeeded(self, key: tuple[str, str]) -> None:
        """Forgive the key. May write; call it off the event loop."""
        if self._failures.pop(self._who(key), None) is not None:
            self._memory.keep(self._who(key), None)

    def _who(self, key: tuple[str, str]) -> str:
        return hashlib.blake2b("\0".join(key).encode(errors="replace"), key=self._salt[:64], digest_size=32).hexdigest()
