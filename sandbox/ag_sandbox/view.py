"""A nursery's own view of the file system: public code and nothing else, not even names. Where the host lets it be made.

Landlock stops a guest from opening a file, but not from asking for its size and times by name, and a size may speak of rows. So
the nurseries of those who run hostile code leave the host's tree before the first birth. Knows no guest.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from ag_sandbox import linux_unsafe as linux

MOUNTS, NETWORK, IPC = 0x00020000, 0x40000000, 0x08000000
_NEW_USER = 0x10000000
_BIND, _RECURSIVE, _PRIVATE = 1 << 12, 1 << 14, 1 << 18
_NOSUID_NODEV = 1 << 1 | 1 << 2
_DETACH = 2
_STAGE = "/tmp"  # noqa: S108 - any directory will do: it is covered in this view only, for a moment
_OLD = "/host"


def can_enclose(paths: Iterable[str], *, then: Callable[[], None] = lambda: None) -> bool:
    """Whether ``enclose`` works here, and ``then`` what comes after: half a view would be worse than none."""

    def attempt() -> None:
        enclose(paths)
        then()

    return works(attempt)


def can_part() -> bool:
    """Whether ``part`` works here."""
    return works(part)


def part() -> None:
    """Leave the host's network and shared memory, and keep its file tree. One thread only. Raises OSError."""
    _unshare(NETWORK | IPC)


def works(attempt: Callable[[], None]) -> bool:
    """Whether it raises nothing, tried in a process of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            attempt()
        except BaseException:  # noqa: BLE001 - whatever the host says, the answer is no
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def enclose(paths: Iterable[str], *, new: int = MOUNTS | NETWORK | IPC) -> None:
    """Leave the host's tree (and, unless ``new`` says less, network and shared memory) for a tree of the given paths. One thread only.

    Raises OSError.
    """
    wanted = _sources(paths)
    _unshare(new)
    _mount(None, "/", _RECURSIVE | _PRIVATE)
    _mount("tmpfs", _STAGE, _NOSUID_NODEV, kind="tmpfs")
    os.mkdir(_STAGE + _OLD)  # noqa: PTH102 - the tree is half built; plain calls are easier to follow
    linux.system_call("pivot_root", _STAGE.encode(), (_STAGE + _OLD).encode())
    os.chdir("/")
    for path, source in sorted(wanted.items()):
        _bring(path, Path(_OLD + source))
    linux.system_call("umount2", _OLD.encode(), _DETACH)
    os.rmdir(_OLD)  # noqa: PTH106 - the kernel's words, no more


def _sources(paths: Iterable[str]) -> dict[str, str]:
    """Path in the new tree → where it leads in the host's, for paths as they are written and as they lead; none beneath another."""
    written = {os.path.abspath(path) for path in paths if os.path.exists(path)}  # noqa: PTH100, PTH110 - the kernel's words, no more
    every = written | {os.path.realpath(path) for path in written}
    outermost = {path for path in every if not every & set(map(str, Path(path).parents))}
    return {path: os.path.realpath(path) for path in outermost}


def _unshare(spaces: int) -> None:
    """New namespaces; an ordinary user becomes privileged in one of users first, where it is still itself."""
    user, group = os.geteuid(), os.getegid()
    try:
        linux.system_call("unshare", spaces)
    except PermissionError:
        linux.system_call("unshare", spaces | _NEW_USER)
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")


def _bring(path: str, source: Path) -> None:
    """Show one path of the host in the new tree."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        target.mkdir()
    else:
        target.touch()
    _mount(str(source), path, _BIND | _RECURSIVE)


def _mount(source: str | None, target: str, flags: int, *, kind: str | None = None) -> None:
    words = [None if word is None else word.encode() for word in (source, target, kind)]
    linux.system_call("mount", *words, flags, None)
