"""One release audited: a line of the table. A module of its own, since worker processes import what they run."""

from ag_vault.noise import OpenDPNoise
from tests.audit import keys
from tests.audit.certify import certified
from tests.audit.draws import statistics
from tests.audit.releases import Asked, audited


def audit(asked: Asked, *, draws: int, alpha: float) -> tuple[float, float]:
    its = audited(asked)
    epsilon, delta = its.claim
    found = certified(*statistics(its, draws, OpenDPNoise()), alpha=alpha, delta=delta)
    return _said(str(asked), (epsilon, delta), found)


def audit_key(asked: keys.Found, *, draws: int, alpha: float) -> tuple[float, float]:
    """The same of a release that finds keys."""
    plan = keys.planned(asked)
    epsilon, delta = keys.claim(plan)
    found = certified(*keys.statistics(asked, plan, draws, OpenDPNoise()), alpha=alpha, delta=delta)
    return _said(str(asked), (epsilon, delta), found)


def _said(name: str, claim: tuple[float, float], found: float) -> tuple[float, float]:
    epsilon, delta = claim
    word = "BROKEN" if found > epsilon else f"{found / epsilon:.0%}"
    print(f"{name:34} | {epsilon:5.3f}, {delta:8.1e} | {found:11.3f} | {word}", flush=True)
    return epsilon, found
