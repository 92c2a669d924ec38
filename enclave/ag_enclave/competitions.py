"""Competitions: predictions of labels that stay hidden, their rules, and the scores so far. Two tables of the gateway's database.

Knows public rules and released scores, never a label: labels are a private table on a shelf of their own, which no analyst's session opens.
"""

import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
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
    sa.Column("final", sa.Float),
    sa.Column("final_half_width", sa.Float),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Competition:
    """A competition: its public rules, and which rows count for the board, which nobody is told."""

    rules: Rules
    scored: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One scored submission: on the rows of the board, and on the others, which nobody is told before the competition has closed.

    Half-widths are of 95 % intervals. ``final`` is None where no other rows are, or where they were not scored.
    """

    number: int
    analyst: str
    at: datetime
    score: float
    half_width: float
    final: float | None = None
    final_half_width: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A released score of some rows, with the half-width of its 95 % interval."""

    score: float
    half_width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A submission's score on the rows that count on the board, and on the others (None: there are none); what both cost together."""

    board: Part
    final: Part | None
    cost: dict[str, Any]
    repeated: bool


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

    def record(self, name: str, analyst: str, at: datetime, score: Score) -> Submission:
        """Keep a score; the submission with its number. The log has what the board shows, and no more."""
        board, final = score.board, score.final
        row = {
            "competition": name, "analyst": analyst, "at": at.astimezone(UTC).isoformat(),
            "score": board.score, "half_width": board.half_width,
            "final": final and final.score, "final_half_width": final and final.half_width,
        }  # fmt: skip
        with self._database.transaction() as connection:
            done = connection.execute(sa.insert(submissions).values(row))
            deeds.note(connection, analyst, "competition.submit", name, {"score": board.score})
        return _submission({**row, "number": (done.inserted_primary_key or (0,))[0]})

    def submitted(self, name: str, analyst: str | None = None) -> list[Submission]:
        """All submissions of a competition, or an analyst's, oldest first."""
        whose = sa.true() if analyst is None else submissions.c.analyst == analyst
        wanted = sa.select(submissions).where(submissions.c.competition == name, whose).order_by(submissions.c.number)
        with self._database.transaction() as connection:
            rows = connection.execute(wanted).mappings().all()
        return [_submission(dict(row)) for row in rows]


def board(rules: Rules, submitted: Sequence[Submission]) -> list[dict[str, Any]]:
    """Each analyst's best score, best first; of equal ones the earlier."""
    best = _best(rules, submitted)
    counts = Counter(each.analyst for each in submitted)
    ranked = sorted(best.values(), key=lambda each: (_sign(rules) * each.score, each.number))
    return [
        {
            "rank": rank, "analyst": each.analyst, "score": each.score, "half_width": each.half_width,
            "submissions": counts[each.analyst], "at": each.at.isoformat(),
        }
        for rank, each in enumerate(ranked, 1)
    ]  # fmt: skip


def final_board(rules: Rules, submitted: Sequence[Submission]) -> list[dict[str, Any]]:
    """Each analyst's best submission of the board, by its score on the rows that the board left out; where it left out none, by the board's."""
    best = _best(rules, [each for each in submitted if each.final is not None] or submitted)
    scored = [
        (each, each.score, each.half_width)
        if each.final is None or each.final_half_width is None
        else (each, each.final, each.final_half_width)
        for each in best.values()
    ]
    ranked = sorted(scored, key=lambda known: (_sign(rules) * known[1], known[0].number))
    return [
        {
            "rank": rank, "analyst": each.analyst, "score": score, "half_width": half_width, "board_score": each.score,
            "board_half_width": each.half_width, "submission": each.number, "at": each.at.isoformat(),
        }
        for rank, (each, score, half_width) in enumerate(ranked, 1)
    ]  # fmt: skip


def _best(rules: Rules, submitted: Sequence[Submission]) -> dict[str, Submission]:
    """By analyst, in the order of their first submissions."""
    best: dict[str, Submission] = {}
    for each in submitted:
        known = best.get(each.analyst)
        if known is None or _sign(rules) * each.score < _sign(rules) * known.score:
            best[each.analyst] = each
    return best


def _sign(rules: Rules) -> float:
    return 1.0 if rules.lower_is_better else -1.0


def _competition(row: sa.RowMapping) -> Competition:
    return Competition(rules=read_rules(json.loads(row["rules"])), scored=json.loads(row["scored"]))


def _submission(row: Mapping[str, Any]) -> Submission:
    return Submission(
        number=row["number"],
        analyst=row["analyst"],
        at=datetime.fromisoformat(row["at"]),
        score=float(row["score"]),
        half_width=float(row["half_width"]),
        final=row["final"],
        final_half_width=row["final_half_width"],
    )
