"""Who may use the enclave: accounts with a role, in the gateway's database. Every change leaves its deed for the log in the same transaction.

Knows nothing of tokens or HTTP, and holds no secret: only hashes.
"""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ag_enclave import deeds
from ag_enclave.database import Database, metadata
from ag_enclave.errors import Conflict, Missing, Unfit
from ag_enclave.roles import ROLES

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("user_id", sa.String(64), primary_key=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("secret_hash", sa.String(255), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("one_time", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("issuer", sa.String(255), nullable=False, server_default=""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account. ``generation`` counts its secrets: tokens of an older one are void.

    ``one_time``: its secret opens nothing but its own exchange for a real one. ``issuer``: whoever else vouches for it; empty for accounts of our own.
    """

    user_id: str
    role: str
    secret_hash: str
    generation: int
    disabled: bool
    one_time: bool = False
    issuer: str = ""


class Accounts:
    """The accounts' table. Every method is one short transaction; call it off the event loop. ``by``: whose deed it is."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def find(self, user_id: str) -> Account | None:
        """The account of this name, also where it is disabled."""
        with self.database.transaction() as connection:
            row = connection.execute(sa.select(accounts).where(accounts.c.user_id == user_id)).mappings().first()
        return Account(**row) if row else None

    def everyone(self) -> list[Account]:
        """All accounts, by name."""
        with self.database.transaction() as connection:
            rows = connection.execute(sa.select(accounts).order_by(accounts.c.user_id)).mappings().all()
        return [Account(**row) for row in rows]

    def add(self, user_id: str, role: str, secret_hash: str, *, by: str, one_time: bool = False) -> None:
        """Add an account. Unfit where the name is not a name or the role unknown, Conflict where the name is taken."""
        if not _NAME.fullmatch(user_id):
            raise Unfit("A user id has 1 to 64 letters, digits or the signs . _ @ - and starts with a letter or digit.")
        _check_role(role)
        row = {"user_id": user_id, "role": role, "secret_hash": secret_hash, "one_time": one_time}
        try:
            with self.database.transaction() as connection:
                connection.execute(sa.insert(accounts).values(generation=1, disabled=False, issuer="", **row))
                deeds.note(connection, by, "user.add", user_id, {"role": role})
        except IntegrityError as problem:
            raise Conflict(f"There is already a user {user_id}.") from problem

    def vouched(self, user_id: str, role: str, issuer: str) -> Account:
        """The account of a person that this issuer vouches for, made where it is new, in the role that it gives. Conflict where it is another's."""
        _check_role(role)
        found = self.find(user_id)
        if found is None:
            row = {"user_id": user_id, "role": role, "secret_hash": "", "one_time": False, "issuer": issuer}
            # Of two first logins that come together, the second finds the first one's account.
            with contextlib.suppress(IntegrityError), self.database.transaction() as connection:
                connection.execute(sa.insert(accounts).values(generation=1, disabled=False, **row))
                deeds.note(connection, issuer, "user.add", user_id, {"role": role})
            found = self.find(user_id)
        if found is None or found.issuer != issuer:
            raise Conflict(f"There is a user {user_id} whom another issuer vouches for.")
        if found.role != role:
            self.change_role(user_id, role, by=issuer)
            return self.find(user_id) or found
        return found

    def rotate(self, user_id: str, secret_hash: str, *, by: str, generation: int | None = None) -> None:
        """Replace the secret; all tokens of the old one are void at once. Conflict where ``generation`` is no longer the account's."""
        values = {"secret_hash": secret_hash, "generation": accounts.c.generation + 1, "one_time": False}
        self._change(user_id, values, deed="user.rotate", by=by, generation=generation)

    def disable(self, user_id: str, *, by: str) -> None:
        """Refuse the account from now on; its tokens are void at once. Conflict for the last operator."""
        values = {"disabled": True, "generation": accounts.c.generation + 1}
        self._change(user_id, values, deed="user.disable", by=by)

    def enable(self, user_id: str, *, by: str) -> None:
        """Let the account in again, with the secret it had; tokens from before stay void."""
        self._change(user_id, {"disabled": False}, deed="user.enable", by=by)

    def change_role(self, user_id: str, role: str, *, by: str) -> None:
        """Give the account another role; its tokens are void at once. Conflict for the last operator."""
        _check_role(role)
        values = {"role": role, "generation": accounts.c.generation + 1}
        self._change(user_id, values, deed="user.role", by=by, details={"role": role})

    def close(self) -> None:
        """Close the connections."""
        self.database.close()

    def _change(
        self,
        user_id: str,
        values: Mapping[str, object],
        *,
        deed: str,
        by: str,
        generation: int | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        mine = accounts.c.user_id == user_id
        with self.database.transaction() as connection:
            deeds.take_turn(connection)  # two operators who disable each other: one of them is the last
            operated = _operated(connection)
            meant = mine if generation is None else mine & (accounts.c.generation == generation)
            if connection.execute(sa.update(accounts).where(meant).values(values)).rowcount != 1:
                if generation is not None:
                    raise Conflict("The account was changed in the meantime; log in again.")
                raise Missing(f"There is no user {user_id}.")
            if operated and not _operated(connection):
                raise Conflict(f"{user_id} is the last operator who isn't disabled; add another one first.")
            deeds.note(connection, by, deed, user_id, details or {})


def _operated(connection: sa.Connection) -> bool:
    """Whether anybody could still operate the enclave."""
    found = sa.select(accounts.c.user_id).where(accounts.c.role == "operator", sa.not_(accounts.c.disabled)).limit(1)
    return connection.execute(found).first() is not None


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Unfit(f"There is no role {role[:16]}; known are {', '.join(ROLES)}.")
