"""The nursery's own process: imports once, then forks a child for each line that arrives, and reaps. Never sees an order's content.

One thread, one loop. Settings and sockets of a child travel on its own line and are first read in the child, so that
nothing of one session is in the memory another is copied from.
"""

import gc
import importlib
import os
import select
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from ag_sandbox import birth, numbers
from ag_sandbox import line as wire
from ag_sandbox.density import fill_holes
from ag_sandbox.errors import HostTooOld
from ag_sandbox.inmate import open_proc
from ag_sandbox.interpreter import public_code
from ag_sandbox.profile import Profile
from ag_sandbox.steps.user import try_out
from ag_sandbox.syscalls import machine
from ag_sandbox.view import can_enclose, can_part, enclose, part, works


@dataclass(slots=True)
class _Brood:
    """Children alive: pidfd → (process number, the nursery's copy of its line)."""

    alive: dict[int, tuple[int, socket.socket]] = field(default_factory=dict)


def warm_up(entry: str, preload: Sequence[str], warm: str | None) -> birth.Entry:
    """Import everything a child will need, before there is one. Returns the entry point. Raises what the imports raise."""
    for module in preload:
        importlib.import_module(module)
    found = birth.entry_point(entry)
    if warm is not None:
        module, _, function = warm.partition(":")
        getattr(importlib.import_module(module), function)()
    gc.collect()
    fill_holes()  # small objects of a child's would otherwise fall into pages that children share
    gc.freeze()  # and the collector must not write into these either
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208 - only the count is wanted
    if threads != 1:
        raise HostTooOld(
            f"preloading started {threads - 1} threads; a nursery must have one, or its children could hang"
        )
    return found


def settle(profile: Profile, entry: birth.Entry, user: int | None, before: birth.Before | None = None) -> birth.Home:
    """Leave the host's namespaces as far as the profile wants it and the host lets it, and note what every child must know."""
    machine()
    python, proc = public_code(), open_proc()
    paths = profile.paths(python)
    enclosed = (profile.own_view or profile.tree_of_grants) and can_enclose(paths)
    users = user is not None and _may_be(user, python, paths if enclosed else None)
    at_once = enclosed and profile.own_view
    parted = at_once or can_part()
    if at_once:
        enclose(paths)
    elif parted:
        part()
    space = numbers.home(proc)
    chosen = numbers.way(space)
    numbers.adopt(chosen)
    me = os.getpid()
    return birth.Home(
        profile=profile,
        entry=entry,
        before=before,
        python=python,
        proc=proc,
        enclosed=enclosed,
        parted=parted,
        numbers=chosen,
        space=space,
        users=users,
        parent=me,
        guardian=os.pidfd_open(me),
    )


def _may_be(user: int, python: tuple[str, ...], tree: tuple[str, ...] | None) -> bool:
    """Whether a child could become this user: in the tree it will see, where it will have one."""
    if tree is None:
        return works(lambda: try_out(user, python))
    return can_enclose(tree, then=lambda: try_out(user, python))


def serve(control: socket.socket, home: birth.Home) -> int | None:
    """Fork and reap until the control socket ends. In a child: its exit status. In the nursery: None, when all are gone."""
    brood = _Brood()
    poller = select.poll()
    poller.register(control, select.POLLIN)
    while True:
        for ready, _ in poller.poll():
            if ready != control.fileno():
                poller.unregister(ready)
                _reap(brood, ready)
                continue
            word, descriptors = wire.hear(control)
            if word is None:
                _end(brood)
                return None
            line = socket.socket(fileno=descriptors[0])
            try:
                pid = numbers.bear(home.numbers, home.space)
            except OSError as reason:
                _tell(line, {"refused": f"the host forks no more: {reason.strerror}"})
                line.close()
                continue
            if pid == 0:
                return birth.live(line, home)
            pidfd = os.pidfd_open(pid)
            brood.alive[pidfd] = (pid, line)
            poller.register(pidfd, select.POLLIN)
            _tell(line, {"born": pid}, (pidfd,))


def _tell(line: socket.socket, word: wire.Word, descriptors: Sequence[int] = ()) -> None:
    """Say it if anybody still listens."""
    try:
        wire.say(line, word, descriptors)
    except OSError:
        return


def _reap(brood: _Brood, pidfd: int) -> None:
    """Collect a dead child and tell its status: exit code, or minus the signal."""
    pid, line = brood.alive.pop(pidfd)
    _, status = os.waitpid(pid, 0)
    os.close(pidfd)
    _tell(line, {"exited": os.waitstatus_to_exitcode(status)})
    line.close()


def _end(brood: _Brood) -> None:
    """Nobody can order any more: end the children too."""
    for pidfd, (pid, _) in list(brood.alive.items()):
        os.kill(pid, 9)
        _reap(brood, pidfd)


def main(control: socket.socket, home: birth.Home) -> int:
    """The life of a settled nursery, and in its children theirs; the exit status."""
    alone = home.numbers is not numbers.Numbers.SHARED
    wire.say(
        control,
        {"ready": home.parent, "enclosed": home.enclosed, "parted": home.parted, "alone": alone, "users": home.users},
    )
    status = serve(control, home)
    return 0 if status is None else status
