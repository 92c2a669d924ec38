"""Whether those who are connected may still be: an account that is disabled loses its sessions, a replaced secret its connections.

Looks at the accounts every now and then; a token is checked where it is shown. Knows accounts and sessions, no tokens.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from ag_enclave.accounts import Account, Accounts
from ag_enclave.errors import BadState
from ag_enclave.session.sessions import Sessions

_LOOK_SECONDS = 1.0
_log = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True)
class Presence:
    """One connection of an account as it was when it connected. ``over`` is set once it must go."""

    account: Account
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Standing:
    """The connections there are, and their end."""

    def __init__(self, accounts: Accounts, sessions: Sessions) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._present: set[Presence] = set()

    def arrive(self, account: Account) -> Presence:
        """A connection begins; whoever holds it calls ``leave``."""
        presence = Presence(account)
        self._present.add(presence)
        return presence

    def leave(self, presence: Presence) -> None:
        """A connection is over."""
        self._present.discard(presence)

    async def watch(self) -> None:
        """Look and act, until cancelled. Accounts that can't be looked at just now are looked at the next time."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if not self._present and not self._sessions.of(None):
                continue
            try:
                await self._look()
            except BadState:
                _log.warning("the accounts can't be read; connections are not checked")
            except Exception:  # noqa: BLE001 - the next look must come all the same
                _log.exception("the accounts could not be checked")

    async def _look(self) -> None:
        everyone = await asyncio.to_thread(self._accounts.everyone)
        good = {account.user_id: account for account in everyone if not account.disabled}
        for presence in self._present:
            if not _same(presence.account, good):
                presence.over.set()
        for session in self._sessions.of(None):
            if session.subject.account not in good:
                await self._sessions.close(session, "its account was disabled")


def _same(account: Account, good: Mapping[str, Account]) -> bool:
    """Whether the account is still one, with the same secret and role."""
    now = good.get(account.user_id)
    return now is not None and (now.generation, now.role) == (account.generation, account.role)
