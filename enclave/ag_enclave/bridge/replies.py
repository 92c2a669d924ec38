"""Messages that the gateway itself writes: statuses, notices, refusals, answers for a kernel that can't.

Knows the words of the protocol, not who is connected.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from ag_enclave.bridge.message import Message

PROTOCOL = "5.4"


def header(*, msg_id: str = "", session: str = "", msg_type: str, user_id: str = "kernel") -> dict[str, Any]:
    """A full header, dated now."""
    return {
        "msg_id": msg_id or uuid.uuid4().hex,
        "session": session,
        "username": user_id,
        "date": datetime.now(UTC).isoformat(),
        "msg_type": msg_type,
        "version": PROTOCOL,
    }


def iopub(msg_type: str, content: dict[str, Any], parent: dict[str, Any]) -> Message:
    """One iopub message about ``parent`` (empty: about none)."""
    return Message(channel="iopub", header=header(msg_type=msg_type), parent_header=parent, content=content)


def status(state: str, parent: dict[str, Any] | None = None) -> Message:
    """``busy``, ``idle``, ``starting``, ``restarting`` or ``dead``."""
    return iopub("status", {"execution_state": state}, parent or {})


def notice(sentence: str, parent: dict[str, Any] | None = None) -> Message:
    """A line on stderr."""
    return iopub("stream", {"name": "stderr", "text": f"{sentence}\n"}, parent or {})


def reply(request: dict[str, Any], channel: str, content: dict[str, Any]) -> Message:
    """The reply to a request, on its channel."""
    kind = request["msg_type"].removesuffix("_request") + "_reply"
    return Message(channel=channel, header=header(msg_type=kind), parent_header=request, content=content)


def refusal(request: dict[str, Any], channel: str, name: str, sentence: str) -> tuple[Message, ...]:
    """Everything a client expects of a request that failed: busy, the error (once), the reply, idle."""
    error = {"ename": name, "evalue": sentence, "traceback": [f"{name}: {sentence}"]}
    failed = reply(request, channel, {"status": "error", "execution_count": 0, **error})
    if request["msg_type"] != "execute_request":
        return (status("busy", request), failed, status("idle", request))
    return (status("busy", request), iopub("error", error, request), failed, status("idle", request))
