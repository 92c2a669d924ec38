"""The clerk's process: answers the gateway over one socket, until it hangs up. ``main`` is the entry point of its jail.

Knows a socket and settings; what a question means is the desk's. Everything it needs is imported here, before the jail closes.
"""

import contextlib
import logging
import select
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ag_plan.errors import MalformedPlan
from ag_vault.clerk.desk import Desk
from ag_vault.clerk.keeper import Keeper
from ag_vault.clerk.restoring import bring_forward, restore
from ag_vault.clerk.seal import Seal
from ag_vault.conversation import Conversation
from ag_vault.ledger.connect import engine_at, is_address, memory_engine
from ag_vault.ledger.register import Register

_LONGEST = 1 << 20
_LOOK_SECONDS = 0.2
"""How long a charge of a vault's may wait for its signature."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway says: where the ledger is, the key that signs its head, the folder where that lies, whether to restore from there."""

    ledger: str
    key: str
    audit: str
    restore: bool = False


def main(sockets: Mapping[str, socket.socket], settings: Mapping[str, Any]) -> None:
    """Serve until the gateway hangs up. Where the ledger can't be used, every answer says why."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s clerk %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    asked = msgspec.convert(dict(settings), Settings)
    register = Register(engine_at(asked.ledger))
    audit = Path(asked.audit)
    seal = Seal(Path(asked.key).read_bytes(), audit)
    keeper = Keeper(register, seal, audit)
    peer, desk = Conversation(sockets["clerk"], longest=_LONGEST), Desk(register, keeper)
    desk.open((lambda: _restored(asked, register, seal, audit)) if asked.restore else None)
    waiting = select.poll()
    waiting.register(peer.stream, select.POLLIN)
    with contextlib.closing(register), peer.stream:
        looks = time.monotonic()
        while True:
            if _lost(asked.ledger):
                raise SystemExit("the server's connection is lost; the next clerk has another")
            if time.monotonic() >= looks:
                desk.look()
                looks = time.monotonic() + _LOOK_SECONDS
            elif waiting.poll(_LOOK_SECONDS * 1000) and not _serve(peer, desk):
                return


def _restored(asked: Settings, register: Register, seal: Seal, audit: Path) -> str:
    if is_address(asked.ledger):
        return bring_forward(register, seal)
    return restore(Path(asked.ledger), seal, audit)


def _lost(place: str) -> bool:
    """Whether the ledger's server has hung up: a jailed process can't call again."""
    if not is_address(place):
        return False
    from ag_vault.ledger import postgres

    return postgres.lost(place)


def warm() -> None:
    """Pay before the first fork what the first question would pay."""
    Register(memory_engine()).open()


def _serve(peer: Conversation, desk: Desk) -> bool:
    """Answer what has arrived; False where the conversation is over."""
    try:
        frames = peer.receive()
        for frame in frames or ():
            peer.send(desk.reply(frame))
    except (MalformedPlan, OSError):
        return False
    return frames is not None
