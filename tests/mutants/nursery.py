"""A process that has imported everything but our own code, and forks one child per trial: pytest in a copy of the tree.

Run as a script with the copy's folder. Reads one JSON list of pytest's arguments per line, answers each with one line: the exit status.
What pytest prints goes to the file ``said`` in the copy.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path

WARM = (
    "alembic.operations", "alembic.runtime.migration", "duckdb", "hypothesis", "msgspec", "numpy", "opendp.prelude", "pytest", "scipy.stats",
    "sqlalchemy.dialects.sqlite", "sqlglot", "yaml",
)  # fmt: skip
ROOMS = ("magic", "kernel", "private_pandas", "sandbox", "enclave")
SECONDS = 900
"""After which a trial is ended; its status is then that of a signal."""


def main() -> None:
    """Serve until the input ends."""
    folder = Path(sys.argv[1])
    for name in WARM:
        __import__(name)
    if threading.active_count() > 1:
        raise RuntimeError("a process with threads must not fork")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _run(folder, json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(folder: Path, arguments: list[str]) -> None:
    """In the child: the copy's code before any other, never compiled to disk, and no failing example made smaller."""
    signal.alarm(SECONDS)
    os.chdir(folder)
    output = os.open("said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    sys.path[:] = [str(folder), *(str(folder / room) for room in ROOMS), *sys.path]
    sys.dont_write_bytecode = True
    os.environ |= {
        "AG_PROOF_DEPTH": "4",
        "PYTHONPATH": os.pathsep.join(sys.path[: 1 + len(ROOMS)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    import hypothesis
    import pytest

    hypothesis.settings.register_profile(
        "quick",
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        deadline=None,  # a busy machine must not pass for a bug
        derandomize=True,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    hypothesis.settings.load_profile("quick")
    status = int(pytest.main(arguments))
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
