"""The life of the guest's process: open the conversations, answer requests one by one, end when told or left alone.

It must not know the jail it runs in, nor what requests mean.
"""

import socket
import sys
from collections import deque
from collections.abc import Mapping
from typing import Any

import ag_utils.desk
import op_pandas
from ag_kernel import namespace
from ag_kernel.arrivals import Arrivals
from ag_kernel.channel import Channel
from ag_kernel.compiler.checker_client import CheckerClient
from ag_kernel.compiler.session_names import kinds_of
from ag_kernel.desk import NotebookDesk
from ag_kernel.errors import MalformedMessage
from ag_kernel.handlers import HANDLERS
from ag_kernel.interrupts import Interrupts
from ag_kernel.limits import Limits
from ag_kernel.output import Output, Stream
from ag_kernel.session import Session
from ag_kernel.wire import Json, Message
from ag_plan.messages import AskCatalog, Catalog, DatasetSchema
from op_pandas.vault import SocketVault


def main(sockets: Mapping[str, socket.socket], settings: Mapping[str, Any]) -> None:
    """Live as the kernel of one session over the sockets ``channel``, ``plan`` and ``checker``, until shutdown."""
    limits = Limits.of(settings.get("limits") or {})
    interrupts = Interrupts(again_seconds=limits.again_seconds)
    interrupts.install()
    channel = Channel(sockets["channel"], session=str(settings["session"]), interrupts=interrupts)
    session = open_session(sockets, settings, limits, channel, interrupts)
    sys.stdout, sys.stderr = Stream(session.output, "stdout"), Stream(session.output, "stderr")
    answer_all(session, channel)


def open_session(
    sockets: Mapping[str, socket.socket],
    settings: Mapping[str, Any],
    limits: Limits,
    channel: Channel,
    interrupts: Interrupts,
) -> Session:
    """The session of these sockets, its data sets bound to their variables."""
    vault = SocketVault(sockets["plan"], shield=interrupts.shield)
    op_pandas.bind(vault)
    output = Output(channel, interrupts, limit=limits.output_bytes)
    desk = NotebookDesk(channel, output, export_limit=limits.export_bytes)
    ag_utils.desk.bind(desk)
    variables = namespace.build(op_pandas.datasets())
    injected = frozenset(variables)
    checker = CheckerClient(sockets["checker"], patience=limits.check_seconds)
    schemas = catalog(vault)
    checker.start(kinds_of(variables, schemas), strict=bool(settings.get("strict")))
    return Session(
        name=str(settings["session"]),
        limits=limits,
        namespace=variables,
        injected=injected,
        datasets={one.variable: one.name for one in schemas},
        interrupts=interrupts,
        output=output,
        desk=desk,
        arrivals=Arrivals(desk.lay, limit=limits.import_bytes, taken=injected | namespace.OFFERED),
        vault=vault,
        checker=checker,
    )


def catalog(vault: SocketVault) -> tuple[DatasetSchema, ...]:
    """The session's data sets as the vault describes them."""
    reply = vault.ask(AskCatalog(id=0))
    return reply.datasets if isinstance(reply, Catalog) else ()


def answer_all(session: Session, channel: Channel) -> None:
    """Answer until the gateway is gone or asks for the end."""
    channel.publish("status", {"execution_state": "starting"})
    waiting: deque[Message] = deque()
    while True:
        aborted = bool(waiting)
        request = waiting.popleft() if waiting else next_request(channel)
        if request is None:
            return
        waiting.extend(answer(request, session, channel, aborted=aborted))
        if request.kind == "shutdown_request":
            return


def next_request(channel: Channel) -> Message | None:
    """The next message; bytes that are none are passed over."""
    while True:
        try:
            return channel.receive()
        except MalformedMessage:
            continue


def answer(request: Message, session: Session, channel: Channel, *, aborted: bool) -> list[Message]:
    """Answer one request, between busy and idle.

    Gives the messages that were there already when a cell failed: the cells among them are not to be run (``aborted``).
    """
    handler = HANDLERS.get(request.kind)
    if handler is None:
        return []
    overtaken: list[Message] = []
    channel.answer_to(request)
    channel.publish("status", {"execution_state": "busy"}, held=not request.content.get("silent"))
    if aborted and request.kind == "execute_request":
        reply: Json = {"status": "aborted", "execution_count": session.cells, "user_expressions": {}, "payload": []}
    else:
        reply = handler(request, session, channel)
    if reply["status"] == "error" and request.content.get("stop_on_error", True):
        overtaken = all_waiting(channel)
    channel.reply(request, request.kind.replace("_request", "_reply"), reply, held=True)
    channel.publish("status", {"execution_state": "idle"})
    return overtaken


def all_waiting(channel: Channel) -> list[Message]:
    """What had been sent before the sender could know that a cell failed."""
    found: list[Message] = []
    while channel.waiting():
        request = next_request(channel)
        if request is None:
            break
        found.append(request)
    return found
