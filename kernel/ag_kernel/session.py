"""What lasts from cell to cell: variables, the cells' texts, the conversations with notebook, vault and checker.

It must not know messages; handlers call it, cells change it.
"""

from dataclasses import dataclass, field
from typing import Any

from ag_kernel.arrivals import Arrivals
from ag_kernel.compiler.checker_client import CheckerClient
from ag_kernel.desk import NotebookDesk
from ag_kernel.interrupts import Interrupts
from ag_kernel.limits import Limits
from ag_kernel.output import Output
from op_pandas.vault import SocketVault


@dataclass(slots=True, kw_only=True)
class Session:
    """One guest's session; ``datasets`` maps a bound variable to the data set's name, ``sources`` a cell's file name to its text."""

    name: str
    limits: Limits
    namespace: dict[str, Any]
    injected: frozenset[str]
    datasets: dict[str, str]
    interrupts: Interrupts
    output: Output
    desk: NotebookDesk
    arrivals: Arrivals
    vault: SocketVault
    checker: CheckerClient
    sources: dict[str, str] = field(default_factory=dict)
    cells: int = 0
