"""Options that several commands share, and the state they name."""

from pathlib import Path

import click

from ag_enclave.config import Config, read_config
from ag_enclave.errors import BadData

state_option = click.option(
    "--state",
    "state_path",
    type=click.Path(path_type=Path),
    required=True,
    help="The enclave's directory: accounts, ledger, data sets, keys. Made where it is missing.",
)


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
