"""A value on its way into a session: named, tagged, and sent piece by piece, each with its answer. Must not know sockets or notebooks."""

import keyword
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from antigranular.cell import check_alive, check_final, failure
from antigranular.channel import Channel, Inbox
from antigranular.errors import AgError, ConnectionLost, IncompatibleEnclave, NotImportable
from antigranular.parcel import PIECE_BYTES, pack, pieces
from antigranular.progress import Progress
from antigranular.tagging import Encoder
from antigranular.view import View
from antigranular.wire import Message, request

_VERSION = 1
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


def parcel_of(data: Any, metadata: Any, categories: Any) -> tuple[list[bytes], list[str]]:
    """The value with what was said of its columns, as bytes to be sent; and what of it is no data, by name."""
    encoder = Encoder()
    value = encoder.encode(data)
    words = {"metadata": encoder.encode(metadata), "categories": encoder.encode(categories)}
    return pack({"version": _VERSION, "value": value, **words}, encoder.buffers), encoder.left_behind


def send_import(
    name: str, parts: Sequence[bytes], *, channel: Channel, client: str, view: View, most: int | None
) -> None:
    """Send it, one piece after the other, over breaks of the connection. Raises NotImportable where the session refuses it, SessionError, ConnectionLost."""
    size = sum(map(len, parts))
    if most is not None and size > most:
        raise NotImportable(f"{name} takes {size:,} bytes, and an import may take {most:,}")
    count = -(-size // PIECE_BYTES)
    announced = {"name": name, "import_id": uuid.uuid4().hex, "size": size, "pieces": count}
    progress, sent = Progress(view), 0
    try:
        with channel.listening() as inbox:
            for at, piece in enumerate(pieces(parts)):
                asked = request("shell", "import_request", {**announced, "piece": at}, client)
                _deliver(replace(asked, buffers=(piece,)), channel, inbox, view)
                sent += len(piece)
                progress.at(f"sending {name}", sent, size)
    finally:
        progress.over()


def _deliver(asked: Message, channel: Channel, inbox: Inbox, view: View) -> None:
    """One piece and its answer; sent again after a break, which over there changes nothing where it had come."""
    channel.send(asked, inbox)
    while True:
        event = inbox.get()
        if isinstance(event, ConnectionLost):
            check_final(event)
            view.notice("The connection to the enclave broke; taking it up again…")
            channel.reopen()
            channel.send(asked, inbox)
        elif isinstance(event, AgError):
            raise event
        elif not event.parent:
            check_alive(event)
        elif event.kind == "import_reply" and event.parent == asked.header["msg_id"]:
            return _check(event.content)


def _check(reply: Mapping[str, Any]) -> None:
    if reply.get("status") == "ok":
        return
    if reply.get("ename") == "ImportRefused":
        raise NotImportable(str(reply.get("evalue", "")))
    if reply.get("ename") == "NotServed":
        raise IncompatibleEnclave("this enclave is too old for private_import: ask its operator to upgrade it")
    raise failure(reply)
