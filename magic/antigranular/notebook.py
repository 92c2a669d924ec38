"""The notebook that this process is: its shell, and output shown as it shows its own. Must not know the wire.

IPython is never imported for its own sake: where it is not running, there is no shell and output is plain text.
"""

import sys
import uuid
from dataclasses import replace
from html import escape
from typing import Any

from antigranular.view import PlainView, Shown, View

MIMES = frozenset(
    {
        "text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/svg+xml",
        "application/json", "application/vnd.antigranular.budget+json", "application/vnd.antigranular.session+json",
    }
)  # fmt: skip
"""What may be shown. Scripts and widgets are not among them."""


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
        return _showable(self._shown)


class NotebookView(PlainView):
    """Output in the notebook that runs the cell. ``numbers`` collects which session cell was which notebook cell."""

    def __init__(self, shell: Any, numbers: dict[str, str] | None = None) -> None:
        super().__init__()
        self._shell = shell
        self._numbers = numbers if numbers is not None else {}
        self._waiting = ""
        self.value: RemoteResult | None = None

    def started(self, count: int) -> None:
        """The session's number of this cell."""
        # Not shell.execution_count: some versions of IPython raise it before the cell runs, others after.
        self._numbers[str(count)] = str(len(self._shell.history_manager.input_hist_parsed) - 1)

    def display(self, shown: Shown) -> None:
        """As the notebook's own displays, updatable where it has an id."""
        data, metadata = _showable(shown)
        transient = {"display_id": shown.display_id} if shown.display_id else {}
        self._shell.display_pub.publish(data, metadata, transient=transient, update=shown.update)

    def result(self, shown: Shown) -> None:
        """Kept: the magic returns it, and the notebook shows it as this cell's ``Out``."""
        self.value = RemoteResult(shown)

    def clear(self, *, wait: bool) -> None:
        """Clear this cell's output."""
        self._waiting = ""
        self._shell.display_pub.clear_output(wait)

    def waiting(self, seconds: float) -> None:
        """One line that counts."""
        begun, self._waiting = bool(self._waiting), self._waiting or uuid.uuid4().hex
        self._small(
            f"running in the enclave for {seconds:.0f} s",
            Shown(data={}, metadata={}, display_id=self._waiting, update=begun),
        )

    def waited(self, seconds: float) -> None:
        """The line, where there is one, says how long it was."""
        if self._waiting:
            self._small(
                f"ran in the enclave for {seconds:.1f} s",
                Shown(data={}, metadata={}, display_id=self._waiting, update=True),
            )

    def export(self, name: str, value: Any) -> None:
        """Set the notebook's variable, and say so."""
        self._shell.user_ns[name] = value
        super().export(name, value)

    def budget(self, shown: Shown) -> None:
        """One small line."""
        self._small(str(shown.data.get("text/plain", "")), shown)

    def _small(self, text: str, shown: Shown) -> None:
        forms = {"text/plain": text, "text/html": f'<small style="opacity:.7">{escape(text)}</small>'}
        self.display(replace(shown, data={**shown.data, **forms}, metadata={}))


def _showable(shown: Shown) -> tuple[dict[str, Any], dict[str, Any]]:
    data = {mime: value for mime, value in shown.data.items() if mime in MIMES}
    return data, {mime: value for mime, value in shown.metadata.items() if mime in MIMES}
