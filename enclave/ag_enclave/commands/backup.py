"""``ag-enclave backup`` and ``restore``: the state as one file, and back, never below what was spent."""

import contextlib
import gzip
import os
import secrets
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import click

from ag_enclave.commands.audit import with_clerk
from ag_enclave.commands.options import by, known_state, new_state, state_option
from ag_enclave.errors import BadData, BadState
from ag_enclave.place import address
from ag_enclave.state import State, sole_enclave, write_private

_LEDGER, _ACCOUNTS = "ledger.sqlite", "accounts.sqlite"
_HEAD = "audit/head.json"
_BLOCK = 1 << 20
_FOLDERS = ("keys", "seal", "tls")
"""Whose files are saved as they are: secrets, which is why a backup is one."""


@click.command(short_help="Save accounts, ledger, log and keys.")
@click.argument("file", type=click.Path(path_type=Path))
@state_option
def backup(file: Path, state_path: Path) -> None:
    """Save accounts, ledger, log and keys to FILE, also while the enclave serves. Data sets are not in it: keep their files.

    Where accounts and ledger are PostgreSQL's, FILE has the keys and the signed head, and pg_dump saves the rest.
    """
    state = known_state(state_path)
    served = address(state)
    with _copies(state) if not served else _head(state) as databases, _new(file) as archive:
        archive.add(state.folder("audit") / "head.json", _HEAD, filter=_plain)
        for name, path in databases.items():
            archive.add(path, name, filter=_plain)
        for folder in _FOLDERS:
            for path in sorted(state.folder(folder).iterdir()):
                archive.add(path, f"{folder}/{path.name}", filter=_plain)
    what = (
        "keys and the signed head, and pg_dump saves accounts, ledger and log"
        if served
        else "accounts, ledger, log and keys"
    )
    click.echo(f"{file} holds {what}: keep it as secret as the state directory.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@state_option
def restore(file: Path | None, state_path: Path) -> None:
    """Bring back what FILE holds. Newer accounts and a newer ledger in place stay; an older copy is brought forward to the signed head in place.

    Where accounts and ledger are PostgreSQL's, pg_restore comes first, and FILE may be left out. Accounts, requests and reviews of a copy that isn't the newest are closed.
    Without FILE otherwise, that is done with the accounts in place, which somebody put there.
    """
    from ag_enclave.put_back import Heard, settled

    state = new_state(state_path)
    served = address(state)
    if file is None and not served and not (state.accounts.exists() and state.ledger.exists()):
        raise click.UsageError("Give the FILE that holds the backup.")
    with sole_enclave(state):
        content = {} if file is None else _read(file)
        if file is not None and (_HEAD not in content or not (served or _LEDGER in content)):
            raise BadData(
                f"The file {file} is no backup{' of an enclave without a server' if _HEAD in content else ''}."
            )
        for name, data in content.items():
            folder, _, plain = name.rpartition("/")
            # The head and the keys in place stay: they are what a ledger that was put back is noticed by.
            if folder and not (state.root / folder / plain).exists() and not _begun(state, folder):
                write_private(state.root / folder / plain, data)
        if content and not served:
            write_private(state.ledger.with_name("restore.sqlite"), content[_LEDGER])
        said, heard = with_clerk(state_path, Heard.of, restore=bool(content) or bool(served))
        click.echo(said or "The ledger in place stays.")
        for line in settled(state, None if served else content.get(_ACCOUNTS), heard, by=by()):
            click.echo(line)


def _begun(state: State, folder: str) -> bool:
    """Whether a ledger was signed here already: its key and head are not another one's."""
    return folder in ("seal", "audit") and (state.folder("audit") / "audit.pub").exists()


@contextlib.contextmanager
def _head(state: State) -> Iterator[dict[str, Path]]:
    """The signed head as new as the log; no database."""
    with_clerk(state.root, lambda clerk: clerk.head())
    yield {}


@contextlib.contextmanager
def _copies(state: State) -> Iterator[dict[str, Path]]:
    """Consistent copies of both databases by their names in the archive, gone afterwards."""
    name = f"copy-{secrets.token_hex(8)}.sqlite"
    ledger, accounts = state.folder("audit") / name, state.root / f".{name}"
    try:
        with_clerk(state.root, lambda clerk: clerk.copy(name))
        if state.accounts.exists():
            with (
                contextlib.closing(sqlite3.connect(state.accounts)) as source,
                contextlib.closing(sqlite3.connect(accounts)) as target,
            ):
                source.backup(target)
        yield {_LEDGER: ledger} | ({_ACCOUNTS: accounts} if accounts.exists() else {})
    finally:
        for path in (ledger, accounts):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _new(file: Path) -> Iterator[tarfile.TarFile]:
    """A new file for its user alone, whole or not there."""
    draft = file.with_name(f".{file.name}.new")
    try:
        if file.exists():
            raise BadState(f"The file {file} is there already.")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w:gz") as archive:
                yield archive
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    except OSError as problem:
        raise BadState(f"The file {file} can't be written: {problem.strerror}.") from problem
    finally:
        draft.unlink(missing_ok=True)


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Files only, and nothing of whose they were."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry if entry.isfile() else None


def _read(file: Path) -> dict[str, bytes]:
    """The contents by name. BadData for names that no backup has, and for what is no archive."""
    content: dict[str, bytes] = {}
    try:
        with gzip.open(file) as unpacked, tarfile.open(fileobj=unpacked, mode="r:") as archive:
            for entry in archive:
                folder, slash, plain = entry.name.partition("/")
                known = entry.name in (_LEDGER, _ACCOUNTS, _HEAD) or (
                    slash and folder in _FOLDERS and "/" not in plain and plain not in ("", ".", "..")
                )
                stream = archive.extractfile(entry) if entry.isfile() and known else None
                if stream is None:
                    raise BadData(f"The file {file} is no backup: it has something named {entry.name[:100]!r}.")
                content[entry.name] = stream.read()
            while unpacked.read(_BLOCK):
                pass  # its checksum is behind the last byte, and until then nothing is known to be as it was saved
    except (OSError, tarfile.TarError, EOFError, zlib.error) as problem:
        raise BadData(f"The file {file} can't be read as a backup: {problem}.") from problem
    return content
