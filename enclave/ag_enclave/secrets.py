"""Account secrets: made at random, kept as argon2 hashes, compared off the event loop.

Never chooses a default, never logs, never returns a stored secret.
"""

import asyncio
import secrets

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

_VERIFIERS_AT_ONCE = 2  # each takes 64 MiB and a core for some tens of milliseconds


def new_secret() -> str:
    """A random secret of 256 bits, in URL-safe letters."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """The argon2id hash to store."""
    return argon2.PasswordHasher().hash(secret)


class Verifier:
    """Compares secrets with their hashes in threads, a few at a time, at the same cost for unknown accounts."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(_VERIFIERS_AT_ONCE)
        self._hasher = argon2.PasswordHasher()
        self._nobody = hash_secret(new_secret())

    async def matches(self, secret: str, stored: str | None) -> bool:
        """Whether ``secret`` made ``stored``; with None the same time passes and the answer is no."""
        async with self._turn:
            return await asyncio.to_thread(self._matches, secret, stored)

    async def hash(self, secret: str) -> str:
        """The argon2id hash to store, made in turn with the comparisons."""
        async with self._turn:
            return await asyncio.to_thread(hash_secret, secret)

    def _matches(self, secret: str, stored: str | None) -> bool:
        try:
            return self._hasher.verify(stored or self._nobody, secret) and stored is not None
        except (VerificationError, InvalidHashError):
            return False
