"""``ag-enclave user``: accounts, also while the enclave serves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ag_enclave.commands.options import by, known_state, new_state, state_option
from ag_enclave.roles import ROLES
from ag_enclave.state import State

if TYPE_CHECKING:
    from ag_enclave.accounts import Account, Accounts


@click.group(short_help="Add, list, disable and enable accounts.")
def user() -> None:
    """Add, list, disable and enable accounts, rotate their secrets, change their role."""


def standing(account: "Account") -> str:
    """An account's state in one word, or three."""
    if account.disabled:
        return "disabled"
    return "one-time secret" if account.one_time else "active"


@contextmanager
def _accounts(state: State) -> Iterator["Accounts"]:
    from ag_enclave.migrate import open_accounts
    from ag_enclave.place import accounts_at

    opened = open_accounts(accounts_at(state))
    try:
        yield opened
    finally:
        opened.close()


@user.command()
@click.argument("user_id")
@click.option("--role", type=click.Choice(ROLES), required=True)
@state_option
def add(user_id: str, role: str, state_path: Path) -> None:
    """Add an account and show its secret, this once."""
    from ag_enclave.secrets import hash_secret, new_secret

    secret = new_secret()
    with _accounts(new_state(state_path)) as accounts:
        accounts.add(user_id, role, hash_secret(secret), by=by())
    click.echo(secret)


@user.command("list")
@state_option
def list_users(state_path: Path) -> None:
    """List the accounts."""
    with _accounts(known_state(state_path)) as accounts:
        for account in accounts.everyone():
            click.echo(f"{account.user_id}\t{account.role}\t{standing(account)}")


@user.command()
@click.argument("user_id")
@state_option
def disable(user_id: str, state_path: Path) -> None:
    """Refuse an account from now on; its tokens are void at once."""
    with _accounts(known_state(state_path)) as accounts:
        accounts.disable(user_id, by=by())


@user.command()
@click.argument("user_id")
@state_option
def enable(user_id: str, state_path: Path) -> None:
    """Let an account in again, with the secret it had."""
    with _accounts(known_state(state_path)) as accounts:
        accounts.enable(user_id, by=by())


@user.command()
@click.argument("user_id")
@click.argument("new_role", type=click.Choice(ROLES), metavar="ROLE")
@state_option
def role(user_id: str, new_role: str, state_path: Path) -> None:
    """Give an account another role; its tokens are void at once."""
    with _accounts(known_state(state_path)) as accounts:
        accounts.change_role(user_id, new_role, by=by())


@user.command(short_help="Give an account a new secret, shown this once.")
@click.argument("user_id")
@state_option
def rotate(user_id: str, state_path: Path) -> None:
    """Give an account a new secret and show it, this once; old tokens are void at once."""
    from ag_enclave.secrets import hash_secret, new_secret

    secret = new_secret()
    with _accounts(known_state(state_path)) as accounts:
        accounts.rotate(user_id, hash_secret(secret), by=by())
    click.echo(secret)
