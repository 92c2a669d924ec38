"""Competitions: predictions of labels that stay hidden, their rules, and the scores so far. Two tables of the gateway's database.

Knows public rules and released scores, never a label: labels are a private table on a shelf of their own, which no analyst's session opens.
"""

import json
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from ag_enclave import deeds
from ag_enclave.database import Database, metadata
from ag_enclave.errors import Conflict, Missing
from ag_enclave.rules import Rules, read_rules

competitions = sa.Table(
    "competitions",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("rules", sa.Text, nullable=False),
    sa.Column("scored", sa.Text, nullable=False),
)
submissions = sa.Table(
    "submissions",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("competition", sa.String(64), sa.ForeignKey("competitions.name"), nullable=False, index=True),
    sa.Column("analyst", sa.String(80), nullable=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("half_width", sa.Float, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Competition:
    """A competition: its public rules, and which rows count for the board, which nobody is told."""

    rules: Rules
    scored: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One scored submission. ``half_width`` is of the score's 95 % interval."""

    number: int
    analyst: str
    at: datetime
    score: float
    half_width: float


class Competitions:
    """The tables. Every method is one short transaction; call it off the event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, rules: Rules, *, by: str) -> None:
        """Register a competition; which rows count for the board is drawn here. Conflict where the name is taken."""
        count = max(1, round(rules.rows * rules.public_share))
        scored = sorted(secrets.SystemRandom().sample(range(rules.rows), count))
        row = {"name": rules.name, "rules": rules.as_json(), "scored": json.dumps(scored)}
        try:
            with self._database.transaction() as connection:
                connection.execute(sa.insert(competitions).values(row))
                deeds.note(connection, by, "competition.add", rules.name, {"dataset": rules.dataset})
        except IntegrityError as problem:
            raise Conflict(f"There is already a competition {rules.name}.") from problem

    def check_free(self, name: str) -> None:
        """Conflict where there is a competition of this name."""
        if any(each.rules.name == name for each in self.everything()):
            raise Conflict(f"There is already a competition {name}.")

    def everything(self) -> list[Competition]:
        """All competitions, by name."""
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(competitions).order_by(competitions.c.name)).mappings().all()
        return [_competition(row) for row in rows]

    def named(self, name: str) -> Competition:
        """The competition of this name. Missing, with the names there are."""
        everything = self.everything()
        for each in everything:
            if each.rules.name == name:
                return each
        names = ", ".join(each.rules.name for each in everything) or "none"
        raise Missing(f"There is no competition {name[:64]!r}; available: {names}.")

    def record(self, name: str, analyst: str, at: datetime, score: float, half_width: float) -> Submission:
        """Keep a score; the submission with its number."""
        row = {"competition": name, "analyst": analyst, "at": at.astimezone(UTC).isoformat(), "score": score}
        with self._database.transaction() as connection:
            done = connection.execute(sa.insert(submissions).values(**row, half_width=half_width))
            deeds.note(connection, analyst, "competition.submit", name, {"score": score})
        number = (done.inserted_primary_key or (0,))[0]
        return Submission(number=number, analyst=analyst, at=at, score=score, half_width=half_width)

    def submitted(self, name: str) -> list[Submission]:
        """All submissions of a competition, oldest first."""
        wanted = sa.select(submissions).where(submissions.c.competition == name).order_by(submissions.c.number)
        with self._database.transaction() as connection:
            rows = connection.execute(wanted).mappings().all()
        return [_submission(row) for row in rows]


def board(rules: Rules, submitted: Sequence[Submission]) -> list[dict[str, Any]]:
    """Each analyst's best score, best first; of equal ones the earlier."""
    sign = 1.0 if rules.lower_is_better else -1.0
    best: dict[str, Submission] = {}
    counts: dict[str, int] = {}
    for each in submitted:
        counts[each.analyst] = counts.get(each.analyst, 0) + 1
        known = best.get(each.analyst)
        if known is None or sign * each.score < sign * known.score:
            best[each.analyst] = each
    ranked = sorted(best.values(), key=lambda each: (sign * each.score, each.number))
    return [
        {
            "rank": rank, "analyst": each.analyst, "score": each.score, "half_width": each.half_width,
            "submissions": counts[each.analyst], "at": each.at.isoformat(),
        }
        for rank, each in enumerate(ranked, 1)
    ]  # fmt: skip


def _competition(row: sa.RowMapping) -> Competition:
    return Competition(rules=read_rules(json.loads(row["rules"])), scored=json.loads(row["scored"]))


def _submission(row: sa.RowMapping) -> Submission:
    at, half_width = datetime.fromisoformat(row["at"]), float(row["half_width"])
    known = half_width if math.isfinite(half_width) else math.inf
    return Submission(number=row["number"], analyst=row["analyst"], at=at, score=float(row["score"]), half_width=known)
