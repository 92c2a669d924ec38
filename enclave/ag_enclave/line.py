"""Logins under way: those of one name from one address come one after the other, and not too many may wait, so that guessing side by side isn't faster.

Knows names and addresses while they wait, and no secret.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ag_enclave.errors import Refusal

_PER_ADDRESS, _ALL = 64, 512
"""A whole class may log in at once from behind one address: each takes some tens of milliseconds, two at a time."""


class Line:
    """Who waits. Refusal 429 where an address has too many in it, 503 where all together are too many."""

    def __init__(self, *, per_address: int = _PER_ADDRESS, everyone: int = _ALL) -> None:
        self._per_address = per_address
        self._everyone = everyone
        self._turns: dict[tuple[str, str], asyncio.Lock] = {}
        self._waiting: Counter[tuple[str, str]] = Counter()
        self._addresses: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, key: tuple[str, str]) -> AsyncIterator[None]:
        """The turn of this name and address, once those before it are done."""
        address = key[1]
        if self._addresses[address] >= self._per_address:
            raise Refusal(429, "Too many logins at once from this address; try again in a moment.")
        if self._addresses.total() >= self._everyone:
            raise Refusal(503, "Too many logins at once; try again in a moment.")
        turn = self._turns.setdefault(key, asyncio.Lock())
        self._waiting[key] += 1
        self._addresses[address] += 1
        try:
            async with turn:
                yield
        finally:
            self._leave(key)

    def _leave(self, key: tuple[str, str]) -> None:
        """Nothing is kept of who has left."""
        self._waiting[key] -= 1
        self._addresses[key[1]] -= 1
        if not self._waiting[key]:
            del self._waiting[key], self._turns[key]
        if not self._addresses[key[1]]:
            del self._addresses[key[1]]
