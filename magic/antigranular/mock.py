"""Dry runs of a session: cells against made-up rows, and these rows. Must not know the wire."""

from typing import TYPE_CHECKING, Any

from antigranular.errors import AgError
from antigranular.hearing import CellResult
from antigranular.view import QuietView, View

if TYPE_CHECKING:
    from antigranular.session import Session

_NAME = "mock_frames"


class Mock:
    """The session with mocks in the private tables' place, for one cell at a time: same variables, same code, real noise, no cost."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    def __call__(self, source: str, *, view: View | None = None, timeout: float | None = None) -> CellResult:
        """Run Python in the session; what it releases is of mocks and says so (``.ag.mock``), and nothing is charged.

        Variables that the cell sets stay: private frames among them are of the real rows in the next cell. Raises as ``session.execute`` does.
        """
        return self._session.execute(source, view=view, timeout=timeout, mock=True)

    def frames(self, dataset: str | None = None) -> dict[str, Any]:
        """The made-up rows of the session's data set, or of another: pandas frames and series by the keys of its views."""
        wanted = dataset or self._session.dataset
        if not wanted:
            raise AgError("this session is over all data sets: say which you mean, dataset=…")
        source = f"export(load_mock({wanted!r}), {_NAME!r})"
        found = self._session.execute(source, view=QuietView(lambda _name, _value: None))
        return dict(found.exports[_NAME])

    def __repr__(self) -> str:
        return f"<dry runs of session {self._session.session_id}: session.mock(source) runs a cell for nothing, session.mock.frames() are the made-up rows>"
