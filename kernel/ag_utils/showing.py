"""What a cell shows and shows anew: ``display`` with an id, its updates, and a cleared output. Offered as ``IPython.display``, too.

Must not know processes or sockets: what is shown is handed over the session's desk.
"""

import uuid
from typing import Any, Literal, overload

from ag_utils.desk import bound

__all__ = ["DisplayHandle", "clear_output", "display", "update_display"]

_LONGEST = 128


class DisplayHandle:
    """Something shown under an id, which can be shown anew in its place."""

    def __init__(self, display_id: str | None = None) -> None:
        self.display_id = _checked(display_id)

    def display(self, value: Any) -> None:
        """Show a value under the id."""
        bound().display(value, display_id=self.display_id)

    def update(self, value: Any) -> None:
        """Show a value in the place of what has the id, wherever it was shown."""
        bound().display(value, display_id=self.display_id, update=True)

    def __repr__(self) -> str:
        return f"<DisplayHandle display_id={self.display_id}>"


@overload
def display(*values: Any) -> None: ...
@overload
def display(*values: Any, display_id: str | Literal[True]) -> DisplayHandle: ...
def display(*values: Any, display_id: str | Literal[True] | None = None) -> DisplayHandle | None:
    """Show values as the last expression of a cell would be shown. With ``display_id`` (True: a new one), a handle whose ``update`` replaces them."""
    if display_id is None:
        for value in values:
            bound().display(value)
        return None
    handle = DisplayHandle(None if display_id is True else display_id)
    for value in values:
        handle.display(value)
    return handle


def update_display(value: Any, *, display_id: str) -> None:
    """Show a value in the place of what was displayed with this id."""
    DisplayHandle(display_id).update(value)


def clear_output(wait: bool = False) -> None:
    """Clear what this cell has shown; ``wait``: when the next thing is shown."""
    bound().clear(wait=bool(wait))


def _checked(display_id: object) -> str:
    if display_id is None:
        return uuid.uuid4().hex
    if not isinstance(display_id, str) or not 0 < len(display_id) <= _LONGEST:
        raise ValueError(f"a display_id is a text of 1 to {_LONGEST} letters, or True for a new one")
    return display_id
