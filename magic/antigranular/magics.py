"""The magics of a notebook: ``%%ag`` runs a cell in the session, ``%ag`` asks about it. Must not know the wire."""

from typing import TYPE_CHECKING, Any

from antigranular.cell_line import options, parted
from antigranular.cell_numbers import renumbered
from antigranular.errors import AgError, CellError, CellInterrupted, NotLoggedIn, SessionError
from antigranular.lines import Answer, say
from antigranular.notebook import NotebookView, RemoteResult
from antigranular.remote_names import offer_names
from antigranular.view import QuietView, Shown, View

if TYPE_CHECKING:
    from antigranular.session import Session


def offer_magics(shell: Any) -> "Magics":
    """The shell's ``%%ag`` and ``%ag``, registered on first use."""
    known = getattr(shell.find_cell_magic("ag"), "__self__", None)
    if isinstance(known, Magics):
        return known
    magics = Magics(shell)
    shell.register_magic_function(magics.run, magic_kind="cell", magic_name="ag")
    shell.register_magic_function(magics.ask, magic_kind="line", magic_name="ag")
    # What IPython makes of a line with %%ag that is not its cell's first.
    shell.register_magic_function(misplaced, magic_kind="line", magic_name="%ag")
    offer_names(shell, magics)
    return magics


def misplaced(_line: str) -> None:
    """``%%ag`` further down in a cell: what stands below it would run here. Raises AgError."""
    raise AgError(
        "%%ag must be the first line of its cell, before any code or comment: nothing below it has run, here or in the enclave"
    )


class Magics:
    """``%%ag``: the cell runs in the session. Exported names become variables here; a failed cell fails here. ``%ag``: a word, see WORDS."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._numbers: dict[str, str] = {}
        self._known: dict[str, Session] = {}
        self._session: Session | None = None

    @property
    def session(self) -> "Session | None":
        """Where cells run: the session of the latest ``ag.login(...)`` or ``ag.attach(...)``."""
        return self._session

    @session.setter
    def session(self, session: "Session | None") -> None:
        self._session = session
        if session is not None:
            self._known[session.session_id] = session

    def run(self, line: str, cell: str) -> RemoteResult | None:
        """Run the cell. ``--timeout SECONDS`` interrupts it, ``--session ID`` runs it in another session of this notebook, ``--mock`` against made-up rows, ``--quiet`` shows nothing."""
        wanted = options(line)
        session = self._chosen(wanted.session)
        if not cell.strip():
            return None
        loud = NotebookView(self._shell, self._numbers)
        view: View = QuietView(self._shell.user_ns.__setitem__) if wanted.quiet else loud
        try:
            # The empty line stands for the one with %%ag, so that line numbers are those of the notebook's cell.
            session.execute("\n" + cell, view=view, timeout=wanted.timeout, mock=wanted.mock)
        except (CellError, CellInterrupted) as error:
            error.traceback = renumbered(error.traceback, self._numbers)
            raise
        return loud.value

    def ask(self, line: str) -> Answer | Any:
        """``%ag WORD``: what to do or show; without a word, what the words are, also where code follows that was meant for ``%%ag``."""
        answer = say(self, line)
        if line.strip():
            return answer
        self.view().display(Shown(data={"text/plain": repr(answer), "text/html": answer._repr_html_()}, metadata={}))
        return None

    def _chosen(self, session_id: str | None) -> "Session":
        if session_id is not None and session_id not in self._known:
            raise SessionError(f"this notebook has no session {session_id}; ag.attach({session_id!r}) takes it up")
        session = self._known[session_id] if session_id is not None else self._session
        if session is None:
            raise NotLoggedIn("there is no session yet: call ag.login(user_id, user_secret, dataset=...) first")
        return session

    def asked(self, cell: str) -> "Session | None":
        """The session that a whole ``%%ag`` cell, perhaps half written, would run in; None where that can't be told."""
        line = parted(cell)
        try:
            return self._chosen(options(line[0]).session) if line is not None else None
        except AgError:
            return None

    def current(self) -> "Session":
        """The session. Raises NotLoggedIn where there is none."""
        return self._chosen(None)

    def shown(self, source: str) -> RemoteResult | None:
        """The value of an expression in the session, as it looks."""
        view = NotebookView(self._shell, self._numbers)
        try:
            self.current().execute(source, view=view)
        except (CellError, CellInterrupted) as error:
            error.traceback = renumbered(error.traceback, self._numbers)
            raise
        return view.value

    def view(self) -> View:
        """The notebook."""
        return NotebookView(self._shell, self._numbers)
