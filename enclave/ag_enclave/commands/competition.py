"""``ag-enclave competition``: register a competition on a data set, and list what there is."""

from pathlib import Path

import click

from ag_enclave.commands.options import by, known_state, state_option


@click.group()
def competition() -> None:
    """Register and list competitions."""


@competition.command()
@click.argument("name")
@click.option("--metadata", type=click.Path(path_type=Path), required=True, help="The rules, YAML.")
@click.option(
    "--labels", type=click.Path(path_type=Path), required=True, help="The hidden labels, Parquet or CSV: row and label."
)
@state_option
def add(name: str, metadata: Path, labels: Path, state_path: Path) -> None:
    """Register NAME: its rules, and the labels that stay hidden. Rows are numbered from 0, as in the test set."""
    from ag_enclave.commands.dataset import coercions
    from ag_enclave.competitions import Competitions
    from ag_enclave.labels import establish, read_file
    from ag_enclave.migrate import open_accounts
    from ag_enclave.place import accounts_at

    state = known_state(state_path)
    rules = read_file(name, metadata)
    accounts = open_accounts(accounts_at(state))
    try:
        report = establish(rules, labels, state, Competitions(accounts.database), by=by())
    finally:
        accounts.close()
    click.echo(coercions(report))


@competition.command("list")
@state_option
def list_competitions(state_path: Path) -> None:
    """List the competitions."""
    from ag_enclave.competitions import Competitions
    from ag_enclave.migrate import open_accounts
    from ag_enclave.place import accounts_at

    accounts = open_accounts(accounts_at(known_state(state_path)))
    try:
        for each in Competitions(accounts.database).everything():
            rules = each.rules
            click.echo(f"{rules.name}\ton {rules.dataset}\t{rules.metric}\t{rules.opens} to {rules.closes}")
    finally:
        accounts.close()
