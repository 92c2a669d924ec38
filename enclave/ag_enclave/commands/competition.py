"""``ag-enclave competition``: register a competition on a data set, and list what there is."""

import tempfile
from pathlib import Path
from typing import Any

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
    import yaml

    from ag_enclave.catalog import Catalog
    from ag_enclave.commands.dataset import coercions
    from ag_enclave.competitions import Competitions
    from ag_enclave.errors import BadData, Refusal
    from ag_enclave.loader import Load, register
    from ag_enclave.migrate import open_accounts
    from ag_enclave.rules import metadata_of, read_rules

    state = known_state(state_path)
    rules = read_rules({"name": name, **_mapping(metadata)})
    try:
        Catalog(state.folder("datasets")).named(rules.dataset)
    except Refusal as refusal:
        raise BadData(refusal.message) from refusal
    accounts = open_accounts(state.accounts)
    try:
        competitions = Competitions(accounts.database)
        competitions.check_free(rules.name)
        with tempfile.TemporaryDirectory() as folder:
            written = Path(folder) / "labels.yaml"
            written.write_text(yaml.safe_dump(metadata_of(rules)))
            load = Load(name=rules.labels, metadata=written, tables={"labels": labels})
            report = register(load, state, lambda _share, _what: None, shelf="competitions")
        competitions.add(rules, by=by())
    finally:
        accounts.close()
    click.echo(coercions(report))


@competition.command("list")
@state_option
def list_competitions(state_path: Path) -> None:
    """List the competitions."""
    from ag_enclave.competitions import Competitions
    from ag_enclave.migrate import open_accounts

    accounts = open_accounts(known_state(state_path).accounts)
    try:
        for each in Competitions(accounts.database).everything():
            rules = each.rules
            click.echo(f"{rules.name}\ton {rules.dataset}\t{rules.metric}\t{rules.opens} to {rules.closes}")
    finally:
        accounts.close()


def _mapping(path: Path) -> dict[str, Any]:
    """The YAML file's one object. BadData where it isn't."""
    import yaml

    from ag_enclave.errors import BadData

    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise BadData(f"The rules in {path} can't be read: {problem}.") from problem
    if not isinstance(given, dict):
        raise BadData(f"The rules in {path} are not a mapping.")
    return given
