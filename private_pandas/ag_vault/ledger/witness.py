"""What this process has seen of the ledger: where the log ended, and which file it was. A ledger that is put back meanwhile is noticed.

Knows the log's marks and a path. An older ledger that is there at the start is the signed head's to notice.
"""

from pathlib import Path

import sqlalchemy as sa

from ag_vault.errors import BadLedger
from ag_vault.ledger.log import Mark
from ag_vault.ledger.schema import LOG
from ag_vault.ledger.wire import Speaker

_HASH_OF = sa.select(LOG.c.hash).where(LOG.c.sequence == sa.bindparam("sequence"))
_OLDER = "the ledger is older than it was, or another one"


def file_of(engine: sa.Engine) -> Path | None:
    """The file behind an engine; None where the ledger is in memory or on a server."""
    name = engine.url.database
    return Path(name) if engine.dialect.name == "sqlite" and name else None


class Witness:
    """Remembers the last entry. ``path``: of the file, where the ledger is one."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._file: tuple[int, int] | None = None
        self._seen: Mark | None = None

    def saw(self, end: Mark) -> None:
        """Remember an end of the log that is on disk."""
        self._seen = end

    def check(self, connection: Speaker, end: Mark) -> None:
        """In the transaction that reads ``end``: the log goes on from what was seen. BadLedger where it doesn't, from then on."""
        self._check_file()
        seen = self._seen
        if seen is not None and (seen.sequence, seen.hash) != (end.sequence, end.hash):
            found: list[str] = []
            if end.sequence > seen.sequence:
                # What an empty log ends with is in no entry.
                key = {"sequence": seen.sequence}
                found = [row[0] for row in connection.execute(_HASH_OF, key)] if seen.sequence else [seen.hash]
            if found != [seen.hash]:
                raise BadLedger(_OLDER)
        self._seen = end

    def _check_file(self) -> None:
        """The name still leads to the file that is open: whoever charges to one without a name loses the charge."""
        if self._path is None:
            return
        try:
            status = self._path.stat()
        except OSError as problem:
            raise BadLedger("the ledger's file is gone") from problem
        file = status.st_dev, status.st_ino
        if self._file not in (None, file):
            raise BadLedger(_OLDER)
        self._file = file
