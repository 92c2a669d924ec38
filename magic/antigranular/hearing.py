"""What a kernel says while a cell runs, passed on to a view and kept as the cell's result. Must not know sockets or notebooks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from antigranular.errors import NameTaken, WireError
from antigranular.exports import Exports
from antigranular.progress import Progress
from antigranular.view import Shown, View
from antigranular.wire import Buffer, Message

EXPORT = "application/vnd.antigranular.export+json"
BUDGET = "application/vnd.antigranular.budget+json"


@dataclass(slots=True, kw_only=True)
class CellResult:
    """What a cell left: exported values by name, the last expression's mime bundle, and what it spent."""

    exports: dict[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] | None = None
    budget: list[Mapping[str, Any]] = field(default_factory=list)
    execution_count: int | None = None
    mock: bool = False
    """Whether it ran against mocks: nothing of it is about the data."""

    def __repr__(self) -> str:
        said = [f"cell {self.execution_count}"] if self.execution_count else ["a cell"]
        said += ["of mock data"] if self.mock else []
        said += [f"exported {', '.join(self.exports)}"] if self.exports else []
        said += [f"spent ε {each['spent']} on {each['dataset']}" for each in self.budget if each.get("spent")]
        return f"<{', '.join(said)}>"


class Hearing:
    """Passes messages on to ``view`` and collects ``result``. ``error`` is the content of an error message, where one came."""

    def __init__(self, view: View, *, mock: bool = False) -> None:
        self.view = view
        self.result = CellResult(mock=mock)
        self.error: Mapping[str, Any] | None = None
        self.taken: NameTaken | None = None
        """The first export under a name that this notebook needs; the cell goes on, and its end tells."""
        self._exports = Exports()
        self._progress = Progress(view)

    def hear(self, message: Message) -> None:
        """One message; a kind that is not for a notebook is passed over. Raises WireError for a malformed one."""
        handle = _HANDLERS.get(message.kind)
        if handle is not None:
            handle(self, message)

    def stream(self, message: Message) -> None:
        """Printed text."""
        self.view.stream(str(message.content.get("name", "stdout")), str(message.content.get("text", "")))

    def display(self, message: Message) -> None:
        """Something shown, a budget line or an export."""
        shown = _shown(message)
        if EXPORT in shown.data:
            self._exported(shown.data[EXPORT], message.buffers)
        elif BUDGET in shown.data:
            self.result.budget.append(shown.data[BUDGET])
            self.view.budget(shown)
        else:
            self.view.display(shown)

    def _exported(self, payload: Any, buffers: Sequence[Buffer]) -> None:
        piece = self._exports.take(payload, buffers)
        if piece.lost:
            self.view.notice(f"A part of the export {piece.name} was dropped before it came here: export it again.")
        if not piece.whole:
            self._progress.at(f"receiving {piece.name}", piece.done, piece.size)
            return
        self._progress.over()
        self.result.exports[piece.name] = piece.value
        if self.result.mock:
            self.view.notice(f"{piece.name} is of mock data.")
        try:
            self.view.export(piece.name, piece.value)
        except NameTaken as problem:
            self.taken = self.taken or problem

    def executed(self, message: Message) -> None:
        """The value of the last expression."""
        shown = _shown(message)
        self.result.data = shown.data
        self.view.result(shown)

    def input(self, message: Message) -> None:
        """The session's number of this cell."""
        count = message.content.get("execution_count")
        if isinstance(count, int):
            self.result.execution_count = count
            self.view.started(count)

    def failed(self, message: Message) -> None:
        """The error, before the reply that repeats it."""
        self.error = message.content

    def clear(self, message: Message) -> None:
        """The cell clears its output."""
        self.view.clear(wait=bool(message.content.get("wait")))


_HANDLERS: Mapping[str, Callable[[Hearing, Message], None]] = {
    "stream": Hearing.stream,
    "display_data": Hearing.display,
    "update_display_data": Hearing.display,
    "execute_result": Hearing.executed,
    "execute_input": Hearing.input,
    "error": Hearing.failed,
    "clear_output": Hearing.clear,
}
"""What a kernel may say while a cell runs."""


def lines_of(failed: Mapping[str, Any]) -> list[str]:
    """The traceback's lines of an error's content."""
    lines = failed.get("traceback")
    return [str(line) for line in lines] if isinstance(lines, list) else []


def _shown(message: Message) -> Shown:
    content = message.content
    data, metadata, transient = (content.get(key) or {} for key in ("data", "metadata", "transient"))
    if not all(isinstance(each, dict) for each in (data, metadata, transient)):
        raise WireError("the enclave sent a display that is not a mime bundle")
    name = transient.get("display_id")
    return Shown(data=data, metadata=metadata, display_id=name, update=message.kind == "update_display_data")
