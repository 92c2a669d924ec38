"""Predictions that a running cell submits: one submission at a time, scored as the notebook's own are, answered to the kernel alone.

The kernel is hostile here: what it sends are values of the bridge's checking, what it is told is what its analyst would be told. Knows no rules.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from ag_enclave.bridge import replies, wire_v1
from ag_enclave.bridge.frames import frame
from ag_enclave.bridge.message import Message
from ag_enclave.errors import Refusal
from ag_enclave.session.subject import Subject

Score = Callable[[str, list[Any], str], Awaitable[dict[str, Any]]]
"""Competition, predictions, analyst → what whoever submits is told. Raises Refusal."""
_NONE = "this session belongs to no competition; ag.login(..., competition=NAME) begins one"
_BUSY = "A submission of this session is being scored; wait for it."
_IDLE = "Only a running cell submits."
_log = structlog.get_logger(__name__)


async def nobody(competition: str, predictions: list[Any], analyst: str) -> dict[str, Any]:
    """Where there is nothing that scores. Refusal 503."""
    del competition, predictions, analyst
    raise Refusal(503, "This enclave scores no submissions.")


class Entry:
    """One session's submissions from its cells."""

    def __init__(self, subject: Subject, score: Score) -> None:
        self._subject = subject
        self._score = score
        self._scoring: asyncio.Task[None] | None = None

    def hand_in(self, asked: dict[str, Any], tell: Callable[[bytes], bool], *, runs: bool) -> None:
        """Have it scored and ``tell`` the kernel; refused where no cell ``runs``, and while another one is being scored."""
        if not runs or self._scoring is not None:
            tell(_answer(asked, _refused(_BUSY if runs else _IDLE)))
            return
        self._scoring = asyncio.create_task(self._take(asked, tell))

    async def _take(self, asked: dict[str, Any], tell: Callable[[bytes], bool]) -> None:
        """Goes on to its end also where the session ends meanwhile: what was charged is recorded."""
        try:
            outcome = await self._outcome(asked["predictions"])
        finally:
            self._scoring = None
        tell(_answer(asked, outcome))

    async def _outcome(self, predictions: list[Any]) -> dict[str, Any]:
        if self._subject.competition is None:
            return _refused(_NONE)
        try:
            scored = await self._score(self._subject.competition, predictions, self._subject.analyst)
        except Refusal as refusal:
            return _refused(refusal.message)
        except Exception:  # noqa: BLE001 - the cell waits for an answer, and is told no more than any client
            _log.exception("a submission could not be scored", session=self._subject.session_id)
            return _refused("Something went wrong in the enclave; its operator finds it in the log.")
        return {"status": "ok", "scored": scored}


def _refused(sentence: str) -> dict[str, Any]:
    return {"status": "error", "evalue": sentence}


def _answer(asked: dict[str, Any], outcome: dict[str, Any]) -> bytes:
    content = {**outcome, "number": asked["number"]}
    return frame(
        wire_v1.encode(Message(channel="stdin", header=replies.header(msg_type="submit_reply"), content=content))
    )
