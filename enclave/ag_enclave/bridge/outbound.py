"""Kernel to client: which messages pass, and what is left of them. The kernel is hostile here.

Headers are written anew, parents are the gateway's own copies, contents are rebuilt from listed fields.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from ag_enclave.bridge import replies
from ag_enclave.bridge.fields import (
    MISSING,
    Check,
    Fields,
    always,
    each,
    exact_text,
    flag,
    number,
    one_of,
    optional,
    rebuild,
    record,
    scalars,
    short,
    text,
)
from ag_enclave.bridge.message import Incoming, Message
from ag_enclave.bridge.mimes import EXPORT, bundle, bundle_metadata
from ag_enclave.config import Wire
from ag_enclave.errors import MalformedMessage

SUBMIT = "submit_request"
_REMEMBERED = 4096
_STATUS: Check = one_of("ok", "error", "aborted")
_ERROR: Fields = {"ename": short, "evalue": text, "traceback": each(text)}
_MAYBE_ERROR: Fields = {name: optional(check) for name, check in _ERROR.items()}
_DISPLAY_ID: Check = optional(record({"display_id": optional(short)}))
_DISPLAY: Fields = {"data": bundle, "metadata": bundle_metadata, "transient": _DISPLAY_ID}
_LANGUAGE: Fields = {
    name: optional(short)
    for name in (
        "name",
        "version",
        "mimetype",
        "file_extension",
        "pygments_lexer",
        "codemirror_mode",
        "nbconvert_exporter",
    )
}
_MATCH: Fields = {
    "start": number,
    "end": number,
    "text": short,
    "type": optional(short),
    "signature": optional(short),
}

# (channel, message type) -> what passes of its content
ANSWERS: Mapping[tuple[str, str], Fields] = {
    ("iopub", "status"): {"execution_state": one_of("busy", "idle", "starting")},
    ("iopub", "execute_input"): {"code": exact_text, "execution_count": number},
    ("iopub", "stream"): {"name": one_of("stdout", "stderr"), "text": text},
    ("iopub", "display_data"): _DISPLAY,
    ("iopub", "update_display_data"): _DISPLAY,
    ("iopub", "execute_result"): {**_DISPLAY, "execution_count": number},
    ("iopub", "error"): _ERROR,
    ("iopub", "clear_output"): {"wait": flag(default=False)},
    ("shell", "execute_reply"): {
        "status": _STATUS,
        "execution_count": number,
        "user_expressions": always({}),
        "payload": always([]),
        **_MAYBE_ERROR,
    },
    ("shell", "complete_reply"): {
        "status": _STATUS,
        "matches": each(short),
        "cursor_start": number,
        "cursor_end": number,
        "metadata": optional(record({"_jupyter_types_experimental": optional(each(record(_MATCH)))})),
    },
    ("shell", "inspect_reply"): {
        "status": _STATUS,
        "found": flag(default=False),
        "data": optional(bundle),
        "metadata": always({}),
    },
    ("shell", "is_complete_reply"): {
        "status": one_of("complete", "incomplete", "invalid", "unknown"),
        "indent": optional(short),
    },
    ("shell", "import_reply"): {"status": _STATUS, "received": optional(number), **_MAYBE_ERROR},
    ("shell", "comm_info_reply"): {"status": _STATUS, "comms": always({})},
    ("shell", "history_reply"): {"status": _STATUS, "history": always([])},
}

# the same of what a running cell asks of the gateway, which no client is shown
QUESTIONS: Mapping[tuple[str, str], Fields] = {("stdin", SUBMIT): {"number": number, "predictions": scalars}}

_KERNEL_INFO: Fields = {
    "status": _STATUS,
    "protocol_version": short,
    "implementation": short,
    "implementation_version": short,
    "language_info": record(_LANGUAGE),
    "banner": text,
    "help_links": always([]),
    "debugger": always(False),
}
KERNEL_INFO_CHANNELS = ("shell", "control")


class Outbound:
    """Decides on messages from one kernel. Remembers the requests that were passed to it, to name them as parents."""

    def __init__(self, *, session: str, limits: Wire) -> None:
        self._session = session
        self._limits = limits
        self._requests: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def asked(self, header: dict[str, Any]) -> None:
        """Remember a request that was passed to the kernel."""
        self._requests[header["msg_id"]] = header
        if len(self._requests) > _REMEMBERED:
            self._requests.popitem(last=False)

    def admit(self, incoming: Incoming) -> Message | None:
        """What passes of one message; None for a type that isn't listed. MalformedMessage where a listed one lies about its shape."""
        kind = incoming.header.get("msg_type", MISSING)
        fields = _fields(incoming.channel, kind)
        if fields is None:
            return None
        if incoming.content is None:
            raise MalformedMessage("a message of the kernel is longer than it may be")
        content = rebuild(fields, incoming.content, self._limits)
        if kind == "kernel_info_reply":
            # Notebooks keep what is told of the language in their own metadata: so they can find their session again.
            content["language_info"]["antigranular"] = {"version": 1, "session_id": self._session}
        return Message(
            channel=incoming.channel,
            header=replies.header(msg_type=str(kind), session=self._session),
            parent_header=self._parent(incoming.parent_header),
            content=content,
            buffers=self._buffers(content, incoming.buffers),
        )

    def _parent(self, given: dict[str, Any]) -> dict[str, Any]:
        msg_id = given.get("msg_id")
        return self._requests.get(msg_id, {}) if isinstance(msg_id, str) else {}

    def _buffers(self, content: dict[str, Any], buffers: tuple[memoryview, ...]) -> tuple[bytes | memoryview, ...]:
        """Only an export has buffers, and of bounded size."""
        if not buffers or EXPORT not in content.get("data", {}):
            return ()
        size = sum(len(part) for part in buffers)
        if size > self._limits.export_bytes:
            raise MalformedMessage("an export of the kernel is larger than it may be")
        # A view keeps all of its message in memory, which nobody counts: it stays where it is most of that itself.
        return buffers if 2 * size > memoryview(buffers[0].obj).nbytes else tuple(bytes(part) for part in buffers)


def _fields(channel: str, kind: Any) -> Fields | None:
    if kind == "kernel_info_reply" and channel in KERNEL_INFO_CHANNELS:
        return _KERNEL_INFO
    if not isinstance(kind, str):
        return None
    return ANSWERS.get((channel, kind)) or QUESTIONS.get((channel, kind))
