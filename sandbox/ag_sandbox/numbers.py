"""Process numbers: a child is born into a number space of its own, where it is 1 and nobody else is. Where the host lets it be made.

Nobody in it has a number for anybody outside, so that there is none to signal, to look up or to guess. Knows how to fork, not for what.
"""

import os
from enum import Enum

from ag_sandbox import linux_unsafe as linux

_NEW_NUMBERS = 0x20000000
_AGAIN = 11


class Numbers(Enum):
    """How children get their numbers here."""

    RETURNING = "the nursery steps in before each birth, and out again"
    MIDWIFE = "a short-lived process between nursery and child steps in; the way of those who may not step out"
    SHARED = "the host lets none be made: everybody's are the host's"


def home(proc: int) -> int:
    """A descriptor of the number space this process lives in."""
    return os.open("self/ns/pid", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)


def way(space: int) -> Numbers:
    """What the host lets this process do, each tried in a process of its own."""
    for wish in (Numbers.RETURNING, Numbers.MIDWIFE):
        pid = os.fork()
        if pid == 0:
            os._exit(not _works(wish, space))
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0:
            return wish
    return Numbers.SHARED


def adopt(chosen: Numbers) -> None:
    """Become the parent of a midwife's children, once, before the first birth."""
    if chosen is Numbers.MIDWIFE:
        linux.process_control(linux.PR_SET_CHILD_SUBREAPER, 1)


def bear(chosen: Numbers, space: int) -> int:
    """Fork: 0 in the child, in the parent the child's number as the parent sees it. Raises OSError; nobody was born then."""
    return _BIRTHS[chosen](space)


def _shared(_space: int) -> int:
    return os.fork()


def _returning(space: int) -> int:
    linux.system_call("unshare", _NEW_NUMBERS)
    pid = -1
    try:
        pid = os.fork()
    finally:
        if pid:
            linux.system_call("setns", space, _NEW_NUMBERS)
    return pid


def _midwife(_space: int) -> int:
    """The child waits until the midwife is gone: whoever asks to die with its parent must have its last one."""
    hearing, telling = os.pipe()
    waiting, opening = os.pipe()
    try:
        midwife = os.fork()
    except OSError:
        _close(hearing, telling, waiting, opening)
        raise
    if midwife == 0:
        pid = _deliver(telling)
        if pid:
            os._exit(0)
        _close(hearing, telling, opening)
        os.read(waiting, 1)
        os.close(waiting)
        return 0
    _close(telling, waiting)
    word = os.read(hearing, 32)
    os.waitpid(midwife, 0)
    _close(hearing, opening)
    if not word:
        raise OSError(_AGAIN, os.strerror(_AGAIN))
    return int(word)


def _deliver(telling: int) -> int:
    """In the midwife: bear the child and tell its number; it ends here where it can't. In the child: 0."""
    try:
        linux.system_call("unshare", _NEW_NUMBERS)
        pid = os.fork()
    except OSError:
        os._exit(1)
    if pid:
        os.write(telling, str(pid).encode())
    return pid


def _works(wish: Numbers, space: int) -> bool:
    try:
        adopt(wish)
        for _ in range(2):
            pid = bear(wish, space)
            if pid == 0:
                os._exit(os.getpid() != 1)
            if os.waitpid(pid, 0)[1] != 0:
                return False
    except OSError:
        return False
    return True


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


_BIRTHS = {Numbers.RETURNING: _returning, Numbers.MIDWIFE: _midwife, Numbers.SHARED: _shared}
