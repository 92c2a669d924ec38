"""Client to kernel: which requests pass, and what is left of them.

A request not in the table never reaches the kernel. What passes is rebuilt: no metadata, no stdin, no user expressions, and no
buffers but the one that a piece of an import is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ag_enclave.bridge import replies
from ag_enclave.bridge.fields import MISSING, Fields, always, exact_text, flag, number, optional, rebuild, short
from ag_enclave.bridge.message import Incoming, Message
from ag_enclave.config import Wire
from ag_enclave.errors import MalformedMessage

_ESCAPED = 6  # one character of code is at most six bytes of JSON
_ID_LENGTH = 256
_LARGEST_PIECE = 8 << 20
_HEADER_WORDS = ("msg_id", "session", "msg_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Pass this on to the kernel."""

    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The gateway answers in the kernel's place."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """The gateway does this itself: ``interrupt``, ``shutdown`` or ``restart``; then it answers."""

    deed: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Nobody waits for an answer to this."""


Verdict = Forward | Answer | Act | Ignore


def _level(given: Any, _limits: Wire) -> int:
    return 1 if given == 1 else 0


_NOTHING: Fields = {}
_KERNEL_INFO = _NOTHING
_EXECUTE: Fields = {
    "code": exact_text,
    "silent": flag(default=False),
    "store_history": flag(default=True),
    "user_expressions": always({}),
    "allow_stdin": always(False),
    "stop_on_error": flag(default=True),
    "ag_mock": optional(flag(default=False)),
}
_COMPLETE: Fields = {"code": exact_text, "cursor_pos": number}
_INSPECT: Fields = {"code": exact_text, "cursor_pos": number, "detail_level": _level}
_IS_COMPLETE: Fields = {"code": exact_text}
_HISTORY: Fields = {"hist_access_type": always("tail"), "output": always(False), "raw": always(True), "n": always(0)}
_IMPORT: Fields = {"name": short, "import_id": short, "size": number, "piece": number, "pieces": number}
_COMM_INFO: Fields = {"target_name": optional(always(""))}

# (channel, message type) -> what passes of its content
REQUESTS: Mapping[tuple[str, str], Fields] = {
    ("shell", "execute_request"): _EXECUTE,
    ("shell", "kernel_info_request"): _KERNEL_INFO,
    ("shell", "complete_request"): _COMPLETE,
    ("shell", "inspect_request"): _INSPECT,
    ("shell", "is_complete_request"): _IS_COMPLETE,
    ("shell", "history_request"): _HISTORY,
    ("shell", "comm_info_request"): _COMM_INFO,
    ("shell", "import_request"): _IMPORT,
    ("control", "kernel_info_request"): _KERNEL_INFO,
}

CARRIES_BYTES = frozenset({("shell", "import_request")})
"""Requests with a buffer, which passes unread: what it means is the kernel's business, and the kernel is jailed."""

# message type on control -> what the gateway does
DEEDS: Mapping[str, str] = {"interrupt_request": "interrupt", "shutdown_request": "shutdown"}


def content_limit(limits: Wire) -> int:
    """Bytes of content beyond which no request can be acceptable, and so none is read."""
    return _ESCAPED * limits.cell_bytes + 4096


def admit(incoming: Incoming, user_id: str, limits: Wire) -> Verdict:
    """Decide on one message from a client. MalformedMessage where its header is not one."""
    header = _header(incoming.header, user_id)
    kind = header["msg_type"]
    if incoming.channel == "control" and kind in DEEDS:
        return _deed(DEEDS[kind], header, incoming.content or {})
    fields = REQUESTS.get((incoming.channel, kind))
    if fields is None:
        return _unlisted(incoming.channel, header)
    if incoming.content is None or _too_long(incoming.content.get("code", ""), limits):
        return Answer(messages=replies.refusal(header, incoming.channel, "CellTooLarge", _too_large(limits)))
    if problem := _wrong_buffers(incoming, kind, limits):
        return Answer(messages=replies.refusal(header, incoming.channel, *problem))
    try:
        content = rebuild(fields, incoming.content, limits)
    except MalformedMessage as problem:
        return Answer(messages=replies.refusal(header, incoming.channel, "MalformedRequest", str(problem)))
    buffers = tuple(bytes(part) for part in incoming.buffers)
    return Forward(message=Message(channel=incoming.channel, header=header, content=content, buffers=buffers))


def _wrong_buffers(incoming: Incoming, kind: str, limits: Wire) -> tuple[str, str] | None:
    """Name and sentence of what is wrong with a request's buffers; None where nothing is."""
    if (incoming.channel, kind) not in CARRIES_BYTES:
        return ("CellRefused", "a request carries no buffers") if incoming.buffers else None
    if len(incoming.buffers) != 1 or len(incoming.buffers[0]) > _LARGEST_PIECE:
        return "ImportRefused", f"an import comes in pieces of at most {_LARGEST_PIECE:,} bytes, one to a message"
    size = (incoming.content or {}).get("size")
    if isinstance(size, int) and size > limits.import_bytes:
        return "ImportRefused", f"this import takes {size:,} bytes, and one may take {limits.import_bytes:,}"
    return None


def _header(given: Mapping[str, Any], user_id: str) -> dict[str, Any]:
    """The header as the kernel and the answers will carry it: its own words cut to three, the rest ours."""
    words = {}
    for name in _HEADER_WORDS:
        value = given.get(name, MISSING if name != "session" else "")
        if not isinstance(value, str) or len(value) > _ID_LENGTH or (name != "session" and not value):
            raise MalformedMessage("the message's header is not a header")
        words[name] = value
    return replies.header(user_id=user_id, **words)


def _too_long(code: Any, limits: Wire) -> bool:
    return isinstance(code, str) and len(code.encode("utf-8", "surrogatepass")) > limits.cell_bytes


def _too_large(limits: Wire) -> str:
    return f"A cell may be at most {limits.cell_bytes} bytes long; this one was not run. Bring data as a data set, not as code."


def _deed(deed: str, header: dict[str, Any], content: Mapping[str, Any]) -> Act:
    restart = deed == "shutdown" and content.get("restart") is True
    reply = {"status": "ok", **({"restart": restart} if deed == "shutdown" else {})}
    return Act(deed="restart" if restart else deed, messages=(replies.reply(header, "control", reply),))


def _unlisted(channel: str, header: dict[str, Any]) -> Verdict:
    """Requests get an error, so that nobody waits; comm messages, input replies and the like are nothing here."""
    if channel not in ("shell", "control") or not header["msg_type"].endswith("_request"):
        return Ignore()
    sentence = f"This enclave does not serve {header['msg_type'][:64]}."
    return Answer(messages=replies.refusal(header, channel, "NotServed", sentence))
