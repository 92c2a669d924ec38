"""``/api/kernels/{id}/channels``: one websocket on one session. What it carries is the bridge's to judge.

Garbage ends this socket with a reason, and nothing else.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from starlette.websockets import WebSocket, WebSocketDisconnect

from ag_enclave.bridge import replies, wire_json, wire_v1
from ag_enclave.bridge.message import Incoming
from ag_enclave.errors import MalformedMessage, SessionLost
from ag_enclave.session.ring import Reader, Said
from ag_enclave.session.session import Session

_UNREADABLE, _TOO_SLOW, _OVER, _REVOKED = 1003, 1013, 1000, 1008
_WORTH_A_THREAD = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One layout, both ways."""

    subprotocol: str | None
    encode: Callable[[Said], str | bytes]
    decode: Callable[[str | bytes, int], Incoming]


def _decode_v1(payload: str | bytes, limit: int) -> Incoming:
    if isinstance(payload, str):
        raise MalformedMessage("this layout is binary")
    return wire_v1.decode(payload, limit)


V1 = Wire(subprotocol=wire_v1.SUBPROTOCOL, encode=Said.v1, decode=_decode_v1)
DEFAULT = Wire(subprotocol=None, encode=Said.json, decode=wire_json.decode)


async def serve(websocket: WebSocket, session: Session, revoked: asyncio.Event, content_limit: int) -> None:
    """Accept the socket and relay until either side is done, or its account is no longer what it was."""
    wire = V1 if wire_v1.SUBPROTOCOL in websocket.scope.get("subprotocols", ()) else DEFAULT
    await websocket.accept(subprotocol=wire.subprotocol)
    client = websocket.query_params.get("session_id", "")[:256]
    reader = session.attach(client, _after(websocket.query_params.get("after")))
    try:
        code, reason = await _relay(websocket, session, reader, wire, revoked=revoked, content_limit=content_limit)
        await websocket.close(code, reason)
    except (WebSocketDisconnect, RuntimeError, OSError):
        pass  # the client left, which is its right at any time; its place is kept
    finally:
        session.detach(client, reader)


def _after(word: str | None) -> int | None:
    """The number of the first message that a client wants."""
    return int(word) if word and word.isascii() and word.isdigit() and len(word) < 16 else None  # noqa: PLR2004 - digits of 64 bits


async def _relay(
    websocket: WebSocket, session: Session, reader: Reader, wire: Wire, *, revoked: asyncio.Event, content_limit: int
) -> tuple[int, str]:
    """Relay both ways; why it ended."""
    tasks = {
        asyncio.create_task(_deliver(websocket, session, reader, wire)): (_OVER, "this session is over"),
        asyncio.create_task(_collect(websocket, session, wire, content_limit)): (_OVER, ""),
        asyncio.create_task(_set(reader.cut)): (_TOO_SLOW, "this connection did not take what the session said"),
        asyncio.create_task(_set(revoked)): (_REVOKED, "this access was revoked; log in again"),
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    first = next(iter(done))
    try:
        first.result()
    except MalformedMessage as problem:
        return _UNREADABLE, str(problem)[:120]
    return tasks[first]


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _deliver(websocket: WebSocket, session: Session, reader: Reader, wire: Wire) -> None:
    """Hand the client what was said, from its place on, until the session is over."""
    while (found := await session.ring.next(reader)) is not None:
        dropped, said = found
        if dropped:
            lost = replies.notice(
                f"{dropped} older messages of this session were dropped: nobody was connected to take them."
            )
            await _send(websocket, wire.encode(Said(-1, lost)))
        await _send(websocket, wire.encode(said))
        session.ring.taken(reader, said)


async def _send(websocket: WebSocket, payload: str | bytes) -> None:
    await (websocket.send_text(payload) if isinstance(payload, str) else websocket.send_bytes(payload))


async def _collect(websocket: WebSocket, session: Session, wire: Wire, content_limit: int) -> None:
    """Take the client's messages, one after the other; while one is worked on, the client waits."""
    while True:
        event = await websocket.receive()
        if event["type"] == "websocket.disconnect":
            return
        payload: str | bytes = event.get("bytes") or event.get("text") or ""
        if len(payload) > _WORTH_A_THREAD:
            incoming = await asyncio.to_thread(wire.decode, payload, content_limit)
        else:
            incoming = wire.decode(payload, content_limit)
        with contextlib.suppress(SessionLost):  # a restart that failed was told to everybody
            await session.submit(incoming)
