"""A submission from its predictions to its score: rules first, then the charge, then the record. One way in for notebooks and for cells.

Knows no request and no message; who submits is told to it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ag_enclave.competitions import Competition, Competitions, Score, Submission
from ag_enclave.judge import Judge
from ag_enclave.rules import check_window, checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """Scores what is submitted. ``now`` is the wall clock."""

    competitions: Competitions
    judge: Judge
    now: Callable[[], datetime]

    async def score(self, name: str, predictions: Any, analyst: str) -> dict[str, Any]:
        """What whoever submits is told.

        Refusal where there is no such competition, where predictions are late, too many or malformed, where the vault refuses, for
        instance beyond the budget: nothing was charged by then. Refusal 503 where the vault is lost.
        """
        competition = await asyncio.to_thread(self.competitions.named, name)
        rules = competition.rules
        async with self.judge.turn(rules.name):
            values = checked(rules, predictions)
            before = await asyncio.to_thread(self.competitions.submitted, rules.name, analyst)
            now = self.now()
            check_window(rules, now, [each.at for each in before])
            score = await self.judge.score(competition, values, analyst)
            kept = await asyncio.to_thread(self.competitions.record, rules.name, analyst, now, score)
        return {"score": {"leaderboard": kept.score, "logs": _logs(competition, kept, score)}}

    async def balances(self, name: str, analyst: str) -> dict[str, Any]:
        """What an analyst spent of the labels' budget and has left. Refusal where there is no such competition, or no room to ask."""
        competition = await asyncio.to_thread(self.competitions.named, name)
        async with self.judge.turn(name):  # so that a competition never has more than one session of the judge's
            return await self.judge.balances(competition, analyst)


def _logs(competition: Competition, kept: Submission, score: Score) -> dict[str, Any]:
    return {
        "submission": kept.number, "metric": competition.rules.metric, "half_width": kept.half_width,
        "cost": score.cost, "repeated": score.repeated, "scored_rows": len(competition.scored),
    }  # fmt: skip
