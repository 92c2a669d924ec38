"""One at a time: whoever reads something to set it anew, in this process or another one on the same accounts (the command line, a second gateway).

Knows the database's turns, not what they are about.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import TypeVar

from ag_enclave.database import Database

Done = TypeVar("Done")
BUDGETS = 0x61676275
"""The turn of whoever raises or sets a cap, or says whose a data set is: a cap is set by who has it then."""


class Turn:
    """An asynchronous context. BadState where the database can't give it."""

    def __init__(self, database: Database, work: int) -> None:
        self._database = database
        self._work = work
        self._mine = asyncio.Lock()
        self._held = ExitStack()

    async def __aenter__(self) -> None:
        await self._mine.acquire()
        taking = asyncio.ensure_future(asyncio.to_thread(self._held.enter_context, self._database.turn(self._work)))
        try:
            await asyncio.shield(taking)
        except BaseException:
            taking.add_done_callback(self._give_up)  # the thread may get it later: nobody would give it back
            raise

    async def __aexit__(
        self, _kind: type[BaseException] | None, _problem: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._leave()

    async def given(self, work: Callable[[], Done]) -> Done:
        """What comes of work that takes the same turn itself and blocks: in a thread, and only one of this process's, however many wait for theirs."""
        async with self._mine:
            return await asyncio.to_thread(work)

    def _give_up(self, taking: "asyncio.Future[None]") -> None:
        if not taking.cancelled():
            taking.exception()  # whoever waited has heard of it
        self._leave()

    def _leave(self) -> None:
        self._held.close()
        self._mine.release()
