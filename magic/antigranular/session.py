"""One session in the enclave, as a person holds it in a notebook or a script. Must not know about HTTP, TLS or IPython."""

import atexit
import contextlib
import os
import uuid
import weakref
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from antigranular import table
from antigranular.ask import ask
from antigranular.budget_requests import BudgetRequest, ask_for_budget, requests_of
from antigranular.catalogue import Catalogue, type_of
from antigranular.cell import run_cell
from antigranular.channel import Channel
from antigranular.code_requests import CodeRequest, reviews_of, submit
from antigranular.competition import Board
from antigranular.errors import AgError, CellRefused, NotImportable, NotPredictions, SessionError, WireError
from antigranular.hearing import CellResult
from antigranular.imports import becomes, cell_for, check_name, parcel_of, send_import
from antigranular.listing import Listing
from antigranular.mock import Mock
from antigranular.odometer import Odometer
from antigranular.policies import Draft
from antigranular.predictions import plain
from antigranular.projects import Project, join, leave, make, projects_of
from antigranular.replay import replay
from antigranular.rest import Enclave
from antigranular.view import PlainView, View

SESSION = "application/vnd.antigranular.session+json"
_HEADERS = ("key", "type")
_MINUTES_FROM = 120
_LONGEST_IDLE = 10**12
_SOON = 1.5
"""Seconds that a person waits for a completion."""


