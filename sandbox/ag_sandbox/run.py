"""Run one module in a jail: ``python -P -m ag_sandbox.run --profile loader --read FILE --write DIR -- MODULE ARGUMENT…``.

For work that is done once, like loading a data set. Locks this very process, then becomes the module; standard streams stay.
"""

import argparse
import os
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from ag_sandbox.errors import SandboxError
from ag_sandbox.inmate import Inmate, open_proc, sizes
from ag_sandbox.interpreter import public_code
from ag_sandbox.jail import lock
from ag_sandbox.profile import Grants, Profile
from ag_sandbox.profiles import PROFILES
from ag_sandbox.steps.user import try_out
from ag_sandbox.view import can_enclose

EXIT_REFUSED = 70
_THREADS = 256
_DEFAULT_MEMORY = 8 << 30
_DEFAULT_FILE = 1 << 40


def main(arguments: Sequence[str]) -> int:
    """Lock, then run; without a module only lock. Exit status of the module; 70 with one sentence on stderr where it could not be locked."""
    given = _parse(arguments)
    if not sys.flags.safe_path:
        sys.path.pop(0)  # the working directory is not public code
    profile, python, proc = PROFILES[given.profile], public_code(), open_proc()
    enclosed = _enclosed(given, profile, python)
    if given.user is not None and not enclosed:
        sys.stderr.write(f"the {given.profile} can't be a user of its own here\n")
        return EXIT_REFUSED
    address_space, data = sizes(proc)
    inmate = Inmate(
        profile=profile,
        grants=Grants(
            read=tuple(given.read),
            write=tuple(given.write),
            memory_bytes=given.memory_bytes,
            processes=_THREADS,
            cpu_seconds=given.cpu_seconds,
            file_bytes=given.file_bytes,
            user=given.user,
        ),
        python=python,
        keep=frozenset({0, 1, 2}),
        parent=os.getppid(),
        guardian=os.pidfd_open(
            os.getppid() or os.getpid()
        ),  # the parent may be out of sight: then it can't be waited for
        proc=proc,
        address_space_bytes=address_space,
        data_bytes=data,
        enclosed=enclosed,
        alone=False,
    )
    try:
        lock(inmate)
    except SandboxError as reason:
        sys.stderr.write(f"the {given.profile} jail could not be closed: {reason}\n")
        return EXIT_REFUSED
    if given.module is None:
        return 0
    sys.dont_write_bytecode = True
    sys.argv = [given.module, *given.arguments]
    runpy.run_module(given.module, run_name="__main__", alter_sys=True)
    return 0


def _enclosed(given: argparse.Namespace, profile: Profile, python: tuple[str, ...]) -> bool:
    """Whether the process can have a file tree of its grants, and in it be the user it shall be."""
    paths = (*profile.paths(python), *map(str, (*given.read, *given.write)))
    reads = (lambda: try_out(given.user, python)) if given.user is not None else (lambda: None)
    return profile.tree_of_grants and can_enclose(paths, then=reads)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="python -P -m ag_sandbox.run")
    words.add_argument("--profile", required=True, choices=sorted(PROFILES))
    words.add_argument("--read", type=Path, action="append", default=[])
    words.add_argument("--write", type=Path, action="append", default=[])
    words.add_argument("--memory-bytes", type=int, default=_DEFAULT_MEMORY)
    words.add_argument("--cpu-seconds", type=int, default=None)
    words.add_argument("--file-bytes", type=int, default=_DEFAULT_FILE)
    words.add_argument("--user", type=int, default=None)
    words.add_argument("module", nargs="?")
    words.add_argument("arguments", nargs=argparse.REMAINDER)
    return words.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
