"""Record and replay: one session's every answer with noise recorded, another's with draws that lead to the very same noisy numbers.

What neighbouring rows then still change in what the guest, the ledger or the noise source sees is a leak. The noise is injected as a
parameter; that it knows which exact integers it is about to cover is all that is added to the vault here.
"""

import random
import socket
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from itertools import accumulate
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from ag_mapper import serve
from ag_plan import messages
from ag_plan.codec import encode_message, encode_plan
from ag_plan.releases import Release
from ag_vault import answer, perturb
from ag_vault.evaluate import Data, Exact, evaluate
from ag_vault.exact import cut
from ag_vault.ledger import Ledger
from ag_vault.ledger.chain import GENESIS
from ag_vault.ledger.connect import memory_engine
from ag_vault.ledger.schema import ANSWERS, BALANCES, EVENTS, HEAD, LOG, REFUSALS
from ag_vault.mapper import SocketMapper
from ag_vault.mechanisms import exponential, lifted, nested
from ag_vault.mechanisms.exponential import Aim, Domain, Tally
from ag_vault.noise import Noise
from ag_vault.parts import Lifted
from ag_vault.price import Priced
from ag_vault.session import Session, Who
from tests.vault import neighbours
from tests.vault.lifting import hidden
from tests.vault.neighbours import Database

EDGES = (0, 0, 1, -1, 5, 2**20, -(2**33), 2**40, 2**63 - 1, -(2**63))


@dataclass
class Frozen:
    """A noise source that records where its draws led, or (``led`` given) leads there again. Remembers what was asked of it."""

    seed: int
    led: list[Any] | None = None
    asked: list[tuple[str, Any]] = field(default_factory=list)
    noisy: list[Any] = field(default_factory=list)
    covering: list[int] = field(default_factory=list)
    part: Lifted | None = None
    choice: "tuple[Tally, Domain, Aim] | None" = None
    exact: Exact | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def laplace(self, scale: float, count: int) -> list[int]:
        """Draws for the exact integers that were looked at last."""
        return self._covered("laplace", scale, count)

    def gaussian(self, scale: float, count: int) -> list[int]:
        """As for Laplace: whatever their distribution, they lead to the same place."""
        return self._covered("gaussian", scale, count)

    def _covered(self, kind: str, scale: float, count: int) -> list[int]:
        self.asked.append((kind, (scale, count)))
        if self.part is not None:
            return self._lifted(self.part, scale, count)
        exact, self.covering = self.covering, []
        assert len(exact) == count, "each number has a draw of its own"
        if self.led is None:
            drawn = [self._random.choice((*EDGES, int(self._random.gauss(0, scale)))) for _ in exact]
            self.noisy.append([cut(cut(value) + draw) for value, draw in zip(exact, drawn, strict=True)])
            return drawn
        wanted = self.led[len(self.noisy)]
        self.noisy.append(wanted)
        return [target - cut(value) for target, value in zip(wanted, exact, strict=True)]

    def _lifted(self, part: Lifted, scale: float, count: int) -> list[int]:
        """Draws for hidden integers, of which only the image is seen."""
        exact, self.covering, self.part = self.covering[-part.size :], [], None
        if self.led is None:
            drawn = [self._random.choice((*EDGES, int(self._random.gauss(0, scale)))) for _ in range(count)]
            self.noisy.append([cut(cut(x) + more) for x, more in zip(exact, part.image(drawn), strict=True)])
            return drawn
        wanted = self.led[len(self.noisy)]
        self.noisy.append(wanted)
        return hidden(part, [target - cut(value) for target, value in zip(wanted, exact, strict=True)])

    def uniform(self, below: int) -> int:
        """A place in the range that gives the wanted point."""
        assert self.choice is not None
        tally, domain, aim = self.choice
        # How wide the range is depends on the rows and is seen by nobody.
        self.asked.append(("uniform", (domain, aim)))
        if self.led is None:
            return int(below * Fraction(self._random.random()))
        runs = exponential.runs_of(tally, domain, aim)
        weights = exponential.weights_of(runs.scores, aim.theta)
        wanted = self.led[len(self.noisy)]
        run = bisect_right(runs.starts.tolist(), wanted) - 1
        before = [0, *accumulate(w * length for w, length in zip(weights, runs.lengths.tolist(), strict=True))]
        return before[run] + (wanted - int(runs.starts[run])) * weights[run]


