"""Projects: a name, what it is about, and who takes part. Code for review may belong to one.

Knows the tables; every change leaves its deed for the log in the same transaction.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ag_enclave import deeds
from ag_enclave.accounts import accounts
from ag_enclave.database import Database, metadata
from ag_enclave.errors import Conflict, Missing, Refusal

_MOST = 500
_MOST_EACH = 50
"""Projects that one analyst may make."""

projects = sa.Table(
    "projects",
    metadata,
    sa.Column("project_id", sa.String(36), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False, unique=True),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("made_at", sa.String(32), nullable=False),
)
members = sa.Table(
    "project_members",
    metadata,
    sa.Column("project_id", sa.String(36), primary_key=True),
    sa.Column("user_id", sa.String(80), primary_key=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One project. Its maker is a member."""

    project_id: str
    name: str
    description: str
    made_by: str
    made_at: str
    members: tuple[str, ...]


class Projects:
    """The projects' tables. Every method is one short transaction; call it off the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, by: str, name: str, description: str, others: Collection[str]) -> Project:
        """A new project of its maker and these others. Conflict where the name is taken, Missing for an unknown account, Refusal 429 for too many."""
        made = {
            "project_id": str(uuid.uuid4()),
            "name": name,
            "description": description,
            "made_by": by,
            "made_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        taking_part = sorted({by, *others})
        try:
            with self._database.transaction() as connection:
                deeds.take_turn(connection)
                counted = sa.select(sa.func.count()).where(projects.c.made_by == by)
                if connection.execute(counted).scalar_one() >= _MOST_EACH:
                    raise Refusal(429, f"You have made {_MOST_EACH} projects, the most there may be.")
                _check_known(connection, others)
                connection.execute(sa.insert(projects).values(made))
                rows = [{"project_id": made["project_id"], "user_id": each} for each in taking_part]
                connection.execute(sa.insert(members), rows)
                deeds.note(
                    connection, by, "project.make", name, {"project": made["project_id"], "members": taking_part}
                )
        except IntegrityError as problem:
            raise Conflict(f"There is a project of the name {name[:64]!r} already.") from problem
        return Project(**made, members=tuple(taking_part))

    def of(self, user_id: str | None, also: Collection[str] = ()) -> list[Project]:
        """The projects that somebody takes part in (None: all), and those of these names, by name, five hundred at most."""
        wanted = sa.select(projects).order_by(projects.c.name).limit(_MOST)
        if user_id is not None:
            mine = sa.select(members.c.project_id).where(members.c.user_id == user_id)
            wanted = wanted.where(projects.c.project_id.in_(mine) | projects.c.name.in_(also))
        with self._database.transaction() as connection:
            rows = connection.execute(wanted).mappings().all()
            return [_with_members(connection, row) for row in rows]

    def named(self, name: str, user_id: str | None) -> Project:
        """One project by its name or id. Missing where it isn't, or isn't one of this user's (None: anybody's)."""
        for each in self.of(user_id):
            if name in (each.name, each.project_id):
                return each
        raise Missing(f"There is no project {name[:64]!r}.")


def _with_members(connection: sa.Connection, row: Any) -> Project:
    those = sa.select(members.c.user_id).where(members.c.project_id == row["project_id"]).order_by(members.c.user_id)
    return Project(**row, members=tuple(connection.execute(those).scalars()))


def _check_known(connection: sa.Connection, wanted: Collection[str]) -> None:
    known = set(connection.execute(sa.select(accounts.c.user_id).where(accounts.c.user_id.in_(wanted))).scalars())
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise Missing(f"There is no account {unknown[0][:64]!r}.")
