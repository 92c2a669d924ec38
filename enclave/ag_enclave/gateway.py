"""What the gateway's endpoints work with, handed to each by name. Holds the parts; does nothing itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from ag_enclave.accounts import Accounts
from ag_enclave.budgets import Budgets
from ag_enclave.catalog import Catalog
from ag_enclave.clerk import Clerk
from ag_enclave.competitions import Competitions
from ag_enclave.config import Config
from ag_enclave.decisions import Decisions
from ag_enclave.deeds import Deeds
from ag_enclave.holdings import Holdings
from ag_enclave.intake import Intake
from ag_enclave.line import Line
from ag_enclave.metrics import Metrics
from ag_enclave.notices import Notices
from ag_enclave.oidc import Issuer
from ag_enclave.ownership import Ownership
from ag_enclave.pace import Pace
from ag_enclave.projects import Projects
from ag_enclave.requests import Requests
from ag_enclave.retirement import Retirement
from ag_enclave.reviewing import Reviewing
from ag_enclave.reviews import Reviews
from ag_enclave.revocations import Revocations
from ag_enclave.scoring import Scoring
from ag_enclave.secrets import Verifier
from ag_enclave.session.nurseries import Nurseries
from ag_enclave.session.sessions import Sessions
from ag_enclave.standing import Standing
from ag_enclave.throttle import Throttle
from ag_enclave.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The parts of a running gateway. ``now`` is the wall clock."""

    config: Config
    accounts: Accounts
    verifier: Verifier
    throttle: Throttle
    line: Line = field(default_factory=Line)
    pace: Pace
    revocations: Revocations
    tokens: Tokens
    catalog: Catalog
    competitions: Competitions
    scoring: Scoring
    clerk: Clerk
    requests: Requests
    budgets: Budgets
    decisions: Decisions
    projects: Projects
    reviews: Reviews
    reviewing: Reviewing
    deeds: Deeds
    holdings: Holdings
    ownership: Ownership
    intake: Intake
    retirement: Retirement
    notices: Notices
    issuer: Issuer | None
    metrics: Metrics = field(default_factory=Metrics)
    nurseries: Nurseries
    sessions: Sessions
    standing: Standing
    now: Callable[[], datetime]
    started: datetime
