"""The kernel ``Antigranular (remote)``: every cell of a notebook runs in the enclave. It runs nothing itself, and must not know the wire.

``python -m antigranular.proxy -f {connection_file}``, as Jupyter starts it by the kernelspec that comes with the package: what the
notebook sends is passed on to a session, and what the session says is shown.
"""

from typing import Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
from IPython.core.formatters import DisplayFormatter

from antigranular import __version__
from antigranular.cell_line import options, parted
from antigranular.cell_numbers import renumbered
from antigranular.config import find_credentials, find_wish
from antigranular.errors import AgError, CellError, CellInterrupted, SessionError
from antigranular.lines import say
from antigranular.login import reach
from antigranular.remote_session import RemoteSession, open_session
from antigranular.rich_view import RichView, showable
from antigranular.session import Session
from antigranular.view import Bundle, QuietView, Shown, View

_WORD = "%ag"
_NO_COMPLETION = {"status": "ok", "matches": [], "metadata": {}}
_NO_INSPECTION = {"status": "ok", "found": False, "data": {}, "metadata": {}}


class RemoteKernel(Kernel):
    """A Jupyter kernel that is a session's. It begins the session when it is first asked who it is, and ends it when it is shut down."""

    implementation = "antigranular"
    implementation_version = __version__
    banner = "Antigranular: every cell runs in the enclave; only differentially private values leave it."

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)  # type: ignore[no-untyped-call]
        self.remote = RemoteSession(lambda: open_session(reach(find_credentials(None, None)), find_wish()))
        self.numbers: dict[str, str] = {}

    @property
    def kernel_info(self) -> dict[str, Any]:
        """As any kernel's, with the session's Python and id, and without what only a local kernel can do."""
        ours = {"language_info": self.remote.language(), "supported_features": [], "debugger": False}
        return {**super().kernel_info, **ours}

    async def do_execute(self, code: str, silent: bool, *_words: object, **_more: object) -> dict[str, Any]:
        """Run a cell in the session, or answer a line of ``%ag``."""
        try:
            self._run(code, silent=silent)
        except (AgError, KeyboardInterrupt) as problem:
            told = _told(problem, self.numbers)
            if not silent:
                self.say("error", told)
            return {"status": "error", "execution_count": self.execution_count, **told}
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}

    def _run(self, code: str, *, silent: bool) -> None:
        desk = Desk(self)
        if self.remote.news and not silent:
            desk.notice(self.remote.news)
            self.remote.news = ""
        if (line := code.strip()).split(maxsplit=1)[:1] == [_WORD] and "\n" not in line:
            desk.value(say(desk, line[len(_WORD) :]))
            return
        given = parted(code)
        wanted = options(given[0] if given else "")
        if wanted.session:
            raise AgError("this notebook has one session; %ag attach ID takes up another one in its place")
        view: View = QuietView(desk.export) if silent or wanted.quiet else desk
        # The empty line stands for the one with %%ag, so that line numbers are those of the notebook's cell.
        desk.current().execute(f"\n{given[1]}" if given else code, view=view, timeout=wanted.timeout)

    async def do_complete(self, code: str, cursor_pos: int) -> dict[str, Any]:
        """The session's names."""
        session = self.remote.session
        reply = session.complete(code, cursor_pos) if session is not None else None
        return reply or {**_NO_COMPLETION, "cursor_start": cursor_pos, "cursor_end": cursor_pos}

    async def do_inspect(self, code: str, cursor_pos: int, detail_level: int = 0, *_more: object) -> dict[str, Any]:
        """What the session knows of the name at the cursor."""
        session = self.remote.session
        return (session.inspect(code, cursor_pos, detail_level) if session is not None else None) or _NO_INSPECTION

    async def do_is_complete(self, code: str) -> dict[str, Any]:
        """For consoles."""
        session = self.remote.session
        return (session.is_complete(code) if session is not None else None) or {"status": "unknown"}

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """End the session: a restarted notebook begins with none of its variables, and a closed one leaves nothing behind."""
        self.remote.end()
        return {"status": "ok", "restart": restart}

    def say(self, kind: str, content: dict[str, Any]) -> None:
        """One message to whoever watches the notebook."""
        self.send_response(self.iopub_socket, kind, content)  # type: ignore[no-untyped-call]


class Desk(RichView):
    """Where the session's words are shown, as answers to the cell that runs; and who asks for the words of ``%ag``."""

    def __init__(self, kernel: RemoteKernel) -> None:
        super().__init__()
        self._kernel = kernel

    @property
    def session(self) -> Session | None:
        """The notebook's session."""
        return self._kernel.remote.session

    @session.setter
    def session(self, session: Session | None) -> None:
        self._kernel.remote.session = session

    def current(self) -> Session:
        """The session, begun where there is none yet."""
        return self._kernel.remote.current()

    def view(self) -> View:
        """Here."""
        return self

    def shown(self, source: str) -> None:
        """The value of an expression in the session: shown already, as the cell's own."""
        self.current().execute(source, view=self)

    def value(self, found: Any) -> None:
        """A value of this process, as the cell's own."""
        if found is not None:
            self.result(_shown(found))

    def started(self, count: int) -> None:
        """The session's number of the cell, and the notebook's."""
        self._kernel.numbers[str(count)] = str(self._kernel.execution_count)

    def stream(self, name: str, text: str) -> None:
        """Printed text."""
        self._kernel.say("stream", {"name": name, "text": text})

    def publish(self, data: Bundle, metadata: Bundle, transient: Bundle, *, update: bool) -> None:
        """A display, or a new state of one."""
        kind = "update_display_data" if update else "display_data"
        self._kernel.say(kind, {"data": data, "metadata": metadata, "transient": transient})

    def result(self, shown: Shown) -> None:
        """The value of the last expression."""
        data, metadata = showable(shown)
        count = self._kernel.execution_count
        self._kernel.say("execute_result", {"data": data, "metadata": metadata, "execution_count": count})

    def clear(self, *, wait: bool) -> None:
        """Clear the cell's output."""
        super().clear(wait=wait)
        self._kernel.say("clear_output", {"wait": wait})

    def export(self, name: str, value: Any) -> None:
        """Shown, since there is no variable to set: the notebook itself keeps it."""
        self.stream("stdout", f"Exported {name}; this notebook has no variables of its own, so it is shown here:\n")
        self.display(_shown(value))


def _shown(value: Any) -> Shown:
    """A value of this process as notebooks show values."""
    data, metadata = DisplayFormatter().format(value)  # type: ignore[no-untyped-call]
    return Shown(data=data, metadata=metadata)


def _told(problem: AgError | KeyboardInterrupt, numbers: dict[str, str]) -> dict[str, Any]:
    """What went wrong, as Jupyter tells it."""
    if isinstance(problem, CellError):
        name, text, lines = problem.ename, problem.evalue, renumbered(problem.traceback, numbers)
    elif isinstance(problem, CellInterrupted):
        name, text, lines = "KeyboardInterrupt", str(problem), renumbered(problem.traceback, numbers)
    else:
        name, text, lines = type(problem).__name__, str(problem), []
    lines = lines or [f"{name}: {text}"]
    if isinstance(problem, SessionError):
        lines = [*lines, "In this notebook: restart the kernel, and a new session begins."]
    return {"ename": name, "evalue": text, "traceback": lines}


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=RemoteKernel)
