"""What vaults that are users of their own must reach: the ledger, the data sets, their scratch. Through a group nobody else has.

Root's work only; knows modes and owners, nothing of what files hold.
"""

import os
import stat
from pathlib import Path

from ag_enclave.place import address
from ag_enclave.state import State, audit_key, mark_shared

_GROUP_READS = stat.S_IRGRP
_GROUP_ENTERS = stat.S_IRGRP | stat.S_IXGRP


def share(state: State, group: int) -> None:
    """Open ledger, data sets and scratch of the state directory to the group, and nothing else of it. Raises OSError."""
    mark_shared(state, group)
    if address(state):
        return
    state.ledger.touch(mode=0o660)  # SQLite gives what it puts beside it the same mode and owner
    for file in state.ledger.parent.iterdir():
        os.chown(file, -1, group)
        file.chmod(0o660)


def admit(folder: Path, group: int) -> None:
    """Let the group read one version of a data set. Raises OSError."""
    os.chown(folder.parent, -1, group)
    folder.parent.chmod(0o710)
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink() and path.stat().st_gid != group:
            os.chown(path, -1, group)
            path.chmod(stat.S_IMODE(path.stat().st_mode) | (_GROUP_ENTERS if path.is_dir() else _GROUP_READS))


def hand_over(folder: Path, user: int, group: int) -> None:
    """Make a session's scratch folder its vault's own. Raises OSError."""
    os.chown(folder, user, group)


def hand_to_clerk(state: State, user: int) -> None:
    """Make the audit folder and the key that signs the clerk's own. Raises OSError."""
    audit, seal = state.folder("audit"), audit_key(state).parent
    for path in (audit, *audit.iterdir(), seal, *seal.iterdir()):
        if path.stat().st_uid != user:
            os.chown(path, user, user)
    copy = state.ledger.with_name("restore.sqlite")
    if copy.exists():
        os.chown(copy, user, user)
        copy.chmod(0o660)  # once it is the ledger, vaults of the group write it


def closed_above(folder: Path) -> Path | None:
    """The nearest directory above that not everybody may pass through; None where there is none."""
    return next((above for above in folder.resolve().parents if not above.stat().st_mode & stat.S_IXOTH), None)
