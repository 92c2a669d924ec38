"""Whether a secret is an account's: slow for whoever guesses, and the same answer whether the name or the secret was wrong.

Knows accounts, hashes and the throttle; neither tokens nor pages.
"""

import asyncio
import math
from dataclasses import dataclass

import structlog

from ag_enclave.accounts import Account
from ag_enclave.errors import Refusal
from ag_enclave.gateway import Gateway

LONGEST = 256
"""Characters that a user id or a secret may have."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """Why nobody is let in, in a sentence; ``wait``: seconds until the next try counts, where there were too many."""

    why: str
    wait: float = 0.0


async def prove(gateway: Gateway, address: str, user_id: str, secret: str) -> Account | Unproven:
    """The account whose secret this is. Failures cost time, per name and address."""
    if not all(0 < len(word) <= LONGEST for word in (user_id, secret)):
        return Unproven(why="A user id and a secret are needed.")
    key = (user_id, address)
    try:
        async with gateway.line.turn(key):
            return await _prove(gateway, key, secret)
    except Refusal as crowded:
        return Unproven(why=crowded.message, wait=1.0)


async def _prove(gateway: Gateway, key: tuple[str, str], secret: str) -> Account | Unproven:
    user_id, address = key
    wait = gateway.throttle.wait_seconds(key)
    if wait:
        return Unproven(why=f"Too many failed logins; try again in {math.ceil(wait)} seconds.", wait=wait)
    account = await asyncio.to_thread(gateway.accounts.find, user_id)
    genuine = await gateway.verifier.matches(secret, account.secret_hash if account else None)
    if account is None or not genuine or account.disabled or account.issuer:
        await asyncio.to_thread(gateway.throttle.failed, key)
        # An unknown name isn't logged: people mistake the secret's field for the name's.
        _log.info("login failed", user_id=account.user_id if account else None, address=address)
        return Unproven(why="The user id or the secret is wrong.")
    await asyncio.to_thread(gateway.throttle.succeeded, key)
    return account
