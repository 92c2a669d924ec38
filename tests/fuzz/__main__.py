"""``make fuzz``: every door for so many seconds, guided by coverage where atheris can be had, and what was found."""

import argparse
import contextlib
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

GUIDED = "--guided"
INSTRUMENTED = ["ag_plan", "ag_enclave.bridge", "ag_kernel", "ag_mapper"]


def _watched() -> contextlib.AbstractContextManager[None]:
    """Imports whose branches atheris counts; none in the form without it."""
    if GUIDED not in sys.argv:
        return contextlib.nullcontext()
    import atheris

    found: contextlib.AbstractContextManager[None] = atheris.instrument_imports(include=INSTRUMENTED)
    return found


with _watched():
    from tests.fuzz.mutate import mutated
    from tests.fuzz.seeds import WORDS
    from tests.fuzz.targets import TARGETS

GROWTH_BYTES = 64 << 20
"""Beyond this, between the first tenth and the end, a door keeps what it should forget."""
_WARM = 2000


def main() -> int:
    """Exit status 1 where anything was found."""
    given = _parse()
    if given.guided:
        return _guided(given.target, given.seconds)
    failed = 0
    for name in [given.target] if given.target else sorted(TARGETS):
        failed += _blind(name, given.seconds, given.seed)
        if importlib.util.find_spec("atheris") is not None:
            command = [
                sys.executable,
                "-m",
                "tests.fuzz",
                GUIDED,
                "--target",
                name,
                "--seconds",
                str(given.seconds),
            ]
            failed += subprocess.run(command, check=False).returncode != 0
    print(
        "atheris was there"
        if importlib.util.find_spec("atheris")
        else "atheris was not there: mutations only, no coverage"
    )
    return failed != 0


def _blind(name: str, seconds: float, seed: int) -> int:
    """Mutate and try; the finding's bytes are written where they can be looked at."""
    target, chance = TARGETS[name], random.Random(seed)
    honest, process = target.seeds(), psutil.Process()
    tries, began, before = 0, time.monotonic(), 0
    slowest = 0.0
    while time.monotonic() - began < seconds:
        data = mutated(honest, WORDS, chance)
        start = time.perf_counter()
        try:
            target.door(data)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is the finding
            kept = Path(tempfile.mkdtemp(prefix="ag-fuzz-")) / name
            kept.write_bytes(data)
            print(f"{name}: {type(problem).__name__}: {problem} · {kept}")
            return 1
        slowest = max(slowest, time.perf_counter() - start)
        tries += 1
        if tries == _WARM or not before:
            before = process.memory_info().rss
    grown = process.memory_info().rss - before
    print(f"{name}: {tries:,} messages, slowest {1000 * slowest:.0f} ms, memory {grown / 2**20:+.1f} MiB", flush=True)
    return int(grown > GROWTH_BYTES)


def _guided(name: str, seconds: float) -> int:
    """One door under atheris, which ends the process by itself."""
    import atheris

    target = TARGETS[name]
    folder = Path(tempfile.mkdtemp(prefix="ag-fuzz-seeds-"))
    for number, data in enumerate((*target.seeds(), *WORDS)):
        (folder / str(number)).write_bytes(data)
    atheris.Setup(
        [
            sys.argv[0],
            str(folder),
            f"-max_total_time={int(seconds)}",
            "-max_len=8192",
            "-verbosity=0",
            f"-artifact_prefix={folder}-found-",
        ],
        target.door,
    )
    atheris.Fuzz()
    return 0


def _parse() -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="python -m tests.fuzz")
    words.add_argument("--target", choices=sorted(TARGETS))
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument(GUIDED, action="store_true")
    return words.parse_args()


if __name__ == "__main__":
    sys.exit(main())
