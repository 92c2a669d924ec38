"""Who may use the enclave: accounts with a role, in a database of their own.

Knows nothing of tokens or HTTP, and holds no secret: only hashes.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from ag_enclave.errors import BadState, Unusable
from ag_enclave.roles import ROLES

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")

metadata = sa.MetaData()
accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("user_id", sa.String(64), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("secret_hash", sa.String(255), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account. ``generation`` counts its secrets: tokens of an older one are void."""

    user_id: str
    role: str
    secret_hash: str
    generation: int
    disabled: bool


class Accounts:
    """The accounts' table. Every method is one short transaction; call it off the event loop."""

    def __init__(self, path: Path) -> None:
        self._engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 5})
        sa.event.listen(self._engine, "connect", _set_up_connection)

    @property
    def engine(self) -> sa.Engine:
        """For migrations."""
        return self._engine

    def find(self, user_id: str) -> Account | None:
        """The account of this name, also where it is disabled."""
        with self._transaction() as connection:
            row = connection.execute(sa.select(accounts).where(accounts.c.user_id == user_id)).mappings().first()
        return Account(**row) if row else None

    def everyone(self) -> list[Account]:
        """All accounts, by name."""
        with self._transaction() as connection:
            rows = connection.execute(sa.select(accounts).order_by(accounts.c.user_id)).mappings().all()
        return [Account(**row) for row in rows]

    def add(self, user_id: str, role: str, secret_hash: str) -> None:
        """Add an account. Unusable where the name is taken or not a name, or the role unknown."""
        if not _NAME.fullmatch(user_id):
            raise Unusable(
                "A user id has 1 to 64 letters, digits or the signs . _ @ - and starts with a letter or digit."
            )
        if role not in ROLES:
            raise Unusable(f"There is no role {role}; known are {', '.join(ROLES)}.")
        row = {"user_id": user_id, "role": role, "secret_hash": secret_hash, "generation": 1, "disabled": False}
        try:
            with self._transaction() as connection:
                connection.execute(sa.insert(accounts).values(row))
        except IntegrityError as problem:
            raise Unusable(f"There is already a user {user_id}.") from problem

    def rotate(self, user_id: str, secret_hash: str) -> None:
        """Replace the secret; all tokens of the old one are void at once."""
        self._change(user_id, {"secret_hash": secret_hash, "generation": accounts.c.generation + 1})

    def disable(self, user_id: str) -> None:
        """Refuse the account from now on; its tokens are void at once."""
        self._change(user_id, {"disabled": True, "generation": accounts.c.generation + 1})

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _change(self, user_id: str, values: dict[str, object]) -> None:
        with self._transaction() as connection:
            changed = connection.execute(sa.update(accounts).where(accounts.c.user_id == user_id).values(values))
            if changed.rowcount != 1:
                raise Unusable(f"There is no user {user_id}.")

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except OperationalError as problem:
            raise BadState(f"The accounts' database can't be used: {problem.orig}.") from problem


def _set_up_connection(connection: sa.engine.interfaces.DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
