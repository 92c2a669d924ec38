"""The session behind a notebook whose every cell is remote: the one that its file names, where it still runs, else a new one. Must not know Jupyter's messages."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from antigranular.config import Wish
from antigranular.errors import AgError, SessionError
from antigranular.notebook_file import KEY, dataset_of, read, sessions_of
from antigranular.rest import Enclave
from antigranular.session import Session

_PYTHON = {
    "name": "python",
    "mimetype": "text/x-python",
    "file_extension": ".py",
    "pygments_lexer": "ipython3",
    "codemirror_mode": "python",
    "nbconvert_exporter": "python",
}
_TRIES = 4
_NOTHING: dict[str, Any] = {"cells": []}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session, and whether it ran before: then its variables are there."""

    session: Session
    taken_up: bool


class RemoteSession:
    """The session, opened when it is first needed. ``open_it`` is tried again by whoever needs it, until it succeeds."""

    def __init__(self, open_it: Callable[[], Opened]) -> None:
        self._open_it = open_it
        self._opening = Lock()
        self._tried = False
        self._language: dict[str, Any] = {}
        self.session: Session | None = None
        self.news = ""
        """What the next cell should say first."""

    def current(self) -> Session:
        """The session. Raises what opening it raises."""
        with self._opening:
            if self.session is None:
                self._tried = True
                opened = self._open_it()
                self._language = opened.session.language()
                self.session = opened.session
                if opened.taken_up:
                    self.news = f"Taken up again: session {opened.session.session_id}, with its variables."
            return self.session

    def language(self) -> dict[str, Any]:
        """Jupyter's ``language_info``: Python as the session has it, and the session's id, which notebooks then keep in their metadata."""
        if not self._tried:
            with contextlib.suppress(AgError):  # the first cell tries again, and says what is wrong
                self.current()
        session = self.session
        if session is None:
            return _PYTHON
        return {**_PYTHON, **self._language, KEY: session.record()}

    def end(self) -> None:
        """End the session, where there is one."""
        if self.session is not None:
            with contextlib.suppress(AgError):
                self.session.terminate_session()


def open_session(enclave: Enclave, wish: Wish) -> Opened:
    """The session meant. Raises what the enclave refuses."""
    notebook = _notebook(wish)
    dataset = wish.dataset or dataset_of(notebook)
    model = _running(enclave, notebook, dataset)
    if model is not None:
        return Opened(session=Session(enclave, model), taken_up=True)
    started = enclave.start({"dataset": dataset} if dataset else None)
    return Opened(session=Session(enclave, started), taken_up=False)


def _notebook(wish: Wish) -> dict[str, Any]:
    try:
        return read(wish.notebook) if wish.notebook is not None else _NOTHING
    except AgError:
        return _NOTHING  # a script, or a file that is being written: a new session then


def _running(enclave: Enclave, notebook: dict[str, Any], dataset: str | None) -> dict[str, Any] | None:
    """The latest session that the notebook names, where it runs, nobody is connected to it and it is about the same data."""
    named = dict.fromkeys(each["session_id"] for each in reversed(sessions_of(notebook)))
    for session_id in list(named)[:_TRIES]:
        try:
            model = enclave.session(session_id)
        except SessionError:
            continue
        facts = model.get("ag") or {}
        # Where somebody is connected, it is another copy of the notebook's, say: two that share variables would surprise both.
        free = model.get("connections") == 0 and model.get("execution_state") != "dead"
        if free and (dataset is None or facts.get("dataset") == dataset):
            return model
    return None
