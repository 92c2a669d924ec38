"""What an analyst's cell says to its own notebook: export, print, load. All of these are there without import, too.

Must not know processes or sockets: a session binds a desk, and what is said here is handed over that desk.
"""

from typing import Any, Literal, overload

import op_pandas
from ag_utils.desk import bound
from ag_utils.showing import display
from op_pandas.frame import PrivateDataFrame
from op_pandas.private import Private
from op_pandas.series import PrivateSeries

__all__ = ["ag_print", "display", "export", "imported", "load_dataset", "load_mock", "submit_predictions"]

PRIVATE = (
    "Please ensure export function is called on a non-private type. Release a statistic of it, e.g. mean(eps=0.1)."
)
NOT_PRINTED = "What is private can't be printed. Release a statistic of it, e.g. mean(eps=0.1); to see its columns, end a cell with its name."
NOT_SUBMITTED = "Please ensure submit_predictions is called on a non-private type."
_DEEPEST = 32


def export(value: Any, name: str) -> None:
    """Send a public value to the notebook, where it becomes the variable ``name``.

    ValueError for a private object, a value that is not data, or a name that no variable can have.
    """
    bound().export(value, name)


def ag_print(
    *values: Any, sep: str | None = " ", end: str | None = "\n", file: None = None, flush: bool = False
) -> None:
    """Print public values, as ``print`` does (which works too). ValueError where a private object is among them."""
    if file is not None:
        raise ValueError("there are no files inside the enclave: print(..., file=None)")
    for value in values:
        if holds_private(value):
            raise ValueError(NOT_PRINTED)
    between = " " if sep is None else sep
    bound().write(between.join(str(value) for value in values) + ("\n" if end is None else end))
    if flush:
        bound().flush()


def load_dataset(name: str) -> Any:
    """A data set of this session by its name: a private frame, or a dict of private frames and public tables."""
    return op_pandas.load_dataset(name)


def load_mock(name: str) -> dict[str, Any]:
    """The made-up rows that stand in for a data set in dry runs, by view: plain, public frames to write code against."""
    return op_pandas.load_mock(name)


@overload
def imported(name: str) -> Any: ...
@overload
def imported(name: str, become: Literal["frame"]) -> PrivateDataFrame: ...
@overload
def imported(name: str, become: Literal["series"]) -> PrivateSeries: ...
def imported(name: str, become: Literal["value", "frame", "series"] = "value") -> Any:
    """What ``session.private_import`` sent under this name, once: as it is, or as a private frame or series.

    Private ones lie in the session's scratch data set, with the metadata that were sent along. LookupError where nothing was sent,
    ValueError or TypeError where the value or its metadata don't fit.
    """
    found = bound().imported(name)
    if become == "frame":
        return PrivateDataFrame(found.value, found.metadata, found.categories)
    if become == "series":
        return PrivateSeries(found.value, found.metadata, found.categories)
    return found.value


def submit_predictions(predictions: Any) -> dict[str, Any]:
    """Submit one prediction for each row of the test set, in its order: ``{"score": {"leaderboard": score, "logs": {…}}}``.

    ``predictions``: a public frame of one column, series, array or list. Costs the ε of the competition's rules, as ``session.submit_predictions`` does.
    ValueError for what is private or no such list, RuntimeError where they are not scored, with the reason.
    """
    if holds_private(predictions):
        raise ValueError(NOT_SUBMITTED)
    return bound().submit(predictions)


def holds_private(value: Any, depth: int = 0) -> bool:
    """Whether a private object is the value, or inside its lists, tuples, sets and dicts."""
    if isinstance(value, Private):
        return True
    if depth >= _DEEPEST:
        return False
    inside = dict.values(value) if isinstance(value, dict) else value
    walked = isinstance(value, dict | list | tuple | set | frozenset)
    return walked and any(holds_private(item, depth + 1) for item in inside)
