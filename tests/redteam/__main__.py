"""``make redteam``: every attack with policy and types and without, as a table by class. Exit status 1 where a goal was reached."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.redteam.campaign import Class, classes
from tests.redteam.enclaves import battlefield, lead_all

_FRONTS = 4
_WORDS = {True: "with", False: "without"}


def main() -> int:
    """Lead the whole campaign, or the classes named."""
    parser = argparse.ArgumentParser(prog="python -m tests.redteam")
    parser.add_argument("names", nargs="*", help="parts of the names of classes; all without")
    parser.add_argument("--only", choices=("with", "without"), help="with or without policy and types")
    wanted = parser.parse_args()
    picked = [one for one in classes() if not wanted.names or any(name in one.name for name in wanted.names)]
    began = time.monotonic()
    held: dict[bool, dict[str, dict[str, str]]] = {}
    for guarded in (True, False):
        if wanted.only != ("without" if guarded else "with"):
            held[guarded] = _lead(picked, guarded=guarded)
    _print_table(picked, held)
    for guarded, results in held.items():
        for line in _reached(results):
            print(f"REACHED {_WORDS[guarded]} · {line}")
    breaches = [bool(breach) for results in held.values() for each in results.values() for breach in each.values()]
    print(f"{sum(len(one.attacks) for one in picked)} attacks in {time.monotonic() - began:.0f} s")
    print(f"{breaches.count(False)} passed, {breaches.count(True)} failed")
    return int(any(breaches) or not breaches)


def _reached(results: dict[str, dict[str, str]]) -> list[str]:
    """Once more at the end, where whoever reads only the last lines finds it."""
    return [
        f"{name} · {attack}: {breach}" for name, each in results.items() for attack, breach in each.items() if breach
    ]


def _lead(picked: list[Class], *, guarded: bool) -> dict[str, dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder, battlefield(Path(folder), guarded=guarded) as (enclave, secrets):
        return lead_all(
            enclave,
            secrets,
            picked,
            guarded=guarded,
            fronts=_FRONTS,
            tell=lambda line: print(f"REACHED {_WORDS[guarded]} · {line}", flush=True),
        )


def _print_table(picked: list[Class], held: dict[bool, dict[str, dict[str, str]]]) -> None:
    width = max(len(one.title) for one in picked)
    print(f"{'class':{width}} | attacks | held with policy | held without")
    for one in picked:
        cells = [_held(held.get(guarded, {}).get(one.name)) for guarded in (True, False)]
        print(f"{one.title:{width}} | {len(one.attacks):7} | {cells[0]:>16} | {cells[1]:>12}")


def _held(results: dict[str, str] | None) -> str:
    return "–" if results is None else str(sum(not breach for breach in results.values()))


if __name__ == "__main__":
    sys.exit(main())
