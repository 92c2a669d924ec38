"""The state directory: where each thing lives, private to its user, and one enclave at a time.

Knows names and permissions, nothing of what the files hold.
"""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ag_enclave.errors import BadState

_MARK = "vaults.group"
_MODES = {"": 0o710, "ledger": 0o2770, "datasets": 0o710, "competitions": 0o710, "scratch": 0o710}
"""What the vaults' group may, where it has one: pass through, and write the ledger."""
FOLDERS = ("ledger", "datasets", "competitions", "tls", "keys", "logs", "scratch", "audit", "seal", "uploads")


@dataclass(frozen=True, slots=True)
class State:
    """One state directory, given by its absolute path."""

    root: Path

    @property
    def accounts(self) -> Path:
        """The accounts' database."""
        return self.root / "accounts.sqlite"

    @property
    def ledger(self) -> Path:
        """The vaults' ledger; the gateway never opens it."""
        return self.root / "ledger" / "ledger.sqlite"

    def folder(self, name: str) -> Path:
        """One of the known folders."""
        if name not in FOLDERS:
            raise ValueError(name)
        return self.root / name


def open_state(path: Path) -> State:
    """Make the directory and its folders where they are missing, 0700. BadState with one sentence where that can't be done."""
    state = State(path.absolute())
    try:
        state.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        shared = is_shared(state)
        for folder in (state.root, *(state.root / name for name in FOLDERS)):
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(_MODES.get(folder.name if folder != state.root else "", 0o700) if shared else 0o700)
        _prove_writable(state.root)
    except OSError as problem:
        raise BadState(f"The state directory {path} can't be used: {problem.strerror or problem}.") from problem
    return state


def mark_shared(state: State, group: int) -> None:
    """Give the folders that vaults need to their group, for good: later commands keep it so. Raises OSError."""
    write_private(state.root / _MARK, str(group).encode())
    for name, mode in _MODES.items():
        folder = state.root / name
        os.chown(folder, -1, group)
        folder.chmod(mode)


def audit_key(state: State) -> Path:
    """The file of the key that signs the log's head, made at first use; read by the clerk alone. Raises OSError."""
    path = state.folder("seal") / "audit.key"
    if not path.exists():
        draft = path.with_name(f".audit-{secrets.token_hex(8)}")
        write_private(draft, secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):  # another command was first: its key it is
            os.link(draft, path)
        draft.unlink()
    return path


def is_shared(state: State) -> bool:
    """Whether the folders are a group's; only as long as it still has them."""
    try:
        group = int((state.root / _MARK).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return False
    return all((state.root / name).stat().st_gid == group for name in _MODES)


def empty_scratch(state: State) -> None:
    """Remove what sessions of an enclave that was killed had spilled; called by the one that serves, before its first session."""
    for left in state.folder("scratch").iterdir():
        shutil.rmtree(left, ignore_errors=True)


def _prove_writable(folder: Path) -> None:
    """Write some bytes durably: a full disk is found before anyone is served."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as probe:
        probe.write(bytes(4096))
        probe.flush()
        os.fsync(probe.fileno())


@contextlib.contextmanager
def sole_enclave(state: State) -> Iterator[None]:
    """Hold the directory's lock while serving. BadState where another enclave holds it."""
    descriptor = os.open(state.root / "enclave.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise BadState(f"Another enclave is already serving from {state.root}; stop it first.") from problem
        yield
    finally:
        os.close(descriptor)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file atomically, readable by its user only."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def write_private_json(path: Path, value: dict[str, Any]) -> None:
    """Replace a JSON file atomically, readable by its user only. BadState where it can't be written."""
    try:
        write_private(path, (json.dumps(value, indent=2) + "\n").encode())
    except OSError as problem:
        raise BadState(f"The file {path} can't be written: {problem.strerror or problem}.") from problem
