"""The vault's process: answers its guest on the plan socket and its gateway on the control socket, until either hangs up.

Knows sockets and settings; what a request means is ``session``'s. Everything it needs is imported here, before the jail closes.
"""

import contextlib
import logging
import select
import socket
import sys
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from ag_plan.errors import MalformedPlan
from ag_plan.relations import Source
from ag_plan.releases import Describe, Epsilon, Release
from ag_vault.account import Cap
from ag_vault.catalog import Budget, Catalog, Table, read_catalog
from ag_vault.conversation import Conversation
from ag_vault.data import open_mocks, open_rows, prepare
from ag_vault.errors import Refusal
from ag_vault.ledger import Ledger
from ag_vault.mapper import Mapper, SocketMapper
from ag_vault.noise import OpenDPNoise
from ag_vault.price import price
from ag_vault.schedule import Immediate, Schedule, Slots
from ag_vault.session import MOST_LOST, Session, Who, log_problem
from ag_vault.space import ColumnSpace

_log = logging.getLogger(__name__)

_LONGEST_CONTROL = 1 << 20
_SCRATCH_DELTA = Fraction(1, 10**6)
_ENGINE_SHARE = 0.75
"""Of the process's memory, what the query engine may take."""
_MOCK_SHARE = 0.125
"""What the engine of mocks may take, where one is started."""
_SCHEDULES: Mapping[str, Callable[[], Schedule]] = {"default": Slots, "immediate": Immediate}


class DatasetPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a data set is."""

    name: str
    path: str


class SessionCap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the session itself may spend on each data set, as exact decimal text."""

    epsilon: str
    delta: str = "0"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway says about a session. ``scratch``: a folder to spill into, or None."""

    session: str
    analyst: str
    datasets: tuple[DatasetPlace, ...]
    ledger: str
    schedule: str = "default"
    scratch_budget: float = 100.0
    scratch: str | None = None
    session_budget: SessionCap | None = None
    most_lost: int = MOST_LOST
    memory_bytes: int = 2 << 30
    threads: int = 2


def main(sockets: Mapping[str, socket.socket], settings: Mapping[str, Any]) -> None:
    """Serve one session. BadCatalog (or ValidationError) where its data sets or settings can't be used; nobody was answered."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s vault %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    mapper = SocketMapper(sockets["map"]) if "map" in sockets else None
    session = open_session(msgspec.convert(dict(settings), Settings), mapper)
    plan = Conversation(sockets["plan"])
    control = Conversation(sockets["control"], longest=_LONGEST_CONTROL)
    peers = {
        plan.stream.fileno(): (plan, session.reply),
        control.stream.fileno(): (control, Control(session).reply),
    }
    waiting = select.poll()
    for peer in peers:
        waiting.register(peer, select.POLLIN)
    with contextlib.closing(session), plan.stream, control.stream:
        while all(_serve(*peers[ready]) for ready, _ in waiting.poll()):
            pass


def warm() -> None:
    """Pay what the first release would pay, before the first fork: noise constructors, the ledger's statements, SQL's grammar, the engine."""
    msgspec.convert({"session": "", "analyst": "", "datasets": [], "ledger": ""}, Settings)
    prepare()
    OpenDPNoise().warm()
    Ledger.in_memory().open()
    table = Table(key="warm/table", dataset="warm", columns={"x": ColumnSpace(kind="float", lower=0.0, upper=1.0)})
    plan = Release(
        relation=Source(table=table.key), measure=Describe(columns=("x",)), spend=Epsilon(numerator=1, denominator=1)
    )
    price(plan, Catalog().with_table(table))


def open_session(settings: Settings, mapper: Mapper | None = None) -> Session:
    """The session that the settings describe. ``mapper``: what runs programs; without one, they are refused."""
    catalog = read_catalog([Path(place.path) for place in settings.datasets])
    cap = settings.session_budget
    return Session(
        Who(
            analyst=settings.analyst,
            session=settings.session,
            cap=None if cap is None else Cap(epsilon=Fraction(cap.epsilon), delta=Fraction(cap.delta)),
            most_lost=settings.most_lost,
        ),
        catalog,
        rows=open_rows(
            catalog,
            threads=settings.threads,
            memory_bytes=int(settings.memory_bytes * _ENGINE_SHARE),
            spill=None if settings.scratch is None else Path(settings.scratch),
            mapper=mapper,
        ),
        # Opened when it is first read or charged: a session that only computes on public values never pays for that. One that can't be
        # opened refuses every charge and says so in the log; what is free still works.
        ledger=Ledger.at(settings.ledger),
        scratch_budget=_scratch_budget(settings.scratch_budget),
        noise=OpenDPNoise(),
        schedule=_SCHEDULES[settings.schedule](),
        mocks=lambda known: open_mocks(known, memory_bytes=int(settings.memory_bytes * _MOCK_SHARE), mapper=mapper),
    )


def _scratch_budget(epsilon: float) -> Budget:
    cap = Cap(epsilon=Fraction(repr(epsilon)), delta=_SCRATCH_DELTA)
    return Budget(everyone=cap, per_analyst=cap, per_call=cap)


def _serve(peer: Conversation, reply: Callable[[bytes], bytes | None]) -> bool:
    """Answer what has arrived; False where the conversation is over."""
    try:
        frames = peer.receive()
        if frames is None:
            return False
        for frame in frames:
            answered = reply(frame)
            if answered is None:
                return False
            peer.send(answered)
    except (MalformedPlan, OSError) as problem:
        _log.warning("a conversation ended: %s", type(problem).__name__)
        return False
    return True


class Control:
    """What the gateway may ask: public things only, as JSON."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def reply(self, payload: bytes) -> bytes | None:
        """The reply to one JSON object; None to close. Total."""
        try:
            asked = msgspec.json.decode(payload, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError, ValueError):
            asked = {}
        if asked.get("op") == "close":
            return None
        handler = _CONTROL.get(str(asked.get("op")))
        if handler is None:
            return msgspec.json.encode({"error": "The vault doesn't know this operation."})
        try:
            return msgspec.json.encode(handler(self._session))
        except Exception as problem:  # noqa: BLE001 - the gateway learns no more than a guest
            log_problem(problem)
            return msgspec.json.encode({"error": "The vault could not answer this."})


def _odometer(session: Session) -> dict[str, Any]:
    balances = session.balances()
    return {"error": balances.why} if isinstance(balances, Refusal) else {"balances": balances}


def _catalog(session: Session) -> dict[str, Any]:
    datasets = session.datasets()
    shown = [
        {
            "name": each.name,
            "variable": each.variable,
            "views": [{"key": view.key, "kind": view.kind} for view in each.views],
        }
        for each in datasets
    ]
    return {"datasets": shown}


_CONTROL: Mapping[str, Callable[[Session], dict[str, Any]]] = {"odometer": _odometer, "catalog": _catalog}
