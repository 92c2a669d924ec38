"""What a released value knows of its release, kept on the value as ``.ag``: cost, mechanism, scale, how far off it may be.

Must not know where it came from. Values that can't carry anything (a bool, a string, an array) arrive without; what is
computed from a released value is no longer one, and has no ``.ag``.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from antigranular import intervals
from antigranular.errors import WireError
from antigranular.exact import approximate


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Provenance:
    """How a released value came about.

    ``cost`` is that of the whole call, {"epsilon": exact text, "delta": float}; ``scale`` is the noise's, in the value's
    units; ``half_widths`` are those of 95 % intervals, in the shape of the value (for a histogram, of its counts); ``mock``: it is of made-up rows,
    and nothing was charged.
    """

    value: Any
    cost: Mapping[str, Any]
    mechanism: str
    scale: float
    half_widths: Any
    mock: bool = False

    @property
    def interval(self) -> tuple[Any, Any]:
        """The lower and the upper end of the 95 % interval, in the shape of the value."""
        return self.value - self.half_widths, self.value + self.half_widths

    def __repr__(self) -> str:
        return intervals.as_text(self.value, self.half_widths, self._facts())

    def _repr_html_(self) -> str:
        return intervals.as_html(self.value, self.half_widths, self._facts())

    def _facts(self) -> dict[str, str]:
        cost = intervals.cost(self.cost)
        return {"cost": f"{cost} if it were real; this is of mock data" if self.mock else cost, "noise": self.mechanism}


class ReleasedFloat(float):
    """A released number; arithmetic on it gives plain floats."""

    ag: Provenance


class ReleasedInt(int):
    """A released whole number; arithmetic on it gives plain integers."""

    ag: Provenance


class ReleasedTuple(tuple[Any, ...]):  # noqa: SLOT001 (a tuple can't have slots for ag)
    """A released histogram, ``(counts, edges)``; unpacks like any pair."""

    ag: Provenance


_CARRIERS: Mapping[type, type] = {float: ReleasedFloat, int: ReleasedInt, tuple: ReleasedTuple}


def attach(value: Any, facts: Mapping[str, Any]) -> Any:
    """The value with its provenance, where its kind can carry one. Raises WireError for facts that are none."""
    try:
        known = {
            "cost": _cost(facts["cost"]),
            "mechanism": str(facts["mechanism"]),
            "scale": float(facts["scale"]),
            "half_widths": facts["half_widths"],
            "mock": facts.get("mock") is True,
        }
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        raise WireError("a released value came without its cost, mechanism, scale or interval") from None
    carrier = _CARRIERS.get(type(value))
    if carrier is not None:
        carried = carrier(value)
        carried.ag = Provenance(value=value[0] if isinstance(value, tuple) else value, **known)
        return carried
    if hasattr(value, "attrs"):
        _offer_accessor()
        # Plain JSON: pandas copies attrs with every operation, compares them in concat and writes them to Parquet.
        widths = known["half_widths"]
        known["half_widths"] = widths.to_numpy().tolist() if hasattr(widths, "to_numpy") else None
        value.attrs["ag"] = {**known, "digest": _digest(value)}
    return value


def _cost(paid: Mapping[str, Any]) -> dict[str, Any]:
    """The cost with its amounts, each a number or an exact one as text; δ as a float."""
    for name in ("epsilon", "rho"):
        if paid.get(name) is not None:
            approximate(paid[name])
    return {**paid, "delta": approximate(paid.get("delta") or 0.0)}


def _digest(value: Any) -> str:
    """Tells a released pandas object from what was computed from it, which pandas gives the same attrs."""
    axes = [axis.tolist() for axis in value.axes]
    return sha256(repr((axes, value.to_numpy().tolist())).encode()).hexdigest()


def _offer_accessor() -> None:
    """Let ``frame.ag`` and ``series.ag`` read what is in ``.attrs``."""
    pd = sys.modules["pandas"]
    for kind in (pd.Series, pd.DataFrame):
        if "ag" not in vars(kind):
            kind.ag = property(_of_pandas)


def _of_pandas(value: Any) -> Provenance:
    known = value.attrs.get("ag")
    if not isinstance(known, dict) or known.get("digest") != _digest(value):
        raise AttributeError("ag is known of released values as they were released, not of what was computed from them")
    widths = known["half_widths"]
    if widths is not None:
        axes = dict(zip(("index", "columns"), value.axes, strict=False))
        widths = type(value)(widths, **axes)
    facts = {name: known[name] for name in ("cost", "mechanism", "scale", "mock")}
    return Provenance(value=value, half_widths=widths, **facts)
