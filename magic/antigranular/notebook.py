"""The notebook that this process is: its shell, and output shown as it shows its own. Must not know the wire.

IPython is never imported for its own sake: where it is not running, there is no shell and output is plain text.
"""

import sys
from types import ModuleType
from typing import Any

from antigranular.errors import NameTaken
from antigranular.rich_view import RichView, showable
from antigranular.view import Bundle, PlainView, Shown, View

_NEEDED = frozenset({"In", "Out", "get_ipython", "exit", "quit"})
"""Names without which a notebook is none."""


def active_shell() -> Any:
    """The IPython shell this runs in, or None."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def view_of(shell: Any) -> View:
    """Where output goes: the shell's notebook, or the standard streams."""
    return PlainView() if shell is None else NotebookView(shell)


def restarting() -> bool:
    """Whether this notebook's kernel ends to begin anew, as its last message says: then its sessions go on."""
    kernel = getattr(active_shell(), "kernel", None)
    farewell = getattr(kernel, "_shutdown_message", None)
    content = farewell.get("content") if isinstance(farewell, dict) else None
    return isinstance(content, dict) and content.get("restart") is True


class RemoteResult:
    """The value of a remote cell's last expression: what it looks like, not the value itself."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def __repr__(self) -> str:
        return str(self._shown.data.get("text/plain", ""))

    def _repr_mimebundle_(self, **_options: object) -> tuple[dict[str, Any], dict[str, Any]]:
        return showable(self._shown)


class NotebookView(RichView):
    """Output in the notebook that runs the cell. ``numbers`` collects which session cell was which notebook cell."""

    def __init__(self, shell: Any, numbers: dict[str, str] | None = None) -> None:
        super().__init__()
        self._shell = shell
        self._numbers = numbers if numbers is not None else {}
        self.value: RemoteResult | None = None

    def started(self, count: int) -> None:
        """The session's number of this cell."""
        # Not shell.execution_count: some versions of IPython raise it before the cell runs, others after.
        self._numbers[str(count)] = str(len(self._shell.history_manager.input_hist_parsed) - 1)

    def publish(self, data: Bundle, metadata: Bundle, transient: Bundle, *, update: bool) -> None:
        """As the notebook's own displays."""
        self._shell.display_pub.publish(data, metadata, transient=transient, update=update)

    def result(self, shown: Shown) -> None:
        """Kept: the magic returns it, and the notebook shows it as this cell's ``Out``."""
        self.value = RemoteResult(shown)

    def clear(self, *, wait: bool) -> None:
        """Clear this cell's output."""
        super().clear(wait=wait)
        self._shell.display_pub.clear_output(wait)

    def export(self, name: str, value: Any) -> None:
        """Set the notebook's variable, and say so. Raises NameTaken where it is something that the notebook needs."""
        held = self._shell.user_ns.get(name)
        if name in _NEEDED or isinstance(held, ModuleType) or type(held).__module__ == "antigranular.session":
            what = f"the module {held.__name__}" if isinstance(held, ModuleType) else "part of this notebook"
            raise NameTaken(
                f"the cell exported {name}, which is {what} here and was left alone; export it under another name"
            )
        self._shell.user_ns[name] = value
        super().export(name, value)
