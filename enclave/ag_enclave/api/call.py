"""One request to an endpoint: who asks, with what, of which gateway. Inert."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ag_enclave.accounts import Account
from ag_enclave.gateway import Gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request whose caller is known. ``whose``: the analyst whose sessions it may see, None for everybody's."""

    request: Request
    gateway: Gateway
    account: Account

    @property
    def whose(self) -> str | None:
        """Operators see everybody's sessions, everybody else their own."""
        return None if self.account.role == "operator" else self.account.user_id

    async def held(self) -> frozenset[str] | None:
        """The names of the data sets that are an owner's own; None for the other roles, which have none."""
        if self.account.role != "owner":
            return None
        return await asyncio.to_thread(self.gateway.ownership.held, self.account.user_id)


Endpoint = Callable[[Call], Awaitable[Response]]
PublicEndpoint = Callable[[Request, Gateway], Awaitable[Response]]
