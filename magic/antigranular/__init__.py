"""The analyst's side: log in to an enclave, run cells there, get back what may be known; and the owner's, who decides about it. Knows the wire and nothing else of ours."""

from typing import Any

from antigranular import plots
from antigranular.asset import Asset, Dataset
from antigranular.errors import (
    AgError,
    CellError,
    CellInterrupted,
    CellRefused,
    CellTimedOut,
    ConnectionLost,
    EnclaveUnreachable,
    IncompatibleEnclave,
    LoginError,
    NameTaken,
    NotAvailable,
    NotImportable,
    NotLoggedIn,
    NotPredictions,
    RequestRefused,
    SessionError,
    UntrustedEnclave,
    WireError,
)
from antigranular.login import attach, datasets, login
from antigranular.model import Model
from antigranular.notebook import active_shell
from antigranular.owner import Owner, connect
from antigranular.policies import ExactMatch, Executions, SingleExecution, code_request
from antigranular.projects import Project
from antigranular.session import Session
from antigranular.tensor import AnnotatedTensor, Tensor

__version__ = "0.1.0"
__all__ = [
    "AgError",
    "AnnotatedTensor",
    "Asset",
    "CellError",
    "CellInterrupted",
    "CellRefused",
    "CellTimedOut",
    "ConnectionLost",
    "Dataset",
    "EnclaveUnreachable",
    "ExactMatch",
    "Executions",
    "IncompatibleEnclave",
    "LoginError",
    "Model",
    "NameTaken",
    "NotAvailable",
    "NotImportable",
    "NotLoggedIn",
    "NotPredictions",
    "Owner",
    "Project",
    "RequestRefused",
    "Session",
    "SessionError",
    "SingleExecution",
    "Tensor",
    "UntrustedEnclave",
    "WireError",
    "attach",
    "code_request",
    "connect",
    "datasets",
    "load_ipython_extension",
    "login",
    "plots",
]


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext antigranular``, which the import in a notebook has done already: offer ``%%ag`` and ``%ag``, which ask for a login."""
    from antigranular.magics import offer_magics

    offer_magics(shell)


def __dir__() -> list[str]:
    """What Tab shows behind ``ag.``: what is for people."""
    return sorted(__all__)


# Before a login, too: a cell with %%ag then says what is missing, and fails, where IPython's own word about it fails nothing.
if (_shell := active_shell()) is not None:
    load_ipython_extension(_shell)
