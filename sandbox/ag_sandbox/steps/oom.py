"""The out-of-memory killer: when the host runs short, children go first. Knows no limit of their own."""

import os

from ag_sandbox.inmate import Inmate

_BEFORE_ANY_SERVICE = b"1000"


def apply(inmate: Inmate) -> None:
    """Offer this process first. A preference, not a wall: a host that doesn't let itself be told loses only that."""
    try:
        score = os.open("self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC, dir_fd=inmate.proc)
    except OSError:
        return
    try:
        os.write(score, _BEFORE_ANY_SERVICE)
    except OSError:
        return
    finally:
        os.close(score)
