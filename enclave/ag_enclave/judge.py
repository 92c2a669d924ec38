"""Scores a submission, and reads the labels' budget: questions to the vault like any other, in sessions of the judge's own that nobody else can find.

Knows the words of a cell, and neither plan nor row. The labels are the session's one data set; predictions are public values in the plan, joined
to the labels by the number of their row. The answer is charged to whoever submits, on the labels' data set.
"""

import asyncio
import contextlib
import json
import math
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any

from ag_enclave.bridge.message import Incoming
from ag_enclave.catalog import Catalog
from ag_enclave.competitions import Competition, Part, Score
from ag_enclave.errors import Refusal, SessionLost
from ag_enclave.rules import Rules, Value
from ag_enclave.session.session import Session
from ag_enclave.session.sessions import Sessions

_SECONDS = 120.0
_KERNEL = "antigranular"
_CELL = """
import json
import pandas

task = json.loads({task!r})
told = pandas.DataFrame({{"row": range(len(task["predicted"])), "predicted value": task["predicted"], "on board": task["board"]}})
labels = load_dataset(task["dataset"]).merge(told, on="row")
if task["metric"] == "accuracy":
    counted = labels[labels[task["column"]] == labels["predicted value"]]
    halves = counted.groupby("on board")["row"].count(eps=task["epsilon"])
else:
    error = (labels[task["column"]] - labels["predicted value"]).abs().clip(0, task["largest"])
    halves = error.to_frame().groupby(labels["on board"]).sum(eps=task["epsilon"])
known = halves.ag
released = dict(zip(map(bool, halves.index), zip(halves.iloc[:, 0].tolist(), known.half_widths.iloc[:, 0].tolist())))
print(json.dumps({{"board": released[True], "others": released.get(False), "cost": known.cost, "repeated": known.repeated}}))
"""
"""The rows that count on the board and the others are two groups, so that one ε buys the score of both. All predictions are in the plan, as a public
table: which of them count there shows in no price, no stored answer and no refusal, and in the score only through its noise."""


class Judge:
    """One submission of a competition at a time; others wait their turn."""

    def __init__(self, sessions: Sessions, shelf: Catalog) -> None:
        self._sessions = sessions
        self._shelf = shelf
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def turn(self, name: str) -> asyncio.Lock:
        """Held while rules are looked at, a submission is scored and kept, or the labels' budget read."""
        return self._turns[name]

    async def score(self, competition: Competition, predictions: Sequence[Value], analyst: str) -> Score:
        """Ask the vault. Refusal with the vault's own sentence where it refuses, for instance beyond the budget."""
        async with self._room(competition.rules, analyst) as session:
            said = json.loads(await run(session, cell_of(competition, predictions)))
        rules, scored = competition.rules, len(competition.scored)
        others = None if scored == rules.rows else _part(rules, rules.rows - scored, *said["others"])
        return Score(
            board=_part(rules, scored, *said["board"]), final=others, cost=said["cost"], repeated=said["repeated"]
        )

    async def balances(self, competition: Competition, analyst: str) -> dict[str, Any]:
        """What an analyst spent of the labels' budget and has left, as a session's own odometer says it. Refusal 503 where the vault is lost."""
        async with self._room(competition.rules, analyst) as session:
            return await session.ask_vault("odometer")

    @contextlib.asynccontextmanager
    async def _room(self, rules: Rules, analyst: str) -> AsyncIterator[Session]:
        """A session over the labels alone, charged to the analyst, for one question."""
        labels = self._shelf.named(rules.labels)
        session = await self._sessions.open(
            analyst=f"judge of {rules.name}", payer=analyst, kernel_name=_KERNEL, dataset=labels.name,
            datasets={labels.name: labels.folder},
        )  # fmt: skip
        try:
            async with asyncio.timeout(_SECONDS):
                yield session
        except TimeoutError as problem:
            raise Refusal(503, "The submission could not be scored in time; try again later.") from problem
        except SessionLost as problem:
            raise Refusal(503, str(problem)) from problem
        finally:
            await self._sessions.close(session, "the judge is done")


def _part(rules: Rules, rows: int, value: float, half_width: float) -> Part:
    """The mean over so many rows, within what it can be."""
    best = 1.0 if rules.metric == "accuracy" else math.inf
    return Part(score=min(max(value / rows, 0.0), best), half_width=half_width / rows)


def cell_of(competition: Competition, predictions: Sequence[Value]) -> str:
    """The judge's question in a cell. What an analyst chose is in it as one quoted text, which is read as JSON."""
    rules, label, board = competition.rules, competition.rules.label, set(competition.scored)
    largest, predicted = 0.0, list(predictions)
    if rules.metric == "absolute_error" and label.lower is not None and label.upper is not None:
        # An error counts as the labels' span at most, so further away is no worse; and no difference overflows.
        largest = label.upper - label.lower
        low, high = label.lower - largest, label.upper + largest
        predicted = [min(max(float(value), low), high) for value in predictions]
    task = {
        "dataset": rules.labels, "column": label.column, "metric": rules.metric, "epsilon": rules.epsilon,
        "largest": largest, "predicted": predicted, "board": [row in board for row in range(rules.rows)],
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
