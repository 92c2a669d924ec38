"""An owner's decisions about requests for budget: taken once, told to the analyst's sessions, and logged. REST and the console both come here.

Knows requests, budgets and the clerk; no HTTP.
"""

import asyncio
from dataclasses import dataclass
from typing import Annotated

import msgspec

from ag_enclave.budgets import Budgets, check_words
from ag_enclave.clerk import Clerk
from ag_enclave.errors import Conflict, Refusal
from ag_enclave.ownership import Ownership
from ag_enclave.requests import ACCEPTED, ACCEPTING, BudgetRequest, Requests
from ag_enclave.session.sessions import Sessions

Epsilon = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,9})?\Z")]
Reason = Annotated[str, msgspec.Meta(max_length=1000)]


class Acceptance(msgspec.Struct, forbid_unknown_fields=True):
    """How much an owner gives: what was asked for, where it isn't said."""

    epsilon: Epsilon | None = None
    reason: Reason = ""


class Denial(msgspec.Struct, forbid_unknown_fields=True):
    """Why an owner doesn't."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What they are about, and who hears of them."""

    requests: Requests
    budgets: Budgets
    ownership: Ownership
    clerk: Clerk
    sessions: Sessions

    async def accept(self, request_id: str, by: str, wanted: Acceptance) -> BudgetRequest:
        """Raise the analyst's cap, once, however often this is asked. Conflict where it was decided otherwise, Missing where it isn't this owner's to decide."""
        check_words(wanted.reason)
        async with self.budgets.turn:  # two raises of one cap must not both start from the same number
            found = await self._find(request_id, by)
            decided = found.state in (ACCEPTING, ACCEPTED)
            granted = wanted.epsilon or (found.granted if decided else found.epsilon)
            if decided and granted != found.granted:
                raise Conflict(f"This request was accepted already, with ε {found.granted}, by {found.decided_by}.")
            if not float(granted) > 0:
                raise Refusal(400, "epsilon must be above 0.")
            if found.state != ACCEPTED:
                await self._raise(found, by, granted, wanted.reason)
                found = await asyncio.to_thread(self.requests.settle, found.request_id)
                self._tell(found)
        return found

    async def deny(self, request_id: str, by: str, wanted: Denial) -> BudgetRequest:
        """Say no, and why. Conflict where it was accepted or withdrawn."""
        check_words(wanted.reason)
        async with self.budgets.turn:
            before = await self._find(request_id, by)
            found = await asyncio.to_thread(self.requests.deny, request_id, by=by, answer=wanted.reason)
        if before.state != found.state:
            self._tell(found)
        return found

    async def _find(self, request_id: str, by: str) -> BudgetRequest:
        """The request, where the data set is this owner's at this moment. Missing otherwise. In the turn, so that it stays theirs until it is decided."""
        held = await asyncio.to_thread(self.ownership.held, by)
        return await asyncio.to_thread(self.requests.find, request_id, None, datasets=held)

    async def _raise(self, found: BudgetRequest, by: str, granted: str, answer: str) -> None:
        cap, delta = await self.budgets.raised(found.dataset, found.analyst, granted)
        fixed = await asyncio.to_thread(
            self.requests.accept, found.request_id, by=by, granted=granted, cap=cap, answer=answer
        )
        why = f"request {found.request_id}" + (f": {fixed.answer[:900]}" if fixed.answer else "")
        await self.clerk.set_cap(
            actor=by,
            kind="analyst",
            dataset=fixed.dataset,
            who=fixed.analyst,
            epsilon=fixed.cap,
            delta=delta,
            reason=why,
        )

    def _tell(self, found: BudgetRequest) -> None:
        """The analyst's sessions say it at once."""
        given = f" with ε {found.granted}" if found.state == ACCEPTED else ""
        words = f": {found.answer}" if found.answer else "."
        sentence = f"Your request for ε {found.epsilon} more on {found.dataset} was {found.state}{given}{words}"
        for session in self.sessions.of(found.analyst):
            session.say(sentence)
