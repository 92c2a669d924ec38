"""Projects: a name, what it is about, and who takes part. Code for review may belong to one.

Who is invited takes part once they join. Knows the tables and no accounts: whoever makes a project learns of nobody whether they have one.
Every change leaves its deed for the log in the same transaction.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ag_enclave import deeds
from ag_enclave.database import Database, metadata
from ag_enclave.errors import Conflict, Missing, Refusal, Unfit

_MOST = 500
_MOST_EACH = 50
"""Projects that one analyst may make."""

projects = sa.Table(
    "projects",
    metadata,
    sa.Column("project_id", sa.String(36), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("made_by", sa.String(80), nullable=False),
    sa.Column("made_at", sa.String(32), nullable=False),
    sa.UniqueConstraint("made_by", "name", name="projects_names"),
)
members = sa.Table(
    "project_members",
    metadata,
    sa.Column("project_id", sa.String(36), primary_key=True),
    sa.Column("user_id", sa.String(80), primary_key=True),
    sa.Column("joined", sa.Boolean, nullable=False, server_default=sa.true()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One project. Its maker is a member; who is ``invited`` hasn't joined yet, and may be nobody."""

    project_id: str
    name: str
    description: str
    made_by: str
    made_at: str
    members: tuple[str, ...]
    invited: tuple[str, ...]


class Projects:
    """The projects' tables. Every method is one short transaction; call it off the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, by: str, name: str, description: str, others: Collection[str]) -> Project:
        """A new project of its maker, these others invited, whether or not they have accounts. Conflict where its maker has one of that name, Refusal 429 for too many, Unfit for what is nobody's name."""
        if not all(map(str.isprintable, others)):
            raise Unfit("Members are names on one line.")
        made = {
            "project_id": str(uuid.uuid4()),
            "name": name,
            "description": description,
            "made_by": by,
            "made_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        invited = tuple(sorted({*others} - {by}))
        try:
            with self._database.transaction() as connection:
                deeds.take_turn(connection)
                counted = sa.select(sa.func.count()).where(projects.c.made_by == by)
                if connection.execute(counted).scalar_one() >= _MOST_EACH:
                    raise Refusal(429, f"You have made {_MOST_EACH} projects, the most there may be.")
                connection.execute(sa.insert(projects).values(made))
                rows = [
                    {"project_id": made["project_id"], "user_id": each, "joined": each == by} for each in (by, *invited)
                ]
                connection.execute(sa.insert(members), rows)
                deeds.note(
                    connection, by, "project.make", name, {"project": made["project_id"], "invited": list(invited)}
                )
        except IntegrityError as problem:
            raise Conflict(f"You have made a project of the name {name[:64]!r} already.") from problem
        return Project(**made, members=(by,), invited=invited)

    def join(self, project_id: str, user_id: str) -> Project:
        """Who was invited takes part from now on. Missing where they weren't; harmless when repeated."""
        with self._database.transaction() as connection:
            found = _seen(connection, project_id, user_id)
            if user_id in found.invited:
                connection.execute(sa.update(members).where(_is(project_id, user_id)).values(joined=True))
                deeds.note(connection, user_id, "project.join", found.name, {"project": project_id})
            return _seen(connection, project_id, user_id)

    def leave(self, project_id: str, user_id: str) -> None:
        """Take part no longer, or decline. Missing where they neither did nor were invited, Conflict for its maker."""
        with self._database.transaction() as connection:
            found = _seen(connection, project_id, user_id)
            if found.made_by == user_id:
                raise Conflict("Whoever made a project takes part in it.")
            connection.execute(sa.delete(members).where(_is(project_id, user_id)))
            deeds.note(connection, user_id, "project.leave", found.name, {"project": project_id})

    def of(self, user_id: str, also: Collection[str] = ()) -> list[Project]:
        """The projects that somebody takes part in or is invited to, and those of these numbers, by name, five hundred at most."""
        mine = sa.select(members.c.project_id).where(members.c.user_id == user_id)
        wanted = projects.c.project_id.in_(mine) | projects.c.project_id.in_(also)
        asked = sa.select(projects).where(wanted).order_by(projects.c.name, projects.c.project_id).limit(_MOST)
        with self._database.transaction() as connection:
            rows = connection.execute(asked).mappings().all()
            return [_with_members(connection, row) for row in rows]

    def named(self, name: str, user_id: str) -> Project:
        """One that this user takes part in, by its number or name: of those of a name their own. Missing where there is none, Conflict where several others' have that name."""
        mine = [each for each in self.of(user_id) if user_id in each.members and name in (each.name, each.project_id)]
        found = [each for each in mine if each.project_id == name or each.made_by == user_id] or mine
        if not found:
            raise Missing(f"There is no project {name[:64]!r} that you take part in.")
        if len(found) > 1:
            raise Conflict(f"You take part in several projects of the name {name[:64]!r}: say its number instead.")
        return found[0]

    def share(self, one: str, other: str) -> bool:
        """Whether two people take part in one project."""
        joined = sa.select(members.c.project_id).where(members.c.joined)
        of_one, of_other = (joined.where(members.c.user_id == each) for each in (one, other))
        with self._database.transaction() as connection:
            return connection.execute(of_one.where(members.c.project_id.in_(of_other)).limit(1)).first() is not None


def _is(project_id: str, user_id: str) -> sa.ColumnElement[bool]:
    return (members.c.project_id == project_id) & (members.c.user_id == user_id)


def _seen(connection: sa.Connection, project_id: str, user_id: str) -> Project:
    """A project, where this user takes part in it or is invited to it. Missing otherwise: others' don't exist to one."""
    row = connection.execute(sa.select(projects).where(projects.c.project_id == project_id)).mappings().first()
    found = _with_members(connection, row) if row is not None else None
    if found is None or user_id not in (*found.members, *found.invited):
        raise Missing(f"There is no project {project_id[:64]}.")
    return found


def _with_members(connection: sa.Connection, row: Any) -> Project:
    those = sa.select(members.c.user_id, members.c.joined).where(members.c.project_id == row["project_id"])
    found = connection.execute(those.order_by(members.c.user_id)).all()
    joined = tuple(user_id for user_id, joined in found if joined)
    return Project(**row, members=joined, invited=tuple(user_id for user_id, joined in found if not joined))
