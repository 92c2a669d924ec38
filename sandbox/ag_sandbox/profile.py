"""The words a jail is described with: calls, paths, grants, profiles. Inert: says what is allowed and why, does nothing.

What a word doesn't allow is denied; there is no word for "everything".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

JSON = bool | int | float | str | list["JSON"] | dict[str, "JSON"] | None


class Own(Enum):
    """A value only the child knows."""

    PROCESS = "its own process number"


OWN_PROCESS: Final = Own.PROCESS
WHOLE: Final = 0xFFFFFFFF_FFFFFFFF
INT: Final = 0xFFFFFFFF
"""The kernel reads an ``int`` argument's lower half only, so a test must do the same."""


@dataclass(frozen=True, slots=True)
class Argument:
    """A test of one argument of a call: after masking it must be one of the values."""

    index: int
    values: tuple[int | Own, ...]
    mask: int = INT


@dataclass(frozen=True, slots=True)
class Call:
    """System calls that are allowed, and why. With tests, only where all of them hold; several rows of one call are alternatives."""

    names: tuple[str, ...]
    why: str
    only: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class Readable:
    """A path whose files may be read, and why. Absent on some hosts: then there is nothing to allow."""

    path: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What every child of one kind may do, besides reading the interpreter's library and packages.

    ``absent``: calls answered as if never invented. ``address_slack_bytes``: address space beyond memory, for maps that cost none.
    ``interruptible``: SIGINT raises KeyboardInterrupt, else it is ignored. ``logs``: stderr is the nursery's log, else it leads nowhere.
    ``own_view``: its nursery leaves the host's file tree where it can, so that not even names of files are left to ask for;
    ``tree_of_grants``: each child does, and takes its grants along.
    """

    name: str
    what: str
    calls: tuple[Call, ...]
    absent: tuple[str, ...]
    readable: tuple[Readable, ...]
    open_files: int
    address_slack_bytes: int
    interruptible: bool
    logs: bool
    own_view: bool
    environment: Mapping[str, str]
    tree_of_grants: bool = False

    def paths(self, python: Iterable[str]) -> tuple[str, ...]:
        """What every child of this kind may see, with the directories of public code."""
        return (*python, *(row.path for row in self.readable), "/dev/null")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What one child gets beyond its profile.

    ``read``, ``write``: files, or directories with all beneath them. ``memory_bytes``: what it may allocate beyond what it is born with.
    ``processes``: threads it may have besides the first; 0 also forbids them by limit. ``cpu_seconds``: of its whole life, None for no limit.
    ``file_bytes``: the longest file it may write. ``user``, ``group``: whom it becomes, where its nursery may say so; None: it stays who it is,
    or has a group of its own.
    """

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    memory_bytes: int
    processes: int = 0
    cpu_seconds: int | None = None
    file_bytes: int = 0
    user: int | None = None
    group: int | None = None
