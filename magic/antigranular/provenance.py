"""What a released value knows of its release (cost, mechanism, scale, interval), kept on the value as ``.ag``.

Must not know where it came from. Values that can't carry anything (a bool, a string, a tuple) arrive without.
"""

import sys
from typing import Any

Provenance = dict[str, Any]


class ReleasedFloat(float):
    """A released number; ``ag`` is its provenance."""

    ag: Provenance


class ReleasedInt(int):
    """A released count; ``ag`` is its provenance."""

    ag: Provenance


def attach(value: Any, provenance: Provenance) -> Any:
    """The value with ``.ag`` set to the provenance, where its kind allows it; pandas objects also hold it in ``.attrs``."""
    if type(value) is float:
        value = ReleasedFloat(value)
    elif type(value) is int:
        value = ReleasedInt(value)
    elif hasattr(value, "attrs"):
        _offer_accessor()
        value.attrs["ag"] = provenance
        return value
    elif type(value).__module__ == "numpy":
        value = _released_array(value)
    try:
        value.ag = provenance
    except AttributeError:
        return value
    return value


def _released_array(value: Any) -> Any:
    import numpy as np

    return value.view(_array_class()) if isinstance(value, np.ndarray) else value


def _array_class() -> Any:
    """An array of numpy's with room for ``ag``; made on first use because numpy may not be installed."""
    import numpy as np

    if "released" not in _classes:
        _classes["released"] = type("ReleasedArray", (np.ndarray,), {"__module__": __name__, "ag": None})
    return _classes["released"]


_classes: dict[str, Any] = {}


def _offer_accessor() -> None:
    """Let ``frame.ag`` and ``series.ag`` read ``.attrs["ag"]``."""
    pd = sys.modules["pandas"]
    for kind in (pd.Series, pd.DataFrame):
        if not hasattr(kind, "ag"):
            kind.ag = property(lambda owner: owner.attrs.get("ag"))
