"""What can go wrong for an analyst, as exceptions that say it in one clear sentence. Knows nothing of how it is transported.

AgError
├── EnclaveUnreachable (also ConnectionError)  nothing answers, or its certificate is not trusted
│   ├── UntrustedEnclave                       it answers, but can't prove who it is
│   └── ConnectionLost                         it answered, and then went away for good
├── IncompatibleEnclave                        it speaks another version of the wire
├── LoginError                                 the user id or the secret is not accepted
├── RequestRefused                             it understood and said no; carries the HTTP status
├── SessionError                               there is no such session, or no longer
│   └── NotLoggedIn                            %%ag before ag.login(...)
├── CellError                                  the cell failed over there; carries its name, message and traceback
│   ├── CellRefused                            policy or types refused the cell before it ran
│   └── CellTimedOut                           it ran longer than asked for and was interrupted
├── NameTaken                                  an export has the name of something that this notebook needs
├── WireError                                  the enclave sent something this client can't accept
├── NotImportable (also ValueError)             a value or a name that can't be brought into a session
├── NotPredictions (also ValueError)            what was to be submitted is no list of single values
└── NotAvailable (also NotImplementedError)    promised for a later version

KeyboardInterrupt
└── CellInterrupted                            Ctrl-C: the cell over there was stopped, the session goes on
"""

import linecache
import traceback
from types import TracebackType

_MAGIC = "get_ipython()."
"""What IPython makes of a line with a magic: nothing that its writer would know."""
_RED, _PLAIN = "\x1b[0;31m", "\x1b[0m"


class AgError(Exception):
    """Base of everything this client raises. In a notebook it shows as the analyst's line and one sentence."""

    def _render_traceback_(self, *_args: object, **_options: object) -> list[str]:
        lines = [f"{_RED}{type(self).__name__}{_PLAIN}: {self}"]
        return [*_own_lines(self.__traceback__), *lines]


class EnclaveUnreachable(AgError, ConnectionError):
    """Nothing answers at the address."""


class UntrustedEnclave(EnclaveUnreachable):
    """The enclave's certificate is not signed by an authority this client was told to trust."""


class ConnectionLost(EnclaveUnreachable):
    """The connection broke; ``code`` is the websocket close code, where the enclave sent one, ``line`` says which of a channel's connections it was."""

    code: int | None = None
    line: int | None = None


class IncompatibleEnclave(AgError):
    """The enclave speaks a version of the wire that this client does not."""


class LoginError(AgError):
    """The user id or the secret is not accepted."""


class RequestRefused(AgError):
    """The enclave understood the request and said no."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class SessionError(AgError):
    """There is no such session, or it has ended."""


class NotLoggedIn(SessionError):
    """No session in this notebook yet."""


class NameTaken(AgError):
    """The cell exported under the name of something that this notebook needs; nothing was replaced."""


class WireError(AgError):
    """The enclave sent something this client can't accept."""


class NotImportable(AgError, ValueError):
    """The value is no data, or the name no variable's; says what can be imported."""


class NotPredictions(AgError, ValueError):
    """What was to be submitted is no list of single values; says which is not."""


class NotAvailable(AgError, NotImplementedError):
    """Promised for a later version of this client."""


class CellError(AgError):
    """The cell failed in the enclave.

    ``ename`` and ``evalue`` name the remote exception, ``traceback`` are its lines, already cut to the analyst's own.
    """

    def __init__(self, ename: str, evalue: str, remote_traceback: list[str]) -> None:
        super().__init__(f"{ename}: {evalue}" if evalue else ename)
        self.ename = ename
        self.evalue = evalue
        self.traceback = remote_traceback
        if remote_traceback:
            self.add_note("\n".join(["In the enclave:", *remote_traceback]))

    def _render_traceback_(self, *_args: object, **_options: object) -> list[str]:
        return self.traceback or [f"{_RED}{self.ename}{_PLAIN}: {self.evalue}"]


class CellRefused(CellError):
    """The policy or the types refused the cell before a line of it ran."""


class CellTimedOut(CellError):
    """The cell ran longer than ``timeout`` and was interrupted; the session goes on."""

    def _render_traceback_(self, *_args: object, **_options: object) -> list[str]:
        # Where it was, and in place of the remote KeyboardInterrupt, which nobody pressed, what happened.
        return [*self.traceback[:-1], f"{_RED}{self.ename}{_PLAIN}: {self.evalue}"]


class CellInterrupted(KeyboardInterrupt):
    """The analyst interrupted the cell; it was stopped in the enclave and the session goes on."""

    def __init__(self, remote_traceback: list[str]) -> None:
        super().__init__("the cell was interrupted; the session goes on")
        self.traceback = remote_traceback

    def _render_traceback_(self, *_args: object, **_options: object) -> list[str]:
        return self.traceback or [f"{_RED}KeyboardInterrupt{_PLAIN}: {self}"]


def _own_lines(trace: TracebackType | None) -> list[str]:
    """The lines of the analyst's notebook or script on the way to the error, without those of any library."""
    shown = []
    for frame, line in traceback.walk_tb(trace):
        if frame.f_globals.get("__name__") == "__main__":
            source = linecache.getline(frame.f_code.co_filename, line, frame.f_globals).strip()
            if not source.startswith(_MAGIC):
                shown.append(f"line {line}: {source}")
    return shown
