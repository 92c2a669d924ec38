"""Keeps the signed head at the end of the log, and notices a ledger that is older than its head, or another one.

Knows heads and the ledger's tables. The head only ever moves forward along the chain that it names.
"""

import fcntl
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ag_vault.clerk.seal import Seal
from ag_vault.errors import BadLedger
from ag_vault.ledger import log, unanswered
from ag_vault.ledger.chain import GENESIS
from ag_vault.ledger.register import Register
from ag_vault.ledger.schema import BALANCES, CAPS, LOG, SUMS

SEALED = "sealed"
"""The action of the first entry that a head was signed over: from then on there must be one."""
OLDER = "the ledger is older than its signed head, or another one"


class Keeper:
    """The head of one ledger. ``advance`` after every deed, and now and then for the vaults' charges."""

    def __init__(
        self, register: Register, seal: Seal, folder: Path, *, clock: Callable[[], int] = time.time_ns
    ) -> None:
        self._register = register
        self._seal = seal
        self._folder = folder
        self._lock = folder / ".lock"
        self._clock = clock
        self._signed: tuple[int, str] | None = None

    def open(self) -> None:
        """Check the ledger against its head, and sign a first one where there was none. BadLedger for a ledger that was put back."""
        with self._alone():
            known = self._seal.read()
            if known is None:
                self._begin()
        self.advance()

    def advance(self) -> dict[str, Any]:
        """Sign the end of the log, unless it is signed; the head as signed. BadLedger as in ``open``."""
        with self._alone():
            known = self._seal.read()
            if known is None:
                raise BadLedger("the signed head of the log is gone")
            with self._register.reading() as connection:
                check(connection, known)
                end = log.head(connection)
                if end.sequence == known["sequence"]:
                    self._signed = end.sequence, end.hash
                    return self._seal.signed(known)
                head = head_of(connection, end)
            self._seal.write(head)
            self._signed = end.sequence, end.hash
            return self._seal.signed(head)

    def look(self) -> None:
        """``advance`` where the log has another end than the one signed last: nothing is written or locked while nobody charges."""
        with self._register.reading() as connection:
            end = log.head(connection)
        if (end.sequence, end.hash) != self._signed:
            self.advance()

    def copy(self, name: str) -> None:
        """A copy of the ledger beside the head, under a plain name. ValueError for a name that is none, BadLedger where it can't be written."""
        if not re.fullmatch(r"copy-[0-9a-f]{1,32}\.sqlite", name):
            raise ValueError("This is no name for a copy.")
        self._register.copy(self._folder / name)

    def _begin(self) -> None:
        with self._register.reading() as connection:
            sealed = connection.execute(sa.select(LOG.c.details).where(LOG.c.action == SEALED)).scalars()
            # An enclave that joins others on a server begins a head of its own, which the log shows; who has signed before has lost one.
            if any(not self._register.shared or json.loads(each).get("key") == self._seal.public for each in sealed):
                raise BadLedger("the signed head of the log is gone")
            self._seal.write(head_of(connection, log.head(connection)))
        entry = log.Entry(actor="enclave", action=SEALED, subject="ledger", details={"key": self._seal.public})
        self._register.append(entry)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two clerks, of the gateway and of a command, must not take turns half-way."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def head_of(connection: sa.Connection, end: log.Mark) -> dict[str, Any]:
    """What is signed: where the log ends, what each analyst has spent in the ledger's units, the caps that owners have set, and answers that weren't kept."""
    columns = [BALANCES.c[name] for name in ("dataset", "who", *SUMS)]
    spent = sa.select(*columns).where(BALANCES.c.kind == "analyst").order_by(BALANCES.c.dataset, BALANCES.c.who)
    caps = sa.select(CAPS).order_by(CAPS.c.dataset, CAPS.c.kind, CAPS.c.who, CAPS.c.seconds)
    return {
        "sequence": end.sequence,
        "hash": end.hash,
        "at": end.at,
        "spent": [list(row) for row in connection.execute(spent)],
        "caps": [list(row) for row in connection.execute(caps)],
        "unanswered": unanswered.counts(connection),
    }


def check(connection: sa.Connection, known: dict[str, Any]) -> None:
    """The log has the entry that the head names. BadLedger where it hasn't."""
    named = sa.select(LOG.c.hash).where(LOG.c.sequence == known["sequence"])
    found = connection.execute(named).scalar_one_or_none() if known["sequence"] else GENESIS
    if found != known["hash"]:
        raise BadLedger(OLDER)
