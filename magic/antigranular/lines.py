"""The words of ``%ag``: a table of what each does with the notebook's session. Must not know the wire or IPython."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from antigranular import table
from antigranular.errors import AgError

if TYPE_CHECKING:
    from antigranular.session import Session
    from antigranular.view import View


class Asker(Protocol):
    """Who asks: a notebook with a current session."""

    session: "Session | None"

    def current(self) -> "Session":
        """The session. Raises NotLoggedIn where there is none."""

    def shown(self, source: str) -> Any:
        """The value of an expression in the session, as it looks."""

    def view(self) -> "View":
        """Where what a session says is shown, and what it exports is kept."""


class Answer:
    """A small table, as text and as HTML."""

    def __init__(self, headers: Sequence[str], rows: Sequence[table.Row], caption: str = "") -> None:
        self._headers = headers
        self._rows = rows
        self._above = table.heading(caption)

    def __repr__(self) -> str:
        body = table.as_text(self._headers, self._rows)
        return f"{self._above.text}\n{body}" if self._above.text else body

    def _repr_html_(self) -> str:
        return table.as_html(self._headers, self._rows, above=self._above.html)


def _status(asker: Asker, text: str) -> Answer:
    """The session, and what it is at."""
    _nothing_more("status", text)
    facts = asker.current().state()
    facts["last_activity"] = _moment(facts["last_activity"])
    return Answer(("session", ""), [(name.replace("_", " "), str(value)) for name, value in facts.items()])


def _budget(asker: Asker, text: str) -> Any:
    """What you have spent, and what is left."""
    _nothing_more("budget", text)
    return asker.current().privacy_odometer()


def _requests(asker: Asker, text: str) -> Any:
    """Your requests for more budget, and what was decided."""
    _nothing_more("requests", text)
    return asker.current().requests


def _datasets(asker: Asker, text: str) -> Any:
    """The data sets of the enclave; also before any login, where the environment says who you are."""
    _nothing_more("datasets", text)
    if asker.session is not None:
        return asker.session.datasets()
    from antigranular.login import datasets

    return datasets()


def _sessions(asker: Asker, text: str) -> Answer:
    """Your running sessions."""
    _nothing_more("sessions", text)
    mine = asker.current()
    rows: list[table.Row] = []
    for each in mine.siblings():
        facts = each.get("ag") or {}
        here = "here" if each.get("id") == mine.session_id else ""
        about = facts.get("dataset") or "all of them"
        known = (each.get("id"), about, each.get("execution_state"), _moment(each.get("last_activity")))
        rows.append((*map(str, known), here))
    return Answer(("session", "data set", "state", "last activity", ""), rows, "Running sessions")


def _moment(said: Any) -> str:
    """A moment as the enclave says it, to the second."""
    text = str(said or "")
    return f"{text[:10]} {text[11:19]} UTC" if text.endswith("Z") else text


def _attach(asker: Asker, text: str) -> None:
    """ID: take up another running session of yours; its output and exports arrive here."""
    words = text.split()
    if len(words) != 1:
        raise AgError("%ag attach takes one session's id; %ag sessions lists yours")
    if asker.session is None:
        from antigranular.login import attach

        attach(words[0])
    else:
        asker.session = asker.session.sibling(words[0])
        asker.session.replay(view=asker.view())


def _interrupt(asker: Asker, text: str) -> None:
    """Interrupt the running cell."""
    _nothing_more("interrupt", text)
    asker.current().interrupt_kernel()
    asker.view().stream("stdout", "The session was interrupted; its variables stay.\n")


def _restart(asker: Asker, text: str) -> None:
    """A fresh kernel: variables are gone, what you spent stays spent."""
    _nothing_more("restart", text)
    asker.current().restart_kernel()
    asker.view().stream("stdout", "The session has a fresh kernel; its variables are gone.\n")


def _preview(asker: Asker, text: str) -> Any:
    """A statistic, as frame.mean(eps=0.5): its cost and how exact it is; nothing is spent."""
    return asker.shown(previewing(text))


def previewing(text: str) -> str:
    """The call of a statistic as the call of its preview. Raises AgError for anything else."""
    try:
        call = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        call = None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        raise AgError(
            "%ag preview takes one statistic as you would ask for it, for instance %ag preview frame.mean(eps=0.5)"
        )
    preview = ast.Attribute(value=call.func, attr="preview", ctx=ast.Load())
    return ast.unparse(ast.Call(func=preview, args=call.args, keywords=call.keywords))


def _help(asker: Asker, text: str) -> Answer:
    """These words."""
    del asker, text
    rows = [(word, str(does.__doc__)) for word, does in WORDS.items()]
    return Answer(
        ("%ag", ""), rows, "What may follow %ag; a cell that begins with %%ag, twice the sign, runs in the session"
    )


WORDS: Mapping[str, Callable[[Asker, str], Any]] = {
    "status": _status,
    "budget": _budget,
    "requests": _requests,
    "datasets": _datasets,
    "sessions": _sessions,
    "attach": _attach,
    "preview": _preview,
    "interrupt": _interrupt,
    "restart": _restart,
    "help": _help,
}
"""Every word, in the order in which help lists them."""


def say(asker: Asker, line: str) -> Any:
    """What a line of ``%ag`` answers: its first word does it, without one, what the words are. Raises AgError for an unknown word."""
    word, _, text = (line.strip() or "help").partition(" ")
    found = WORDS.get(word)
    if found is None:
        raise AgError(f"%ag knows no {word!r}; it knows {', '.join(WORDS)}")
    return found(asker, text.strip())


def _nothing_more(word: str, text: str) -> None:
    if text:
        raise AgError(f"%ag {word} stands alone; you also wrote {text!r}")
