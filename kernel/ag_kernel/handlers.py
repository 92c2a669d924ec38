"""What the kernel answers to each kind of request: a table, as Jupyter names them.

It must not know frames or bytes; a kind without a row is passed over, as Jupyter kernels do.
"""

import codeop
import platform
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from ag_kernel import cell
from ag_kernel.channel import Channel
from ag_kernel.completion import complete
from ag_kernel.errors import CellRefused, NotImportable
from ag_kernel.faults import Fault, describe
from ag_kernel.inspection import inspect_at
from ag_kernel.session import Session
from ag_kernel.wire import PROTOCOL, Json, Message

RELEASE: Final = "0.1.0"
_LANGUAGE: Final = {
    "name": "python",
    "version": platform.python_version(),
    "mimetype": "text/x-python",
    "file_extension": ".py",
    "pygments_lexer": "ipython3",
    "codemirror_mode": "python",
    "nbconvert_exporter": "python",
}

Handler = Callable[[Message, Session, Channel], Json]


def execute(request: Message, session: Session, channel: Channel) -> Json:
    """Run a cell; the reply says how it ended."""
    source = request.content.get("code")
    if not isinstance(source, str):
        source = ""
    silent = bool(request.content.get("silent"))
    session.cells += 1
    session.interrupts.forget()
    if not silent:
        channel.publish("execute_input", {"code": source, "execution_count": session.cells})
    fault = _fault_of(source, session, mock=request.content.get("ag_mock") is True)
    if fault is None:
        return {"status": "ok", "execution_count": session.cells, "user_expressions": {}, "payload": []}
    told = {"ename": fault.name, "evalue": fault.text, "traceback": list(fault.lines)}
    channel.publish("error", told)
    return {"status": "error", "execution_count": session.cells, "user_expressions": {}, "payload": [], **told}


def _fault_of(source: str, session: Session, *, mock: bool) -> Fault | None:
    """How the cell failed, or None. Whatever the analyst's code raises ends here."""
    try:
        cell.live(source, session, mock=mock)
    except CellRefused as refused:
        return Fault(name="CellRefused", text=str(refused), lines=refused.shown)
    except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt end a cell, not the kernel
        return _described(error, session)
    finally:
        session.interrupts.forget()
    return None


def _described(error: BaseException, session: Session) -> Fault:
    """The error in words; the guest's own text of it may go on for ever, and is interrupted like a cell."""
    try:
        return _told(describe(error, session.sources), error, session)
    except KeyboardInterrupt as interrupt:
        interrupt.__suppress_context__ = True  # nobody asks for that text a second time
        return describe(interrupt, session.sources)


def _told(fault: Fault, error: BaseException, session: Session) -> Fault:
    """Where memory ran out: how much there is, and what to do."""
    if not isinstance(error, MemoryError):
        return fault
    most = f"{session.limits.memory_bytes >> 20:,} MiB" if session.limits.memory_bytes else "so much"
    told = f"this session may use {most} of memory, all its variables together: make it smaller, `del` what you don't need, or restart"
    text = f"{fault.text} ({told})" if fault.text else told
    return replace(fault, text=text, lines=(*fault.lines[:-1], f"{fault.name}: {text}"))


def kernel_info(_request: Message, _session: Session, _channel: Channel) -> Json:
    """Who we are."""
    return {
        "status": "ok",
        "protocol_version": PROTOCOL,
        "implementation": "antigranular",
        "implementation_version": RELEASE,
        "language_info": _LANGUAGE,
        "banner": "Antigranular: the cell runs in the enclave; only differentially private values leave it.",
        "help_links": [],
        "debugger": False,
        "supported_features": [],
    }


def complete_(request: Message, session: Session, _channel: Channel) -> Json:
    """Names that may follow, from types and documentation."""
    code, cursor = _code_and_cursor(request.content)
    matches, start = complete(code, cursor, session.namespace)
    return {"status": "ok", "matches": matches, "cursor_start": start, "cursor_end": cursor, "metadata": {}}


def inspect_(request: Message, session: Session, _channel: Channel) -> Json:
    """What is documented about the name under the cursor."""
    code, cursor = _code_and_cursor(request.content)
    text = inspect_at(code, cursor, session.namespace)
    return {
        "status": "ok",
        "found": text is not None,
        "data": {} if text is None else {"text/plain": text},
        "metadata": {},
    }


def _code_and_cursor(content: Mapping[str, Any]) -> tuple[str, int]:
    code, cursor = content.get("code"), content.get("cursor_pos")
    code = code if isinstance(code, str) else ""
    return code, min(max(cursor, 0), len(code)) if type(cursor) is int else len(code)


def import_(request: Message, session: Session, _channel: Channel) -> Json:
    """One piece of a value that becomes a variable once a cell takes it from the desk."""
    try:
        return {"status": "ok", "received": session.arrivals.take(request.content, request.buffers)}
    except NotImportable as problem:
        name, text = "ImportRefused", str(problem)
    except MemoryError:
        name, text = "MemoryError", "the session has no memory left for this import"
    return {"status": "error", "ename": name, "evalue": text, "traceback": [f"{name}: {text}"]}


def is_complete(request: Message, _session: Session, _channel: Channel) -> Json:
    """Whether a console should run the text or go on reading."""
    code, _ = _code_and_cursor(request.content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = codeop.compile_command(code, "<cell>", "exec") is not None
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return {"status": "invalid"}
    return {"status": "complete"} if whole else {"status": "incomplete", "indent": _indent(code)}


def _indent(code: str) -> str:
    last = code.splitlines()[-1] if code.strip() else ""
    return " " * (len(last) - len(last.lstrip()) + (4 if last.rstrip().endswith(":") else 0))


def comm_info(_request: Message, _session: Session, _channel: Channel) -> Json:
    """There are no comms."""
    return {"status": "ok", "comms": {}}


def history(_request: Message, _session: Session, _channel: Channel) -> Json:
    """History is the notebook's own."""
    return {"status": "ok", "history": []}


def shutdown(request: Message, _session: Session, _channel: Channel) -> Json:
    """Goodbye; ``life`` ends the process after the reply."""
    return {"status": "ok", "restart": bool(request.content.get("restart"))}


def interrupt(_request: Message, _session: Session, _channel: Channel) -> Json:
    """Interrupts come as signals; a message can only be read when nothing runs."""
    return {"status": "ok"}


HANDLERS: Final[dict[str, Handler]] = {
    "execute_request": execute,
    "kernel_info_request": kernel_info,
    "complete_request": complete_,
    "inspect_request": inspect_,
    "is_complete_request": is_complete,
    "import_request": import_,
    "comm_info_request": comm_info,
    "history_request": history,
    "shutdown_request": shutdown,
    "interrupt_request": interrupt,
}
