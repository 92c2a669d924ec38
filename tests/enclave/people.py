"""Accounts of tests, with secrets that cost little to compare: the enclave's own hashes take a quarter of a second each, on purpose.

What they cost is in question in the tests of logins alone, which use the command line. Knows accounts, and no running enclave.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import argon2

from ag_enclave.accounts import Accounts
from ag_enclave.commands.options import by, new_state
from ag_enclave.migrate import open_accounts
from ag_enclave.place import accounts_at
from ag_enclave.secrets import new_secret
from tests.enclave_server import Enclave

_HASHER = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def add_user(state: Path, user_id: str, role: str) -> dict[str, str]:
    """An account as the command line makes it, also beside a running enclave."""
    secret = new_secret()
    with _accounts(state) as accounts:
        accounts.add(user_id, role, _HASHER.hash(secret), by=by())
    return {"user_id": user_id, "user_secret": secret}


def cheapen(enclave: Enclave) -> None:
    """Store the secrets of the enclave's first accounts at less cost; they stay what they are."""
    with _accounts(enclave.state) as accounts:
        for account in enclave.accounts.values():
            accounts.rotate(account["user_id"], _HASHER.hash(account["user_secret"]), by=by())


@contextmanager
def _accounts(state: Path) -> Iterator[Accounts]:
    opened = open_accounts(accounts_at(new_state(state)))
    try:
        yield opened
    finally:
        opened.close()
