"""Where a session's processes run: by the numbers, with processes that are told and don't run."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from ag_enclave.session.places import Places, crowded
from ag_sandbox.processors import Place


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """Of a session, what counts among all."""

    runs: bool = False
    stands_back: bool = False


COMPUTES, SHORT, IDLE = Somebody(runs=True, stands_back=True), Somebody(runs=True), Somebody()


@pytest.mark.parametrize(
    ("sessions", "processors", "crowd"),
    [
        ([COMPUTES] * 3, 3, True),
        ([COMPUTES] * 2 + [IDLE] * 50, 3, False),
        ([COMPUTES] * 20 + [SHORT] * 2 + [IDLE] * 50, 3, True),
        ([COMPUTES] * 20 + [SHORT] * 3, 3, False),
        ([COMPUTES] * 20, 0, False),
        ([], 3, False),
    ],
    ids=["one each", "a processor is free", "many", "too many short ones for one", "none is spared", "nobody"],
)
def test_processors_are_crowded_where_all_but_the_spared_one_are_kept_and_that_one_suffices(
    sessions: list[Somebody], processors: int, crowd: bool
) -> None:
    assert crowded(sessions, processors) is crowd


@dataclass
class Process:
    """A child that remembers where it was put."""

    seconds: float = 0.0
    told: list[tuple[Place, bool]] = field(default_factory=list)

    def cpu_seconds(self) -> float:
        return self.seconds

    def settle(self, place: Place, *, behind: bool = False) -> None:
        self.told.append((place, behind))


class Clock:
    """Stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _looked(*, crowd: bool, kernel: float = 0.0, checker: float = 0.0, vault: float = 0.0) -> dict[str, Any]:
    """Where each is after a look half a second later, having computed so many seconds."""
    clock = Clock()
    places = Places(5, clock)
    children: dict[str, Any] = {"kernel": Process(kernel), "checker": Process(checker), "vault": Process(vault)}
    clock.now = 0.5
    places.look(children, runs=True, cells=1, exported=0, crowd=crowd)
    return {role: child.told[-1] for role, child in children.items()}


def test_short_work_keeps_together_where_others_crowd_the_processors_and_runs_anywhere_otherwise() -> None:
    front = (Place.SPARED, False)
    assert _looked(crowd=True) == {"kernel": front, "checker": front, "vault": (Place.ANYWHERE, False)}
    assert set(_looked(crowd=False).values()) == {(Place.ANYWHERE, False)}


def test_whoever_computes_leaves_the_spared_processor_and_only_a_kernel_weighs_less() -> None:
    busy = {"kernel": 0.4, "checker": 0.4, "vault": 0.4}
    aside = (Place.ASIDE, False)
    assert _looked(crowd=True, **busy) == {"kernel": (Place.ASIDE, True), "checker": aside, "vault": aside}
    anywhere = (Place.ANYWHERE, False)
    assert _looked(crowd=False, **busy) == {"kernel": (Place.ASIDE, True), "checker": anywhere, "vault": anywhere}


def test_a_checker_that_rests_has_no_place() -> None:
    places = Places(5, Clock())
    kernel: Any = Process()
    places.look({"kernel": kernel}, runs=False, cells=0, exported=0, crowd=True)
    assert kernel.told == [(Place.SPARED, False)]
