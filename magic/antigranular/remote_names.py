"""Completion and inspection inside ``%%ag`` cells, from the session's names instead of the notebook's. Must not know the wire.

The notebook's kernel asks itself first; in a ``%%ag`` cell the session is asked in its place. ipykernel has called these two methods so
since its earliest versions, and takes plain replies.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from antigranular.cell_line import parted

if TYPE_CHECKING:
    from antigranular.magics import Magics
    from antigranular.session import Session


def offer_names(shell: Any, magics: "Magics") -> None:
    """Let the notebook's kernel, where there is one, ask the session about names in ``%%ag`` cells."""
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:
        kernel.do_complete = _completing(kernel.do_complete, magics)
        kernel.do_inspect = _inspecting(kernel.do_inspect, magics)


def _completing(local: Callable[..., Any], magics: "Magics") -> Callable[..., Any]:
    def do_complete(code: str, cursor_pos: int | None = None) -> Any:
        cursor = len(code) if cursor_pos is None else cursor_pos
        start = body_of(code, cursor)
        if start is None:
            return local(code, cursor_pos)
        nothing = {"status": "ok", "matches": [], "cursor_start": cursor, "cursor_end": cursor, "metadata": {}}
        session = magics.asked(code)
        reply = session.complete(code[start:], cursor - start) if session is not None else None
        return nothing if reply is None else _shifted(reply, start)

    return do_complete


def _inspecting(local: Callable[..., Any], magics: "Magics") -> Callable[..., Any]:
    def do_inspect(code: str, cursor_pos: int, detail_level: int = 0, *others: Any, **more: Any) -> Any:
        start = body_of(code, cursor_pos)
        if start is None:
            return local(code, cursor_pos, detail_level, *others, **more)
        nothing = {"status": "ok", "found": False, "data": {}, "metadata": {}}
        session: Session | None = magics.asked(code)
        reply = session.inspect(code[start:], cursor_pos - start, detail_level) if session is not None else None
        return nothing if reply is None else reply

    return do_inspect


def body_of(code: str, cursor: int) -> int | None:
    """Where the text that runs in the session begins; None where the cursor is not in it."""
    start = code.find("\n") + 1
    return start if start and parted(code) is not None and cursor >= start else None


def _shifted(reply: dict[str, Any], start: int) -> dict[str, Any]:
    """A reply about the body, as one about the whole cell."""
    moved = {name: reply[name] + start for name in ("cursor_start", "cursor_end") if isinstance(reply.get(name), int)}
    return {**reply, **moved}
