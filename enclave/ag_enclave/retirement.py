"""Ends the sessions that have a data set which was retired, also where the command line did it. Knows catalogue and sessions."""

import asyncio

import structlog

from ag_enclave.catalog import Catalog
from ag_enclave.session.sessions import Sessions

_LOOK_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class Retirement:
    """Looks, and acts."""

    def __init__(self, catalog: Catalog, sessions: Sessions) -> None:
        self._catalog = catalog
        self._sessions = sessions

    async def watch(self) -> None:
        """Look and act, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self.look()
            except Exception:  # noqa: BLE001 - the next look must come all the same
                _log.exception("retired data sets could not be looked for")

    async def look(self) -> None:
        """End whatever session has a retired data set."""
        sessions = self._sessions.of(None)
        if not sessions:
            return
        everything = await asyncio.to_thread(self._catalog.everything, retired=True)
        retired = {dataset.name for dataset in everything if dataset.retired is not None}
        for session in sessions:
            gone = sorted(retired & set(session.subject.datasets))
            if gone:
                await self._sessions.close(session, f"the data set {gone[0]} was retired")
