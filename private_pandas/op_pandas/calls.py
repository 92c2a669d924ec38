"""What was asked for in one call of a statistic: its name, its ε, and which quantiles; parsed before anything is sent.

Must not know columns or groups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from op_pandas.epsilon import Number, exact
from op_pandas.spend import OTHERS, Spending, spending

Probabilities: TypeAlias = Number | Sequence[float] | npt.NDArray[Any]
"""One q or several."""

_MOST_FREEDOM = 1000
_WHOLE = {"quantile": 1, "percentile": 100}
"""What q = certainty is called by each name."""
_CALLED_P = {"percentile"}
"""What may have its q by the name of p."""
_TELLING = {"quantile"}
"""Where a number above 1 can only be ε. A percentile beyond 100 is a mistake, which must not become an ε of 101."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a statistic, and what it may spend in total."""

    name: str
    spend: Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """A call that asks for quantiles: probabilities in [0, 1], their labels as the analyst wrote them, and whether it was one number."""

    call: Call
    probabilities: tuple[float, ...]
    labels: tuple[float, ...]
    is_one: bool


def called(name: str, eps: object, ignored: Mapping[str, object], axis: object = 0) -> Call:
    """A call that runs down the rows. TypeError or ValueError for what can't be meant; pandas' other keywords are ignored."""
    if axis not in {0, "index"}:
        raise ValueError(f"{name} across the columns of a row is not available; combine the columns with operators")
    return Call(name=name, spend=spending(name, eps, ignored))


def free(name: str, eps: object, given: Mapping[str, object]) -> None:
    """Refuse what a call across the columns would spend: it releases nothing. TypeError."""
    paid = [word for word, value in {"eps": eps, **given}.items() if word in ("eps", *OTHERS) and value is not None]
    if paid:
        raise TypeError(
            f"{name}(axis=1) gives a private value for each row and releases nothing, so that it takes no {paid[0]}; "
            f"release a statistic of it, e.g. frame.{name}(axis=1).mean(eps=1)"
        )


def freedom(ddof: object) -> int:
    """The delta degrees of freedom of a variance. TypeError or ValueError for what isn't 0 or a small whole number."""
    value = exact(ddof, "ddof")
    if value.denominator != 1 or not 0 <= value <= _MOST_FREEDOM:
        raise ValueError(f"ddof must be a whole number from 0 to {_MOST_FREEDOM}, not {ddof}")
    return int(value)


def quantiles(
    name: str, given: tuple[object, ...], named: Mapping[str, object], ignored: Mapping[str, object], *, q_first: bool
) -> Quantiles:
    """A call of ``quantile`` or ``percentile`` with arguments in either order; ``named`` holds ``eps``, ``q``, ``axis``.

    The documented order counts; the other is taken only where the documented one can't be meant (``quantile(0.25, 2)`` on a frame).
    """
    named = _as_q(name, named, ignored)
    order: tuple[str, ...] = ("q", "eps") if q_first else ("eps", "q")
    otherwise = any(ignored.get(other) is not None for other in OTHERS)
    if otherwise:
        order = ("q",)
    missing = [word for word in order if named[word] is None]
    if len(given) > len(missing):
        raise TypeError(f"{name} takes eps and q, once each")
    if len(given) == 1 and len(missing) == len(order) and not otherwise:
        if q_first:
            raise TypeError(f"{name} of a series needs both q and eps, e.g. {name}({_WHOLE[name] / 4:g}, eps=1)")
        missing = ["eps"]
    found = {**named, **dict(zip(missing, given, strict=False))}
    fits = otherwise or len(given) < len(order) or _fits(found, name)
    if not fits and (name in _TELLING or _is_several(found["eps"])):
        swapped = {**found, "eps": found["q"], "q": found["eps"]}
        found = swapped if _fits(swapped, name) else found
    wanted = _WHOLE[name] / 2 if found["q"] is None else found["q"]
    call = called(name, found["eps"], ignored, found.get("axis", 0))
    probabilities, labels = _probabilities(wanted, _WHOLE[name])
    return Quantiles(call=call, probabilities=probabilities, labels=labels, is_one=not _is_several(wanted))


def _as_q(name: str, named: Mapping[str, object], ignored: Mapping[str, object]) -> Mapping[str, object]:
    """The named arguments, a percentile's ``p`` as its q: to ignore that word would answer another question. TypeError where both are given."""
    if name not in _CALLED_P or ignored.get("p") is None:
        return named
    if named["q"] is not None:
        raise TypeError(f"{name} takes q or p, not both")
    return {**named, "q": ignored["p"]}


def _fits(found: Mapping[str, object], name: str) -> bool:
    try:
        exact(found["eps"], "eps")
        _probabilities(found["q"], _WHOLE[name])
    except (TypeError, ValueError):
        return False
    return True


def _is_several(q: object) -> bool:
    return isinstance(q, list | tuple | np.ndarray | pd.Index | pd.Series)


def _probabilities(q: Any, whole: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Probabilities in [0, 1] of one number or several, and what they were called."""
    given = list(q) if _is_several(q) else [q]
    if not given:
        raise ValueError("q must name at least one quantile")
    found = [exact(value, "q") for value in given]
    if not all(0 <= value <= whole for value in found):
        raise ValueError(f"q must lie between 0 and {whole}, not {q}")
    return tuple(float(value / whole) for value in found), tuple(float(value) for value in found)
