"""Options that several commands share, and the state they name."""

import os
from pathlib import Path

import click

from ag_enclave.config import Config, read_config
from ag_enclave.errors import BadData, BadState
from ag_enclave.state import State, open_state

state_option = click.option(
    "--state",
    "state_path",
    type=click.Path(path_type=Path),
    required=True,
    help="The enclave's directory: accounts, ledger, data sets, keys. Made by what adds to it.",
)


def new_state(path: Path) -> State:
    """The state directory, made where it is missing, and said so: a mistyped path must not look like an empty enclave."""
    missing = not path.exists()
    state = open_state(path)
    if missing:
        click.echo(f"A new state directory was made: {state.root}", err=True)
    return state


def known_state(path: Path) -> State:
    """The state directory that is there already. BadState where it isn't."""
    if not path.is_dir():
        raise BadState(f"There is no state directory {path}; adding a user or a data set, or serving, makes one.")
    return open_state(path)


def by() -> str:
    """Whose deed it is in the log: whoever runs this command on the enclave's own host."""
    return f"command line, uid {os.getuid()}"


def config_from(path: Path | None) -> Config:
    """The settings of this file; the defaults where none is given."""
    return read_config(path) if path is not None else Config()


def keyed_files(pairs: tuple[str, ...]) -> dict[str, Path]:
    """``KEY=FILE`` pairs. BadData for anything else, or a key given twice."""
    files: dict[str, Path] = {}
    for pair in pairs:
        key, equals, path = pair.partition("=")
        if not equals or not key.isidentifier() or not path:
            raise BadData(f"{pair!r} is not KEY=FILE, where KEY is a plain word.")
        if key in files:
            raise BadData(f"The key {key} is given twice.")
        files[key] = Path(path)
    return files
