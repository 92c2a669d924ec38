"""Where one load takes place, and as whom: a folder in which a loader that is a user of its own finds all it reads. Root's work.

Knows owners and modes, nothing of what files hold. Where the host allows no such user, the loader is who the enclave is.
"""

import functools
import os
import secrets
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ag_sandbox.host import can_be_a_user

FIRST, COUNT = 1_090_100_000, 65_536
"""Numbers of loaders: above those of sessions' processes (``[jail]`` of the settings), and no account's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lodging:
    """One load's folder. ``user``: whose it is, None where the loader is no user of its own. ``ours``: whether a file is the enclave's, to be given away."""

    work: Path
    user: int | None
    ours: Callable[[Path], bool]

    def bring(self, path: Path) -> Path:
        """Where the loader reads this file: where it is, if it may; else a copy, which goes with the folder. Raises OSError."""
        if self.user is None or path.stat().st_mode & stat.S_IROTH:
            return path
        if self.ours(path):
            os.chown(path, self.user, self.user)
            return path
        shelf = self.work / f"given-{secrets.token_hex(8)}"
        shelf.mkdir(mode=0o700)
        copy = Path(shutil.copyfile(path, shelf / path.name))
        copy.chmod(0o400)
        for each in (copy, shelf):
            os.chown(each, self.user, self.user)
        return copy

    def take_back(self, loaded: Path) -> None:
        """What the loader made is the enclave's again. Raises OSError."""
        if self.user is not None:
            for path in (loaded, *loaded.rglob("*")):
                os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)


def lodge(work: Path, ours: Callable[[Path], bool]) -> Lodging:
    """Give a new folder to a user that no other process is, where that can be. Raises OSError."""
    user = FIRST + secrets.randbelow(COUNT) if os.geteuid() == 0 and _can() else None
    if user is not None:
        os.chown(work, user, user)
    return Lodging(work=work, user=user, ours=ours)


@functools.cache
def _can() -> bool:
    return can_be_a_user("loader", FIRST)