class Session:
    """A running session, made by ``ag.login(…)`` or ``ag.attach(…)``; cells that begin with ``%%ag`` run in it.

    Ends with ``terminate_session()``, at the end of a ``with`` block or of this process, or when idle for too long. ``privacy_budget`` shows
    what is left, ``request_budget(eps=1, reason="…")`` asks for more, ``mock(source)`` tries code for nothing, ``private_import(value, "name")``
    brings a value of yours, ``submit(function)`` hands code to the owners. ``%ag help`` lists what notebooks have beside these.
    """

    def __init__(
        self,
        enclave: Enclave,
        model: Mapping[str, Any],
        outlives: Callable[[], bool] = bool,
        views: Callable[[], View] = PlainView,
    ) -> None:
        """``model`` is the enclave's answer to starting it. Raises WireError where it is none.

        ``outlives`` is asked at the end of this process whether the session goes on, as it does when a notebook's kernel is restarted.
        ``views`` gives where an import is told of.
        """
        facts = model.get("ag")
        if not isinstance(model.get("id"), str) or not isinstance(facts, dict):
            raise WireError("the enclave started something that is not a session")
        _check_shown(facts)
        self._enclave = enclave
        self._facts = facts
        self._ended = ""
        self._client = uuid.uuid4().hex
        self.session_id: str = model["id"]
        self._outlives = outlives
        self._views = views
        self._forget = _end_at_exit(self, outlives)
        self._channel = Channel(lambda after: enclave.open_channel(self.session_id, self._client, after))

    @property
    def dataset(self) -> str:
        """The data set's name."""
        return str(self._facts.get("dataset", ""))

    @property
    def variable(self) -> str:
        """The name under which the data set waits in the session."""
        return str(self._facts.get("variable", ""))

    def execute(
        self, source: str, *, view: View | None = None, timeout: float | None = None, mock: bool = False
    ) -> CellResult:
        """Run Python in the session; what it prints appears as it is printed, by default on the standard streams. ``mock``: a dry run, see ``mock``.

        ``timeout``: seconds after which the cell is interrupted. Raises CellError where it fails, CellTimedOut, CellInterrupted
        after Ctrl-C, SessionError where the session has ended.
        """
        self._check_alive()
        if not source.strip():
            return CellResult()
        self._check_size(source)
        return run_cell(
            source,
            channel=self._channel,
            client=self._client,
            view=view if view is not None else PlainView(),
            interrupt=self.interrupt_kernel,
            timeout=timeout,
            mock=mock,
        )

    @property
    def mock(self) -> Mock:
        """Dry runs: ``session.mock(source)`` runs a cell against made-up rows, free; ``session.mock.frames()`` are these rows."""
        return Mock(self)

    def replay(self, *, view: View | None = None) -> CellResult:
        """Show what the session still has of its output and what its running cell says to its end; the exports among it."""
        self._check_alive()
        shown = view if view is not None else PlainView()
        return replay(channel=self._channel, client=self._client, view=shown)

    def state(self) -> dict[str, Any]:
        """``state`` (idle, busy, dead …), ``last_activity`` and ``connections`` of the session, as the enclave sees it."""
        self._check_alive()
        model = self._enclave.session(self.session_id)
        return {
            "session_id": self.session_id,
            "dataset": self.dataset,
            "state": str(model.get("execution_state", "")),
            "last_activity": str(model.get("last_activity", "")),
            "connections": model.get("connections"),
        }

    def complete(self, source: str, cursor: int) -> dict[str, Any] | None:
        """What may follow the cursor, by the session's names, as Jupyter's ``complete_reply``; None where it doesn't answer soon."""
        return self._ask("complete", {"code": source, "cursor_pos": cursor})

    def inspect(self, source: str, cursor: int, detail: int = 0) -> dict[str, Any] | None:
        """What is known of the name at the cursor, as Jupyter's ``inspect_reply``; None where it doesn't answer soon."""
        return self._ask("inspect", {"code": source, "cursor_pos": cursor, "detail_level": detail})

    def is_complete(self, source: str) -> dict[str, Any] | None:
        """Whether a console should run the text or go on reading, as Jupyter's ``is_complete_reply``; None where it doesn't answer soon."""
        return self._ask("is_complete", {"code": source})

    def language(self) -> dict[str, Any]:
        """The session's Python, as Jupyter's ``language_info``; empty where it doesn't answer soon. Connects."""
        found = (self._ask("kernel_info", {}) or {}).get("language_info")
        return dict(found) if isinstance(found, dict) else {}

    def _ask(self, kind: str, content: Mapping[str, Any]) -> dict[str, Any] | None:
        if self._ended:
            return None
        return ask(kind, content, channel=self._channel, client=self._client, seconds=_SOON)

    def restart_kernel(self) -> dict[str, str]:
        """A fresh kernel under the same id: variables are gone, what you spent stays spent."""
        self._check_alive()
        self._enclave.restart(self.session_id)
        return {"status": "ok"}

    def privacy_odometer(self) -> Odometer:
        """What you have spent on each data set, over all sessions, and what is left."""
        self._check_alive()
        return Odometer.from_balances(self._enclave.odometer(self.session_id))

    @property
    def privacy_budget(self) -> Odometer:
        """What you have, spent and have left on each data set, and per call; shows itself as a table, and reads as a dictionary."""
        return self.privacy_odometer()

    def request_budget(self, eps: Any, reason: str, dataset: str | None = None) -> BudgetRequest:
        """Ask the owners for so much more ε on the session's data set, or on another; they accept or deny, and you are told.

        Asking the same again while it is open is the same request. Raises RequestRefused where there are too many.
        """
        wanted = dataset or self.dataset
        if not wanted:
            raise AgError("this session is over all data sets: say which you mean, dataset=…")
        return ask_for_budget(self._enclave, wanted, eps, reason)

    def submit(self, code: Draft, project: str | None = None) -> CodeRequest:
        """Submit a function made with ``@ag.code_request(…)`` for review, perhaps within a project.

        It is checked as cells are and runs on mock data at once. Raises RequestRefused, with the lines at fault, where that fails.
        """
        return submit(self._enclave, code, project)

    @property
    def reviews(self) -> Listing[CodeRequest]:
        """Code that you submitted or whose result is yours to read, the newest first; ``result()`` is what was deposited."""
        return reviews_of(self._enclave)

    @property
    def projects(self) -> Listing[Project]:
        """The projects that you take part in, or are invited to: ``join_project(…)`` them."""
        return projects_of(self._enclave)

    def make_project(self, project: Project) -> Project:
        """Make a project, and invite its other members: they take part once they join. Raises RequestRefused where you have made one of that name."""
        return make(self._enclave, project)

    def join_project(self, project: Project | str) -> Project:
        """Take part in a project that you are invited to: one of ``projects``, or its name."""
        return join(self._enclave, project)

    def leave_project(self, project: Project | str) -> None:
        """Take part in a project no longer, or decline. Raises RequestRefused where you made it."""
        leave(self._enclave, project)

    @property
    def requests(self) -> Listing[BudgetRequest]:
        """Your requests for budget, the newest first, and what was decided."""
        return requests_of(self._enclave)

    def datasets(self) -> Catalogue:
        """The public part of every data set in the enclave."""
        return Catalogue(self._enclave.datasets())

    def siblings(self) -> list[dict[str, Any]]:
        """The analyst's running sessions, this one too, as the enclave describes them."""
        return self._enclave.sessions()

    def sibling(self, session_id: str) -> "Session":
        """Another running session of the same analyst. Raises SessionError where there is none of that id."""
        return Session(self._enclave, self._enclave.session(session_id), self._outlives, self._views)

    def interrupt_kernel(self) -> dict[str, str]:
        """Interrupt the running cell, also from another thread; the session's variables stay."""
        self._check_alive()
        self._enclave.interrupt(self.session_id)
        return {"status": "ok"}

    def terminate_session(self) -> dict[str, str]:
        """End the session; its variables are gone, what you spent stays spent. Ending it again does nothing."""
        if not self._ended:
            try:
                # First over there: a cell that runs in another thread hears of it, and ends.
                self._enclave.stop(self.session_id)
            finally:
                self._let_go("was terminated; ag.login(...) starts a new one")
        return {"status": "ok"}

    def leave(self) -> None:
        """Let go of the session without ending it: ``ag.attach`` takes it up again until it was idle for too long."""
        self._let_go(f"was let go of here; ag.attach({self.session_id!r}) takes it up again")

    def _let_go(self, how: str) -> None:
        self._ended = how
        self._forget()
        self._channel.close()

    def submit_predictions(self, predictions: Any) -> dict[str, Any]:
        """Submit one prediction for each row of the test set: ``{"score": {"leaderboard": score, "logs": {…}}}``.

        ``predictions``: a frame of one column, a series, an array or a list, in the test set's order. Raises NotPredictions where
        they are none of these, RequestRefused where they don't fit or come too late or too often, and nothing was charged; SessionError
        where the session belongs to no competition. In a ``%%ag`` cell ``submit_predictions(predictions)`` does the same.
        """
        name = self._competition()
        try:
            values = plain(predictions)
        except (TypeError, ValueError) as problem:
            raise NotPredictions(str(problem)) from None
        return self._enclave.submit(name, values)

    def leaderboard(self) -> Board:
        """Each analyst's best score in the session's competition, and the final ones once it has closed. Raises SessionError where it belongs to none."""
        name = self._competition()
        return Board(name, self._enclave.board(name))

    def _competition(self) -> str:
        self._check_alive()
        name = self._facts.get("competition")
        if not isinstance(name, str):
            raise SessionError("this session belongs to no competition; ag.login(..., competition=NAME) begins one")
        return name

    def private_import(  # noqa: PLR0917 (its signature is a promise)
        self,
        data: Any = None,
        name: str | None = None,
        path: str | os.PathLike[str] | None = None,
        is_private: bool = False,
        metadata: Mapping[Any, Any] | tuple[Any, Any] | None = None,
        categorical_metadata: Any = None,
    ) -> None:
        """Bring a value of this notebook into the session as the variable ``name``: frames, series, arrays, plain values, fitted estimators.

        ``path`` names an ONNX file instead of ``data``; of it and of estimators the parameters travel, as an object with ``attributes``.
        ``is_private=True`` makes a private frame (of a DataFrame or dict) or series of it, in a scratch data set of the session's own,
        with bounds by column in ``metadata`` and categories in ``categorical_metadata``. Raises NotImportable for what is no data or too
        large and for a name that is taken or none; CellError where metadata don't fit.
        """
        self._check_alive()
        if name is None:
            raise NotImportable(
                "private_import needs the name of a variable over there: session.private_import(data, 'name')"
            )
        called = check_name(name)
        if (data is None) == (path is None):
            raise NotImportable("private_import needs exactly one of data= and path=")
        if path is not None:
            from antigranular.onnx_file import read_onnx

            data = read_onnx(path)
        kind = becomes(data, private=is_private)
        view = self._views()
        parts, left = parcel_of(data, metadata or None, categorical_metadata or None)
        if left:
            view.notice(f"Of {called}, what is no data stays here: {', '.join(left)}.")
        most = self._facts.get("import_bytes")
        limit = most if isinstance(most, int) else None
        send_import(called, parts, channel=self._channel, client=self._client, view=view, most=limit)
        self.execute(cell_for(called, kind), view=view)
        view.stream("stdout", f"Setting up imported variable in the session: {called}\n")

    def describe(self) -> dict[str, Any]:
        """The session as something to show: text, HTML, and a record of its id. Holds no secret."""
        return {
            "text/plain": self._as_text(),
            "text/html": self._repr_html_(),
            SESSION: self.record(),
        }

    def record(self) -> dict[str, Any]:
        """What a notebook keeps of the session, so that it can be found again."""
        return {"version": 1, "session_id": self.session_id, "dataset": self.dataset}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.terminate_session()

    def __repr__(self) -> str:
        return f"<antigranular session {self.session_id} on {self.dataset!r}{', ended' if self._ended else ''}>"

    def _repr_html_(self) -> str:
        note = "has ended" if self._ended else self._idle()
        above = table.heading(self.dataset, self._as()).html
        below = f"Session {self.session_id} {note}"
        return table.as_html(_HEADERS, self._rows(), above=above, below=below)

    def _as_text(self) -> str:
        title = table.heading(self.dataset, self._as()).text
        body = table.as_text(_HEADERS, self._rows())
        return f"{title}\n{body}\nSession {self.session_id} {self._idle()}"

    def _as(self) -> str:
        known = {"in the session as": self.variable, "competition": self._facts.get("competition")}
        return ", ".join(f"{what} {name}" for what, name in known.items() if name)

    def _rows(self) -> list[table.Row]:
        views = self._facts.get("views") or []
        return [(table.code(str(each.get("key"))), type_of(each.get("kind"))) for each in views]

    def _idle(self) -> str:
        seconds = self._facts.get("idle_timeout_seconds")
        if not isinstance(seconds, (int, float)) or not 0 <= seconds <= _LONGEST_IDLE:
            return "ends when idle for too long"
        span = f"{seconds / 60:.0f} minutes" if seconds >= _MINUTES_FROM else f"{seconds:.0f} seconds"
        return f"ends when idle for {span}"

    def _check_size(self, source: str) -> None:
        """A cell that the enclave would not take need not travel."""
        most, size = self._facts.get("cell_bytes"), len(source.encode("utf-8", "replace"))
        if isinstance(most, int) and size > most:
            reason = f"a cell must not be longer than {most:,} bytes, and this one has {size:,}"
            raise CellRefused("CellRefused", reason, [])

    def _check_alive(self) -> None:
        if self._ended:
            raise SessionError(f"the session {self.session_id} {self._ended}")


def _check_shown(facts: Mapping[str, Any]) -> None:
    """What a session shows of itself can be shown. WireError where it can't."""
    views = facts.get("views") or []
    if not isinstance(views, list) or not all(isinstance(each, dict) for each in views):
        raise WireError("the enclave started a session and doesn't say what is in it")


def _end_at_exit(session: Session, outlives: Callable[[], bool]) -> Callable[[], None]:
    """End the session with this process: an analyst may have only a few, and a notebook that failed ends none itself.

    Gives what takes it back. Holds the session weakly.
    """
    found = weakref.ref(session)

    def end() -> None:
        running = found()
        if running is not None:
            with contextlib.suppress(AgError):
                if outlives():
                    running.leave()
                else:
                    running.terminate_session()

    atexit.register(end)
    return lambda: atexit.unregister(end)
