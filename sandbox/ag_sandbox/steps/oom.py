"""The out-of-memory killer: when the host runs short, children go first. Knows no limit of their own."""

from pathlib import Path

from ag_sandbox.inmate import Inmate

_BEFORE_ANY_SERVICE = "1000"


def apply(_inmate: Inmate) -> None:
    """Offer this process first. A preference, not a wall: a host that doesn't let itself be told loses only that."""
    try:
        Path("/proc/self/oom_score_adj").write_text(_BEFORE_ANY_SERVICE, encoding="ascii")
    except OSError:
        return