@contextmanager
def watched(noise: Frozen) -> Iterator[None]:
    """Evaluation and choice as they are, but that the noise source is told what it covers."""

    class Looked(dict[tuple[int, int], tuple[int, ...]]):
        def __getitem__(self, key: tuple[int, int]) -> tuple[int, ...]:
            vector = super().__getitem__(key)
            noise.covering.extend(vector)
            return vector

    def evaluated(priced: Priced, data: Data) -> Exact:
        noise.exact = found = evaluate(priced, data)
        return Exact(vectors=Looked(found.vectors), tallies=found.tallies)

    def chosen(tally: Tally, domain: Domain, aim: Aim, source: Noise) -> int:
        noise.choice = tally, domain, aim
        point = exponential.choose(tally, domain, aim, source)
        noise.noisy.append(point)
        return point

    def perturbed(part: Lifted, vector: Sequence[int], draw: Callable[[int], Sequence[int]]) -> tuple[int, ...]:
        noise.part = part
        return lifted.perturb(part, vector, draw)

    with (
        patch.object(answer, "evaluate", evaluated),
        patch.object(nested, "choose", chosen),
        patch.object(perturb, "lifted", SimpleNamespace(perturb=perturbed)),
    ):
        yield


class Recorded:
    """A schedule that holds nothing back and remembers from what it would have chosen a slot."""

    def __init__(self) -> None:
        self.held: list[tuple[int, int | None, int]] = []

    def hold(self, started: float, *, numbers: int, rows: int | None, programs: int = 0) -> None:
        """As the protocol says."""
        del started
        self.held.append((numbers, rows, programs))

    def now(self) -> float:
        """As the protocol says."""
        return 0.0


@cache
def _ledger() -> Ledger:
    ledger = Ledger(memory_engine(), clock=lambda: 7)
    ledger.open()
    with ledger._engine.begin() as connection:
        for trigger in ("events_UPDATE", "events_DELETE", "log_UPDATE", "log_DELETE"):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
    return ledger


def _emptied() -> Ledger:
    """A ledger as new: making one takes longer than all that is done with it."""
    ledger = _ledger()
    with ledger._engine.begin() as connection:
        for table in (EVENTS, BALANCES, ANSWERS, LOG, REFUSALS):
            connection.execute(sa.delete(table))
        connection.execute(sa.update(HEAD).values(sequence=0, hash=GENESIS))
    ledger.__dict__.pop("_witness", None)  # nobody has seen what is no more
    return ledger


@dataclass(frozen=True)
class Seen:
    """All that can be observed of a session: its replies' bytes, the ledger's rows, what was asked of the noise source."""

    replies: tuple[bytes, ...]
    ledger: Mapping[str, list[tuple[Any, ...]]]
    asked: list[tuple[str, Any]]
    noisy: list[Any]
    slots: list[tuple[int, int | None, int]]
    exact: Exact | None = field(compare=False)
    """What the noise covered: seen by nobody."""


@cache
def _mapper() -> SocketMapper:
    """The mapper itself at the other end of a socket: one for all sessions, as it keeps nothing."""
    ours, theirs = socket.socketpair()

    def work() -> None:
        while serve.one(theirs):
            pass

    threading.Thread(target=work, daemon=True).start()
    return SocketMapper(ours)


Watch = Callable[[Any], AbstractContextManager[None]]


def run(
    release: Release, database: Database, noise: Frozen, *, shuffled: int | None = None, watch: Watch | None = None
) -> Seen:
    """A session that asks for everything about a release: schema, preview, the release twice, and what is left."""
    ledger, schedule = _emptied(), Recorded()
    rows = neighbours.put(database, shuffled=shuffled)
    rows.mapper = _mapper()
    session = Session(
        Who(analyst="ann", session="s"),
        neighbours.catalog(),
        rows=rows,  # type: ignore[arg-type]  # all of it that a session uses
        ledger=ledger,
        scratch_budget=neighbours.BUDGET,
        noise=noise,
        schedule=schedule,
    )
    plan = encode_plan(release)
    asked: tuple[messages.Message, ...] = (
        messages.AskSchema(id=1, relation=encode_plan(release.relation)),
        messages.AskPreview(id=2, release=plan),
        messages.AskRelease(id=3, release=plan, library="op_pandas"),
        messages.AskRelease(id=4, release=plan, library="op_pandas"),
        messages.AskOdometer(id=5),
    )
    with (watch or watched)(noise):
        replies = tuple(session.reply(encode_message(message)) for message in asked)
    with ledger._engine.begin() as connection:
        entries = {
            table.name: [tuple(row) for row in connection.execute(sa.select(table))]
            for table in (EVENTS, BALANCES, LOG)
        }
    return Seen(
        replies=replies, ledger=entries, asked=noise.asked, noisy=noise.noisy, slots=schedule.held, exact=noise.exact
    )


def alike(release: Release, one: Database, other: Database, *, seed: int) -> tuple[Seen, Seen]:
    """The release on one database, and on the other with draws that lead to the same noisy numbers."""
    recorded = run(release, one, Frozen(seed=seed))
    return recorded, run(release, other, Frozen(seed=seed, led=recorded.noisy), shuffled=seed)
