"""The guest's end of the plan socket: one question, one answer. Binds the vault that frames of this process ask.

Must not know what questions mean; only that a refusal is raised and a charge is remembered for the budget line.
"""

import itertools
import os
import select
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, TypeVar

import msgspec

from ag_plan.codec import children, decode_message, decode_plan, encode_message
from ag_plan.errors import MalformedPlan
from ag_plan.frames import Frames, send_frame
from ag_plan.messages import REPLIES, AskRelease, Message, Refused, Released
from ag_plan.relations import Relation, Source
from ag_plan.releases import Release
from op_pandas.errors import VaultGone, refusal

Reply = TypeVar("Reply", bound=Message)
SCRATCH = "scratch"
"""The data set of a guest's own public values."""
AWAKE_NANOSECONDS = 100_000
"""How long an answer is awaited without sleeping: all that a question may cost of a processor beyond its work."""


class Vault(Protocol):
    """Whoever answers plans."""

    def ask(self, message: Message) -> Message:
        """The reply to a request; its ``id`` is the vault's business, give 0. Raises the exception a refusal names."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one release cost: the variable of its data set (or ``scratch``), ε exactly, δ, its label; where it was paid in ρ, that and no ε."""

    dataset: str
    epsilon: Fraction
    delta: float
    library: str
    rho: Fraction = Fraction(0)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold SIGINT back, so that no frame is ever half sent or half read."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class SocketVault:
    """The vault at the other end of a socket. One conversation: not for several threads at a time.

    An interrupt may come while an answer is awaited: the answer is then discarded when it comes, and what it cost is still told.
    ``shield`` holds interrupts back: without one given, SIGINT is blocked, which takes system calls.
    """

    def __init__(
        self, stream: socket.socket, *, shield: Callable[[], AbstractContextManager[object]] = _uninterrupted
    ) -> None:
        self._stream = stream
        self._shield = shield
        self._frames = Frames()
        self._arrived: deque[bytes] = deque()
        self._ids = itertools.count(1)
        self._unanswered: dict[int, Message] = {}
        self._dry = False
        self._charges: list[Charge] = []
        self._waiting = select.poll()
        self._waiting.register(stream, select.POLLIN)

    def ask(self, message: Message) -> Message:
        """The reply to a request. VaultGone where the vault is gone, else the exception a refusal names."""
        number = next(self._ids)
        request = msgspec.structs.replace(message, id=number)
        if self._dry and isinstance(request, AskRelease):
            request = msgspec.structs.replace(request, mock=True)
        try:
            payload = encode_message(request)
            with self._shield():
                send_frame(self._stream, payload)
                self._unanswered[number] = request
            reply = self._receive(number)
        except MalformedPlan as reason:
            raise ValueError(str(reason)) from None
        except OSError:
            raise VaultGone("the vault of this session is gone; start a new session") from None
        if isinstance(reply, Refused):
            raise refusal(reply)
        return reply

    @contextmanager
    def rehearsing(self, *, dry: bool) -> Iterator[None]:
        """While it lasts, and if ``dry``, releases are those of mocks: free, and marked."""
        self._dry = dry
        try:
            yield
        finally:
            self._dry = False

    def charges(self) -> tuple[Charge, ...]:
        """What was charged since this was last asked, oldest first."""
        taken, self._charges = tuple(self._charges), []
        return taken

    def _receive(self, number: int) -> Message:
        while True:
            if not self._arrived:
                self._await()  # here, where an interrupt does no harm
            with self._shield():
                reply = self._heard()
            if reply is not None and reply.id in {number, 0}:  # 0: the vault could not read whose request it refuses
                return reply

    def _await(self) -> None:
        """Wait until something has come: awake at first, since a processor that sleeps takes longer to wake than a vault to say what a filter gives.

        Whoever else wants the processor meanwhile has it: the vault first, where they share one.
        """
        awake_until = time.monotonic_ns() + AWAKE_NANOSECONDS
        while not self._waiting.poll(0):
            if time.monotonic_ns() > awake_until:
                self._waiting.poll()
                return
            os.sched_yield()

    def _heard(self) -> Message | None:
        """The next reply, what it cost noted; None where it is not whole yet. VaultGone at the end of the stream."""
        if not self._arrived:
            part = self._stream.recv(self._frames.wanted)
            if not part:
                raise VaultGone("the vault of this session is gone; start a new session")
            self._arrived += self._frames.take(part)
        if not self._arrived:
            return None
        reply = decode_message(self._arrived.popleft(), REPLIES)
        self._note(self._unanswered.pop(reply.id, None), reply)
        return reply

    def _note(self, request: Message | None, reply: Message) -> None:
        if not isinstance(reply, Released) or not isinstance(request, AskRelease) or reply.repeated or reply.mock:
            return
        release = decode_plan(request.release, Release)
        charge = Charge(
            dataset=_dataset(release.relation),
            epsilon=Fraction(reply.cost.epsilon) if reply.cost.epsilon else Fraction(0),
            rho=Fraction(0) if reply.cost.epsilon else release.spend.fraction,
            delta=reply.cost.delta,
            library=request.library,
        )
        self._charges.append(charge)


def _dataset(relation: Relation) -> str:
    """The variable of the first data set of an owner's that is read; scratch where there is none."""
    found: list[str] = []
    seen: set[int] = set()
    waiting: list[Relation] = [relation]
    while waiting:
        node = waiting.pop()
        if id(node) not in seen:
            seen.add(id(node))
            found += [node.table.partition("/")[0]] if isinstance(node, Source) else []
            waiting.extend(child for child in reversed(children(node)) if isinstance(child, Relation))
    return next((name for name in found if name != SCRATCH), SCRATCH)


_bound: list[Vault] = []
"""The vault of this process: written by ``bind`` alone, because guests build frames and load data sets by bare names."""


def bind(vault: Vault) -> None:
    """Make ``vault`` the one that data sets and new frames of this process come from. Called once, before guest code."""
    _bound[:] = [vault]


def bound() -> Vault:
    """The bound vault. RuntimeError where none is."""
    if not _bound:
        raise RuntimeError("no vault is bound to this process; private frames exist only inside a session")
    return _bound[0]


def ask(vault: Vault, message: Message, expected: type[Reply]) -> Reply:
    """The reply to a request, of the kind expected. Raises the exception a refusal names."""
    reply = vault.ask(message)
    if not isinstance(reply, expected):
        raise VaultGone(f"the vault answered out of turn ({type(reply).__name__}); start a new session")
    return reply
