"""The doors: each takes any bytes, and may answer or refuse them in its own words. Anything else that is raised is a finding."""

import random
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from ag_enclave.bridge import inbound, wire_json, wire_v1
from ag_enclave.bridge.message import Incoming
from ag_enclave.bridge.outbound import Outbound
from ag_enclave.config import Wire
from ag_enclave.errors import MalformedMessage
from ag_enclave.session.ring import Said
from ag_plan.codec import decode_message, decode_plan, encode_message, encode_plan
from ag_plan.errors import MalformedPlan
from ag_plan.expressions import Expression
from ag_plan.messages import REPLIES, REQUESTS, AskPreview, AskRelease, Refused
from ag_plan.relations import Relation
from ag_plan.releases import Release
from ag_vault.serve import Control, Settings, open_session
from ag_vault.session import Session
from antigranular.errors import WireError
from antigranular.values import decode_export
from tests.fuzz import exports, rooms, seeds
from tests.fuzz.grammar import Words

TABLE = "clinic/train"
LIMITS = Wire(cell_bytes=4096, output_bytes=4096, export_bytes=1 << 16)
_CONTENT = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A door, and what honest ends send through it."""

    door: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    executes: bool = False
    """Whether it does more than read: fewer tries of it fit in a second."""


def plan(data: bytes) -> None:
    """A plan that is accepted survives the way back and forth."""
    for family in (Release, Relation, Expression):
        with suppress(MalformedPlan):
            found = decode_plan(data, family)
            assert decode_plan(encode_plan(found), family) == found


def message(data: bytes) -> None:
    """Either side's messages."""
    for side in (REQUESTS, REPLIES):
        with suppress(MalformedPlan):
            found = decode_message(data, side)
            again = encode_message(found)
            assert encode_message(decode_message(again, side)) == again  # as bytes: a NaN equals no NaN


def _client(read: Callable[[bytes], Incoming]) -> Callable[[bytes], None]:
    """From a client: what passes can be sent on to the kernel, and every answer back to the client."""

    def door(data: bytes) -> None:
        with suppress(MalformedMessage):
            verdict = inbound.admit(read(data), "ann", LIMITS)
            if isinstance(verdict, inbound.Forward):
                wire_v1.encode(verdict.message)
            elif isinstance(verdict, inbound.Answer | inbound.Act):
                _sent(*verdict.messages)

    return door


def kernel(data: bytes) -> None:
    """From a kernel: what passes can be sent to clients in both layouts."""
    bridge = Outbound(session="s", limits=LIMITS)
    bridge.asked({"msg_id": "m", "msg_type": "execute_request"})
    with suppress(MalformedMessage):
        found = bridge.admit(wire_v1.decode(data, _CONTENT))
        if found is not None:
            _sent(found)


def _sent(*messages: object) -> None:
    for each in messages:
        said = Said(0, each)  # type: ignore[arg-type]
        assert said.v1()
        assert said.json()


def _text(data: bytes) -> Incoming:
    try:
        return wire_json.decode(data.decode("utf-8"), _CONTENT)
    except UnicodeDecodeError:
        return wire_json.decode(data, _CONTENT)


@cache
def session() -> Session:
    """A real vault's session with a few rows, a ledger on disk and no schedule. Left to the end of the process."""
    from tests.vault.owners import GOOD_ROW, load, metadata, write_csv

    folder = Path(tempfile.mkdtemp(prefix="ag-fuzz-"))
    load(folder, metadata(), write_csv(folder, *[GOOD_ROW] * 20))
    told = {
        "session": "s",
        "analyst": "ann",
        "datasets": [{"name": "Clinic", "path": str(folder / "out")}],
        "ledger": str(folder / "ledger.sqlite"),
        "schedule": "immediate",
        "memory_bytes": 1 << 29,
    }
    return open_session(msgspec.convert(told, Settings))


def vault(data: bytes) -> None:
    """A guest's request, all the way to an answer: always exactly one reply, and never "internal"."""
    reply = decode_message(session().reply(data), REPLIES)
    assert getattr(reply, "code", "") != "internal", reply


def words(data: bytes) -> None:
    """Well-formed plans of all words: previewed, and where that is refused, refused as a release too."""
    chance = random.Random(data)
    try:
        encoded = encode_plan(Words(chance, TABLE).release())
    except (ValueError, TypeError, UnicodeEncodeError, OverflowError, MalformedPlan):
        return  # no guest can make one either
    preview = decode_message(session().reply(encode_message(AskPreview(id=1, release=encoded))), REPLIES)
    assert getattr(preview, "code", "") != "internal", preview
    if chance.random() < 0.2 or not isinstance(preview, Refused):
        answer = decode_message(session().reply(encode_message(AskRelease(id=1, release=encoded))), REPLIES)
        assert getattr(answer, "code", "") != "internal", answer
        assert isinstance(preview, Refused) <= isinstance(answer, Refused), (preview, answer)


def control(data: bytes) -> None:
    """The gateway's question."""
    Control(session()).reply(data)


def export(data: bytes) -> None:
    """A hostile enclave's export, decoded by a client and looked at."""
    node, buffers = exports.hostile(random.Random(data))
    with suppress(WireError):
        _, value = decode_export({"version": 1, "name": "x", "value": node}, buffers)
        known = getattr(value, "ag", None)
        assert repr(value) is not None
        assert known is None or (repr(known) and known._repr_html_())


TARGETS: Mapping[str, Target] = {
    "plan": Target(door=plan, seeds=lambda: seeds.plans(TABLE)),
    "message": Target(door=message, seeds=lambda: seeds.requests(TABLE)),
    "client": Target(
        door=_client(lambda data: wire_v1.decode(data, _CONTENT)), seeds=lambda: seeds.binary(seeds.ASKED)
    ),
    "client-json": Target(door=_client(_text), seeds=lambda: seeds.texts(seeds.ASKED)),
    "kernel": Target(door=kernel, seeds=lambda: seeds.binary(seeds.SAID)),
    "vault": Target(door=vault, seeds=lambda: seeds.requests(TABLE), executes=True),
    "words": Target(door=words, seeds=lambda: [bytes([n]) for n in range(8)], executes=True),
    "export": Target(door=export, seeds=lambda: [bytes([n]) for n in range(64)], executes=True),
    "control": Target(door=control, seeds=lambda: list(seeds.CONTROL), executes=True),
    "policy": Target(door=rooms.policy, seeds=rooms.cells, executes=True),
    "checker": Target(door=rooms.checker, seeds=rooms.questions, executes=True),
    "checked": Target(door=rooms.checked, seeds=rooms.answers, executes=True),
    "request": Target(door=rooms.request, seeds=lambda: seeds.binary(seeds.ASKED)),
    "import": Target(door=rooms.imported, seeds=rooms.parcels),
    "mapper": Target(door=rooms.mapper, seeds=rooms.programs, executes=True),
    "mapped": Target(door=rooms.mapped, seeds=rooms.results),
}
