"""``make audit``: what the draws of every public release certify that it loses, against its claim. Exit status 1 where one exceeds it.

At last the same audit of noise that is a tenth too small, which must exceed it.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from tests.audit import keys
from tests.audit.certify import certified
from tests.audit.draws import statistics
from tests.audit.planted import Thin
from tests.audit.releases import Asked, audited, everything
from tests.audit.verdict import audit, audit_key

FALSE_ALARM = 1e-6
"""That any of the true claims is found wrong, over the whole table."""
COUNT = Asked(measure="Size", way=0, shape="rows")


def main() -> int:
    """Audit all, or those whose names have one of the words."""
    parser = argparse.ArgumentParser(prog="python -m tests.audit")
    parser.add_argument("words", nargs="*", help="parts of the names of releases; all without")
    parser.add_argument("--draws", type=int, default=100_000, help="from each of the two neighbours")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="processes")
    wanted = parser.parse_args()
    began = time.monotonic()
    picked = [asked for asked in everything() if not wanted.words or any(word in str(asked) for word in wanted.words)]
    found = [asked for asked in keys.EVERY if not wanted.words or any(word in str(asked) for word in wanted.words)]
    alpha = FALSE_ALARM / max(len(picked) + len(found), 1)
    print(f"{'release':34} | claimed (ε, δ)  | certified ε | of the claim")
    with ProcessPoolExecutor(wanted.jobs, mp_context=get_context("forkserver")) as pool:
        told = list(pool.map(partial(audit, draws=wanted.draws, alpha=alpha), picked))
        told += pool.map(partial(audit_key, draws=wanted.draws, alpha=alpha), found)
    broken = [claim for claim, certain in told if certain > claim]
    caught = planted(wanted.draws)
    print(f"{len(told)} releases, {len(broken)} broken, in {time.monotonic() - began:.0f} s at {wanted.draws} draws")
    return int(bool(broken) or not caught)


def planted(draws: int) -> bool:
    """Whether noise that is a tenth too small is found out."""
    its = audited(COUNT)
    found = certified(*statistics(its, draws, Thin()), alpha=FALSE_ALARM, delta=0.0)
    print(f"{'planted: noise a tenth too small':34} | {its.claim[0]:5.3f}, {0:8.1e} | {found:11.3f} | "
          f"{'caught' if found > its.claim[0] else 'NOT CAUGHT'}")  # fmt: skip
    return found > its.claim[0]


if __name__ == "__main__":
    sys.exit(main())
