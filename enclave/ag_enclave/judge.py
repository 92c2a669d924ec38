"""Scores a submission: a question to the vault like any other, asked in a session of the judge's own that nobody else can find.

Knows the words of a cell, and neither plan nor row. The labels are the session's one data set; predictions are public values in the plan, joined
to the labels by the number of their row. The answer is charged to whoever submits, on the labels' data set.
"""

import asyncio
import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ag_enclave.bridge.message import Incoming
from ag_enclave.catalog import Catalog
from ag_enclave.competitions import Competition
from ag_enclave.errors import Refusal
from ag_enclave.rules import Value
from ag_enclave.session.session import Session
from ag_enclave.session.sessions import Sessions

_SECONDS = 120.0
_KERNEL = "antigranular"
_CELL = """
import json

task = json.loads({task!r})
labels = load_dataset(task["dataset"])
column = labels[task["column"]]
predicted = labels["row"].map({{row: value for row, value in task["predicted"]}})
if task["metric"] == "accuracy":
    released = labels[column == predicted]["row"].count(eps=task["epsilon"])
else:
    released = (column - predicted).abs().clip(0, task["largest"]).sum(eps=task["epsilon"])
known = released.ag
print(json.dumps({{"value": float(released), "half_width": float(known.half_widths), "cost": known.cost, "repeated": known.repeated}}))
"""
"""Rows that don't count for the board are not in the table of predictions: there a prediction is null, which equals no label and adds nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A released score with the half-width of its 95 % interval, and what it cost."""

    score: float
    half_width: float
    cost: dict[str, Any]
    repeated: bool


class Judge:
    """One submission of a competition at a time; others wait their turn."""

    def __init__(self, sessions: Sessions, shelf: Catalog) -> None:
        self._sessions = sessions
        self._shelf = shelf
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def turn(self, name: str) -> asyncio.Lock:
        """Held while rules are looked at, a submission is scored and kept."""
        return self._turns[name]

    async def score(self, competition: Competition, predictions: Sequence[Value], analyst: str) -> Score:
        """Ask the vault. Refusal with the vault's own sentence where it refuses, for instance beyond the budget."""
        rules = competition.rules
        labels = self._shelf.named(rules.labels)
        session = await self._sessions.open(
            analyst=f"judge of {rules.name}", payer=analyst, kernel_name=_KERNEL, dataset=labels.name,
            datasets={labels.name: labels.folder},
        )  # fmt: skip
        try:
            async with asyncio.timeout(_SECONDS):
                said = json.loads(await run(session, cell_of(competition, predictions)))
        except TimeoutError as problem:
            raise Refusal(503, "The submission could not be scored in time; try again later.") from problem
        finally:
            await self._sessions.close(session, "the submission is scored")
        count = len(competition.scored)
        value = (
            min(max(said["value"] / count, 0.0), 1.0) if rules.metric == "accuracy" else max(said["value"] / count, 0.0)
        )
        return Score(score=value, half_width=said["half_width"] / count, cost=said["cost"], repeated=said["repeated"])


def cell_of(competition: Competition, predictions: Sequence[Value]) -> str:
    """The judge's question in a cell. What an analyst chose is in it as one quoted text, which is read as JSON."""
    rules, label = competition.rules, competition.rules.label
    largest = label.upper - label.lower if label.upper is not None and label.lower is not None else 0
    task = {
        "dataset": rules.labels, "column": label.column, "metric": rules.metric, "epsilon": rules.epsilon,
        "largest": largest, "predicted": [[row, predictions[row]] for row in competition.scored],
    }  # fmt: skip
    return _CELL.format(task=json.dumps(task))


async def run(session: Session, source: str) -> str:
    """What a cell prints. Refusal 409 with the sentence of its error, 503 where the session is lost."""
    reader = session.attach("judge", None)
    asked = {"msg_id": uuid.uuid4().hex, "session": "judge", "msg_type": "execute_request"}
    content = {"code": source, "silent": False}
    await session.submit(Incoming(channel="shell", header=asked, parent_header={}, content=content, buffers=()))
    printed = ""
    while (found := await session.ring.next(reader)) is not None:
        _, said = found
        session.ring.taken(reader, said)
        message = said.message
        kind = message.header["msg_type"]
        if message.parent_header.get("msg_id") != asked["msg_id"]:
            continue
        if kind == "stream" and message.content["name"] == "stdout":
            printed += message.content["text"]
        elif kind == "error":
            raise Refusal(409, f"The submission was not scored: {message.content['evalue']}")
        elif kind == "execute_reply":
            return printed
    raise Refusal(503, "The submission could not be scored: its session ended.")
