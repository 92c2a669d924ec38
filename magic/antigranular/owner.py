"""An enclave as owners, operators and auditors hold it in a notebook or a script. Light: no pandas. Must not know HTTP, TLS or IPython."""

import os
import time
from collections.abc import Callable

from antigranular.audit_log import AuditLog
from antigranular.bearer import Token
from antigranular.budget_requests import BudgetRequest, requests_of
from antigranular.budgets import Budgets
from antigranular.code_requests import CodeRequest, reviews_of
from antigranular.config import Credentials, find_credentials, find_target
from antigranular.errors import WireError
from antigranular.holdings import Datasets
from antigranular.listing import Listing
from antigranular.projects import Project, projects_of
from antigranular.rest import Enclave
from antigranular.transport import TlsTransport, Transport
from antigranular.users import Users


class Owner:
    """What one may steer and see; the enclave refuses (RequestRefused) what the role may not."""

    def __init__(self, enclave: Enclave) -> None:
        me = enclave.ask("GET", "/ag/v1/me")
        if not isinstance(me, dict):
            raise WireError("the enclave doesn't say who this is")
        self._enclave = enclave
        self.user_id = str(me.get("user_id"))
        self.role = str(me.get("role"))

    @property
    def requests(self) -> Listing[BudgetRequest]:
        """Requests for budget that wait for a decision, the newest first; each has ``accept(eps=…, reason=…)`` and ``deny(reason)``."""
        return requests_of(self._enclave, "?state=open")

    @property
    def decided(self) -> Listing[BudgetRequest]:
        """Requests for budget, also those that were decided or withdrawn."""
        return requests_of(self._enclave)

    @property
    def reviews(self) -> Listing[CodeRequest]:
        """Code that waits for review, the newest first; each has ``show()``, ``run("mock")``, ``run("data")``, ``approve(run)`` and ``deny(reason)``."""
        return reviews_of(self._enclave, "?state=open")

    @property
    def reviewed(self) -> Listing[CodeRequest]:
        """Code for review, also what was decided or withdrawn."""
        return reviews_of(self._enclave)

    @property
    def projects(self) -> Listing[Project]:
        """All projects."""
        return projects_of(self._enclave)

    @property
    def budgets(self) -> Budgets:
        """Caps and what was spent; ``set`` and ``unset`` change a cap, with a reason."""
        return Budgets(self._enclave)

    @property
    def datasets(self) -> Datasets:
        """Data sets, also retired ones: ``upload``, ``search``, and each by name, number or variable."""
        return Datasets(self._enclave)

    @property
    def users(self) -> Users:
        """Accounts, for operators: ``add``, ``rotate``, ``disable``, ``enable``, ``change_role``."""
        return Users(self._enclave)

    @property
    def log(self) -> AuditLog:
        """The audit log, for owners and auditors."""
        return AuditLog(self._enclave)

    def __repr__(self) -> str:
        return f"<{self.role} {self.user_id} of an enclave>"


def connect(
    url: str | None = None,
    user_id: str | None = None,
    user_secret: str | None = None,
    *,
    ca: str | os.PathLike[str] | None = None,
    identity: str | Callable[[], str] | None = None,
    transport: Transport | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Owner:
    """Reach an enclave as its owner, operator or auditor. No session is started.

    Arguments default to AG_ENCLAVE_URL, AG_USER_ID, AG_USER_SECRET and AG_ENCLAVE_CA. ``identity``: a token of the enclave's OpenID Connect issuer, or
    what fetches one, instead of id and secret. Raises LoginError, EnclaveUnreachable, UntrustedEnclave, IncompatibleEnclave or RequestRefused.
    """
    credentials = find_credentials(user_id, user_secret) if identity is None else Credentials.of(identity)
    network = transport if transport is not None else TlsTransport(find_target(url, ca))
    enclave = Enclave(network, Token(credentials, network, clock))
    enclave.shake_hands()
    return Owner(enclave)
