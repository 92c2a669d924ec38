"""``ag-enclave serve``: start the enclave."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ag_enclave.commands.options import config_from, new_state, state_option
from ag_enclave.config import Config
from ag_enclave.roles import ROLES
from ag_enclave.state import State, sole_enclave

if TYPE_CHECKING:
    from ag_enclave.accounts import Accounts

Credentials = dict[str, dict[str, str]]
DEMO, FIRST = "the demo's start", "the first start"
"""Whose deeds these are in the log."""


@click.command()
@click.option("--demo", is_flag=True, help="Serve the demo data, with a new account per role at each start.")
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="Settings; see examples/enclave.toml.")
@click.option("--host", help="The address to listen on, instead of the settings'.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port, instead of the settings'; 0: any free one.")
@click.option(
    "--ready-file", type=click.Path(path_type=Path), help="Written once requests are accepted: url, ca, accounts."
)
@state_option
def serve(
    *,
    demo: bool,
    config_path: Path | None,
    host: str | None,
    port: int | None,
    ready_file: Path | None,
    state_path: Path,
) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    from ag_enclave import logs
    from ag_enclave.migrate import open_accounts
    from ag_enclave.place import accounts_at, checked, settle
    from ag_enclave.serve import Start, run

    config = _with_address(config_from(config_path), host, port)
    state = new_state(state_path)
    with sole_enclave(state):
        logs.configure(state.folder("logs"))
        settle(state, checked(config.state.database_url))
        accounts = open_accounts(accounts_at(state))
        try:
            start = Start(
                config=config,
                state=state,
                accounts=accounts,
                ready_file=ready_file,
                credentials=_demo_accounts(accounts) if demo else _first_operator(accounts),
                prepare=_demo_data(state, accounts) if demo else _nothing,
                tell=lambda line: click.echo(line, err=True),
            )
            run(start)
        finally:
            accounts.close()


def _with_address(config: Config, host: str | None, port: int | None) -> Config:
    server = config.server
    if host is not None:
        server = dataclasses.replace(server, host=host)
    if port is not None:
        server = dataclasses.replace(server, port=port)
    return dataclasses.replace(config, server=server)


def _demo_accounts(accounts: "Accounts") -> Credentials:
    """One account per role, with secrets that live only as long as this start."""
    from ag_enclave.secrets import hash_secret, new_secret

    known = {account.user_id for account in accounts.everyone()}
    credentials: Credentials = {}
    for role in ROLES:
        user_id, secret = f"demo-{role}", new_secret()
        if user_id in known:
            accounts.rotate(user_id, hash_secret(secret), by=DEMO)
            accounts.enable(user_id, by=DEMO)
        else:
            accounts.add(user_id, role, hash_secret(secret), by=DEMO)
        credentials[role] = {"user_id": user_id, "user_secret": secret}
    return credentials


def _first_operator(accounts: "Accounts") -> Credentials:
    """At the very first start, an operator whose secret is shown once and good for one thing: its exchange for a real one."""
    from ag_enclave.secrets import hash_secret, new_secret

    if accounts.everyone():
        return {}
    secret = new_secret()
    accounts.add("operator", "operator", hash_secret(secret), by=FIRST, one_time=True)
    click.echo(
        f"First start: the operator's user id is 'operator' and the secret, shown this once, {secret}\n"
        "It opens nothing but its own exchange for a real one: run `antigranular secret` with it in AG_USER_SECRET.",
        err=True,
    )
    return {"operator": {"user_id": "operator", "user_secret": secret}}


def _demo_data(state: State, accounts: "Accounts") -> Callable[[], None]:
    from ag_enclave.competitions import Competitions
    from ag_enclave.demo.register import register_missing

    held = Competitions(accounts.database)
    return lambda: register_missing(state, held, lambda line: click.echo(line, err=True))


def _nothing() -> None:
    """Without the demo there is nothing to prepare."""
