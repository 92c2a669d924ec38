"""``ag-enclave sync``: requests, code and results between an enclave with mocks and one with the data, as one signed file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ag_enclave.commands.options import by, known_state, state_option
from ag_enclave.errors import BadData
from ag_enclave.state import State, write_private

if TYPE_CHECKING:
    from ag_enclave.accounts import Accounts

_LONGEST_KEY = 4096
_peer_name = click.argument("name")


@click.group(short_help="Carry code for review between two enclaves.")
def sync() -> None:
    """Move code for review to the enclave that has the data, and decisions back."""


@contextmanager
def _opened(state: State) -> Iterator["Accounts"]:
    from ag_enclave.migrate import open_accounts
    from ag_enclave.place import accounts_at

    accounts = open_accounts(accounts_at(state))
    try:
        yield accounts
    finally:
        accounts.close()


@sync.command()
@state_option
def key(state_path: Path) -> None:
    """Print this enclave's public key, which the other side registers."""
    from ag_enclave.parcels import own_key, public_text

    click.echo(public_text(own_key(known_state(state_path).folder("keys"))), nl=False)


@sync.command()
@_peer_name
@click.argument("key_file", type=click.Path(path_type=Path))
@state_option
def peer(name: str, key_file: Path, state_path: Path) -> None:
    """Register another side by its public key. Compare the fingerprint with theirs before any file is taken."""
    from ag_enclave.peers import Peers

    try:
        with key_file.open(encoding="ascii") as stream:
            text = stream.read(_LONGEST_KEY)
    except OSError as problem:
        raise BadData(f"The key {key_file} can't be read: {problem.strerror}.") from problem
    except UnicodeDecodeError as problem:
        raise BadData(f"The file {key_file} is no public key; `ag-enclave sync key` prints one.") from problem
    with _opened(known_state(state_path)) as here:
        click.echo(f"{name} is known by {Peers(here.database, by()).register(name, text)}.")


@sync.command("list", short_help="List the other sides.")
@state_option
def show(state_path: Path) -> None:
    """List the other sides: name, fingerprint, and the number of the last file each way."""
    from ag_enclave.peers import Peers

    with _opened(known_state(state_path)) as here:
        for each in Peers(here.database, by()).everyone():
            click.echo(f"{each.name}\t{each.fingerprint}\tsent {each.sent}\ttaken {each.taken}")


@sync.command()
@_peer_name
@state_option
def forget(name: str, state_path: Path) -> None:
    """Take no more files of another side; what came from it stays. To give it another key, register it again."""
    from ag_enclave.peers import Peers

    with _opened(known_state(state_path)) as here:
        Peers(here.database, by()).forget(name)
    click.echo(f"Nothing is taken from {name} any more.")


@sync.command("export")
@_peer_name
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--after",
    type=click.IntRange(0, 1 << 30),
    default=0,
    help="Number it beyond this one: after a backup was restored here.",
)
@state_option
def send(name: str, file: Path, after: int, state_path: Path) -> None:
    """Write what that side has to know into a file."""
    from ag_enclave.parcels import own_key, sealed
    from ag_enclave.sync import Sync

    state = known_state(state_path)
    with _opened(state) as here:
        parcel = Sync(here.database, by()).pack(name, after=after)
    try:
        write_private(file, sealed(parcel, own_key(state.folder("keys"))))
    except OSError as problem:
        raise BadData(f"The file {file} can't be written: {problem.strerror}.") from problem
    click.echo(f"Number {parcel.number}: {len(parcel.asked)} requests, {len(parcel.decided)} decisions.")


@sync.command("import")
@_peer_name
@click.argument("file", type=click.Path(path_type=Path))
@state_option
def take(name: str, file: Path, state_path: Path) -> None:
    """Take in what that side has written, once."""
    from ag_enclave.catalog import Catalog
    from ag_enclave.parcels import opened, own_key, public_key
    from ag_enclave.peers import Peers
    from ag_enclave.reviewing import bound_by
    from ag_enclave.sync import Sync

    state = known_state(state_path)
    catalog = Catalog(state.folder("datasets"))
    with _opened(state) as here:
        mine = own_key(state.folder("keys")).public_key()
        known = Peers(here.database, by()).named(name)
        parcel = opened(file, public_key(known.public_key), mine)
        taken = Sync(here.database, by()).take(
            name, parcel, lambda each: bound_by(catalog, each.argument, each.dataset, each.table)
        )
    for sentence in taken.left:
        click.echo(f"Left out: {sentence}", err=True)
    gone = f", {taken.withdrawn} withdrawn" if taken.withdrawn else ""
    click.echo(f"Number {parcel.number}: {taken.asked} new requests, {taken.decided} decisions{gone}.")
