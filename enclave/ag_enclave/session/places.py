"""Where a session's processes run: who computes goes aside, and short work keeps together where nobody computes.

Knows the processes of one session and the place of each; of other sessions only whether they crowd the processors.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from ag_enclave.session.precedence import Precedence
from ag_sandbox.nursery import Child
from ag_sandbox.processors import Place

_KERNEL: Final = "kernel"
_FEW: Final = 2
"""Short cells at once that the spared processor serves well."""
_SHORT: Final[Mapping[str, Place]] = {_KERNEL: Place.SPARED, "checker": Place.SPARED, "vault": Place.ANYWHERE}
"""Where who computes little is while the others crowd the processors. A vault has threads, and a release may begin at any moment."""


class Load(Protocol):
    """What counts of a session among all."""

    @property
    def runs(self) -> bool:
        """Whether a cell runs."""

    @property
    def stands_back(self) -> bool:
        """Whether its kernel computes, and lets others go first."""


def crowded(sessions: Iterable[Load], processors: int) -> bool:
    """Whether those that compute keep all of so many processors, beside the spared one, and few short cells run: these keep together then.

    Beside one that computes, what wakes for a moment waits for ticks of the host's, again and again on its way from process to process.
    Where many want to run, waiting for each other would take longer.
    """
    computing = short = 0
    for session in sessions:
        computing += session.stands_back
        short += session.runs and not session.stands_back
    return 0 < processors <= computing and short <= _FEW


class Places:
    """One session's. ``percent`` and ``clock`` as of ``Precedence``."""

    def __init__(self, percent: int, clock: Callable[[], float]) -> None:
        self._looks = {role: Precedence(percent, clock) for role in _SHORT}

    @property
    def stands_back(self) -> bool:
        """Whether the kernel does."""
        return self._looks[_KERNEL].stands_back

    def look(self, children: Mapping[str, Child], *, runs: bool, cells: int, exported: int, crowd: bool) -> None:
        """Put each in its place, from what it computed. ``cells`` begun and bytes ``exported`` up to now; ``crowd``: as ``crowded`` has it.

        Only a kernel also weighs less: a checker's kernel waits for it, and a vault may hold what other vaults wait for.
        """
        for role, child in children.items():
            kernel = role == _KERNEL
            precedence = self._looks[role]
            computes = precedence.look(child.cpu_seconds(), runs=runs, cells=cells, exported=exported if kernel else 0)
            if computes:
                child.settle(Place.ASIDE if kernel or crowd else Place.ANYWHERE, behind=kernel)
            else:
                child.settle(_SHORT[role] if crowd else Place.ANYWHERE)


def forward(kernel: Child) -> None:
    """An interrupt is heard at once."""
    kernel.settle(Place.ANYWHERE)
