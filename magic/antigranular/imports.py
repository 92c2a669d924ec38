"""A value on its way into a session: named, tagged, and sent piece by piece, each with its answer. Must not know sockets or notebooks."""

import keyword
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from antigranular.cell import check_alive, check_final, failure
from antigranular.channel import Channel
from antigranular.errors import AgError, ConnectionLost, IncompatibleEnclave, NotImportable
from antigranular.inbox import Event, Inbox
from antigranular.parcel import PIECE_BYTES, pack, pieces
from antigranular.progress import Progress
from antigranular.tagging import Encoder
from antigranular.view import View
from antigranular.wire import Buffer, Message, request

_VERSION = 1
_AT_ONCE = 8
_FRAMES = frozenset({"DataFrame", "dict"})
_SERIES = frozenset({"Series", "list", "ndarray"})

Becomes = Literal["value", "frame", "series"]


def check_name(name: object) -> str:
    """The name, if a cell can bind it. Raises NotImportable: it will stand in a cell's text, where anything else would be code."""
    good = isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_")
    # Python reads names in this form: a look-alike of another name would be that name.
    if not good or unicodedata.normalize("NFKC", str(name)) != name:
        raise NotImportable(
            f"{str(name)[:80]!r} can't be the name of a variable; choose letters, digits and underscores"
        )
    return str(name)


def becomes(data: Any, *, private: bool) -> Becomes:
    """What the value becomes over there. Raises NotImportable for a private one that is neither frame nor series."""
    if not private:
        return "value"
    kind = type(data).__name__
    if kind in _FRAMES:
        return "frame"
    if kind in _SERIES:
        return "series"
    raise NotImportable(
        f"is_private=True makes a private frame of a DataFrame or dict, or a private series of a Series; not of a {kind}"
    )


def cell_for(name: str, kind: Becomes) -> str:
    """The cell that binds what was sent. Nothing but the checked name stands in it."""
    return f'{name} = imported("{name}")' if kind == "value" else f'{name} = imported("{name}", "{kind}")'


def parcel_of(data: Any, metadata: Any, categories: Any) -> tuple[list[Buffer], list[str]]:
    """The value with what was said of its columns, as bytes to be sent; and what of it is no data, by name."""
    encoder = Encoder()
    value = encoder.encode(data)
    words = {"metadata": encoder.encode(metadata), "categories": encoder.encode(categories)}
    return pack({"version": _VERSION, "value": value, **words}, encoder.buffers), encoder.left_behind


def send_import(
    name: str, parts: Sequence[Buffer], *, channel: Channel, client: str, view: View, most: int | None
) -> None:
    """Send it, one piece after the other, over breaks of the connection. Raises NotImportable where the session refuses it, SessionError, ConnectionLost."""
    size = sum(map(len, parts))
    if most is not None and size > most:
        raise NotImportable(f"{name} takes {size:,} bytes, and an import may take {most:,}")
    count = -(-size // PIECE_BYTES)
    announced = {"name": name, "import_id": uuid.uuid4().hex, "size": size, "pieces": count}
    with channel.listening() as inbox:
        sending = _Sending(channel, inbox, view, size, f"sending {name}")
        try:
            for at, piece in enumerate(pieces(parts)):
                asked = request("shell", "import_request", {**announced, "piece": at}, client)
                sending.send(at, replace(asked, buffers=(piece,)))
            sending.settle(0)
        finally:
            sending.progress.over()


class _Sending:
    """Pieces on their way, a few at a time; each is kept until it was answered, and sent again where one before it was lost."""

    def __init__(self, channel: Channel, inbox: Inbox, view: View, size: int, what: str) -> None:
        self._channel = channel
        self._inbox = inbox
        self._view = view
        self._size = size
        self._what = what
        self._under_way: dict[str, tuple[int, Message]] = {}
        self._done = 0
        self.progress = Progress(view)

    def send(self, at: int, message: Message) -> None:
        """One piece, as soon as few enough are under way."""
        self.settle(_AT_ONCE - 1)
        self._under_way[str(message.header["msg_id"])] = at, message
        self._channel.send(message, self._inbox)

    def settle(self, most: int) -> None:
        """Wait until at most so many are under way."""
        while len(self._under_way) > most:
            self._take(self._inbox.get())

    def _take(self, event: Event) -> None:
        if isinstance(event, ConnectionLost):
            check_final(event)
            self._view.notice("The connection to the enclave broke; taking it up again…")
            self._channel.reopen()
            self._again()
        elif isinstance(event, AgError):
            raise event
        elif not event.parent:
            check_alive(event)
        elif event.kind == "import_reply" and event.parent in self._under_way:
            self._answered(event)

    def _answered(self, reply: Message) -> None:
        _check(reply.content)
        at, message = self._under_way[reply.parent]
        received = reply.content.get("received", 0)
        if received < min(first for first, _ in self._under_way.values()):
            raise NotImportable(
                "the session lost the beginning of this import, as a restart of its kernel does: import it again"
            )
        if received <= at:
            self._again()
            return
        del self._under_way[reply.parent]
        self._done += sum(map(len, message.buffers))
        self.progress.at(self._what, self._done, self._size)

    def _again(self) -> None:
        for _, message in self._under_way.values():
            self._channel.send(message, self._inbox)


def _check(reply: Mapping[str, Any]) -> None:
    if reply.get("status") == "ok":
        return
    if reply.get("ename") == "ImportRefused":
        raise NotImportable(str(reply.get("evalue", "")))
    if reply.get("ename") == "NotServed":
        raise IncompatibleEnclave("this enclave is too old for private_import: ask its operator to upgrade it")
    raise failure(reply)
