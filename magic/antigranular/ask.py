"""One question to the kernel beside its cells, with its one reply. Must not know sockets or notebooks."""

import time
from collections.abc import Mapping
from queue import Empty
from typing import Any

from antigranular.channel import Channel
from antigranular.errors import AgError
from antigranular.wire import Message, request


def ask(
    kind: str, content: Mapping[str, Any], *, channel: Channel, client: str, seconds: float
) -> dict[str, Any] | None:
    """The content of the reply to a request of this kind; None where none came in time or the connection broke."""
    asked = request("shell", f"{kind}_request", dict(content), client)
    due = time.monotonic() + seconds
    with channel.listening() as inbox:
        channel.send(asked, inbox)
        while True:
            try:
                event = inbox.get(timeout=max(0.0, due - time.monotonic()))
            except Empty:
                return None
            if isinstance(event, AgError):
                return None
            if isinstance(event, Message) and event.kind == f"{kind}_reply" and event.parent == asked.header["msg_id"]:
                return dict(event.content)
