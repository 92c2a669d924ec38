"""What the session puts into the namespace, in words the checker knows: a closed set, so that no type is ever sent as text.

It must not import the things it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Final[dict[str, str]] = {
    "export": "from ag_utils import export as {name}",
    "ag_print": "from ag_utils import ag_print as {name}",
    "load_dataset": "from ag_utils import load_dataset as {name}",
    "submit_predictions": "from ag_utils import submit_predictions as {name}",
    "display": "from ag_utils import display as {name}",
    "dataset": "{name}: op_pandas.PrivateDataset",
    "frame": "{name}: op_pandas.PrivateDataFrame",
    "series": "{name}: op_pandas.PrivateSeries",
    "frames": "{name}: dict[str, op_pandas.PrivateDataFrame]",
    "any": "{name}: Any",
}
_CLASSES: Final = {"PrivateDataset": "dataset", "PrivateDataFrame": "frame", "PrivateSeries": "series"}
_LONGEST: Final = 200
_HEAD: Final = "import op_pandas\nfrom typing import Any\n"


def kinds_of(namespace: Mapping[str, Any]) -> dict[str, str]:
    """The kind of every public name of a new session's namespace. A dict counts as `frames` where all it holds are frames."""
    return {name: _kind(name, value) for name, value in namespace.items() if not name.startswith("_")}


def _kind(name: str, value: Any) -> str:
    if getattr(value, "__module__", "").partition(".")[0] == "ag_utils" and name in KINDS:
        return name
    if isinstance(value, dict) and value and all(_CLASSES.get(type(one).__name__) == "frame" for one in value.values()):
        return "frames"
    return _CLASSES.get(type(value).__name__, "any")


def valid(names: object) -> bool:
    """Whether this is a table of names and kinds, as it should come over the socket."""
    return isinstance(names, dict) and all(
        isinstance(name, str) and name.isidentifier() and len(name) <= _LONGEST and kind in KINDS
        for name, kind in names.items()
    )


def prelude(names: Mapping[str, str]) -> str:
    """The module that declares the session's names; each is imported by the cells that read it."""
    return _HEAD + "\n".join(KINDS[kind].format(name=name) for name, kind in sorted(names.items()))
