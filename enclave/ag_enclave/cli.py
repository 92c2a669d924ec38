"""``ag-enclave``: the command line. Turns what the operator must act on into one sentence and exit status 1.

Imports a command's room only when that command runs, so that ``--help`` is quick.
"""

import sys
from importlib.metadata import version

import click

from ag_enclave.commands.audit import audit
from ag_enclave.commands.backup import backup, restore
from ag_enclave.commands.budget import budget
from ag_enclave.commands.competition import competition
from ag_enclave.commands.dataset import dataset
from ag_enclave.commands.doctor import doctor
from ag_enclave.commands.serve import serve
from ag_enclave.commands.sync import sync
from ag_enclave.commands.user import user
from ag_enclave.errors import Refusal, Unusable


@click.group()
@click.version_option(version("ag-enclave"), prog_name="ag-enclave")
def commands() -> None:
    """Differentially private analysis of data nobody may see."""


for command in (serve, dataset, competition, user, budget, audit, doctor, backup, restore, sync):
    commands.add_command(command)


def main() -> None:
    """Run the command line."""
    try:
        commands(standalone_mode=True)
    except (Unusable, Refusal) as problem:
        click.echo(f"ag-enclave: {problem}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
