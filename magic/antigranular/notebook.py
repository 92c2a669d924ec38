"""The notebook's side: the ``%%ag`` cell magic, and output shown as the notebook shows its own. Must not know the wire.

IPython is never imported for its own sake: where it is not running, there is no shell and output is plain text.
"""

import re
import sys
from html import escape
from typing import TYPE_CHECKING, Any

from antigranular.errors import AgError, CellError, CellInterrupted, NotLoggedIn
from antigranular.view import PlainView, Shown, View

if TYPE_CHECKING:
    from antigranular.session import Session

MIMES = frozenset(
    {
        "text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/svg+xml",
        "application/json", "application/vnd.antigranular.budget+json", "application/vnd.antigranular.session+json",
    }
)  # fmt: skip
"""What may be shown. Scripts and widgets are not among them."""

_CELL_NUMBER = re.compile(r"(?<=\bIn\[)\d+(?=\])")


def active_shell() -> Any:
    """The IPython shell this runs in, or None."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def view_of(shell: Any) -> View:
    """Where output goes: the shell's notebook, or the standard streams."""
    return PlainView() if shell is None else NotebookView(shell)


def offer_magic(shell: Any) -> "CellMagic":
    """The shell's ``%%ag``, registered on first use."""
    known = getattr(shell.find_cell_magic("ag"), "__self__", None)
    if isinstance(known, CellMagic):
        return known
    magic = CellMagic(shell)
    shell.register_magic_function(magic.run, magic_kind="cell", magic_name="ag")
    return magic


class CellMagic:
    """``%%ag``: the cell runs in the session. Exported names become variables here; a failed cell fails here."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._numbers: dict[str, str] = {}
        self.session: Session | None = None

    def run(self, line: str, cell: str) -> "RemoteResult | None":
        """Run the cell in the session of the latest ``ag.login(...)``."""
        if line.strip():
            raise AgError(f"%%ag takes no options, but its line says {line.strip()!r}")
        if self.session is None:
            raise NotLoggedIn("there is no session yet: call ag.login(user_id, user_secret, dataset=...) first")
        if not cell.strip():
            return None
        view = NotebookView(self._shell, self._numbers)
        try:
            # The empty line stands for the one with %%ag, so that line numbers are those of the notebook's cell.
            self.session.execute("\n" + cell, view=view)
        except (CellError, CellInterrupted) as error:
            error.traceback = [self._with_own_numbers(line) for line in error.traceback]
            raise
        return view.value

    def _with_own_numbers(self, line: str) -> str:
        """The notebook's cell numbers instead of the session's."""
        return _CELL_NUMBER.sub(lambda found: self._numbers.get(found.group(), found.group()), line)


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
        self._shell.display_pub.clear_output(wait)

    def export(self, name: str, value: Any) -> None:
        """Set the notebook's variable, and say so."""
        self._shell.user_ns[name] = value
        super().export(name, value)

    def budget(self, shown: Shown) -> None:
        """One small line."""
        text = escape(str(shown.data.get("text/plain", "")))
        self.display(Shown(data={**shown.data, "text/html": f'<small style="opacity:.7">{text}</small>'}, metadata={}))


def _showable(shown: Shown) -> tuple[dict[str, Any], dict[str, Any]]:
    data = {mime: value for mime, value in shown.data.items() if mime in MIMES}
    return data, {mime: value for mime, value in shown.metadata.items() if mime in MIMES}
