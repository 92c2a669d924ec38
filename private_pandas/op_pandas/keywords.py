"""Which keywords a statistic takes beside its own: those of pandas' method of that name, which are accepted and change nothing.

Must not know what they mean.
"""

import difflib
import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

import pandas as pd
from pandas.api.typing import DataFrameGroupBy, SeriesGroupBy

_KINDS: Final = (pd.DataFrame, pd.Series, DataFrameGroupBy, SeriesGroupBy)
_SPENDING: Final = ("eps", "rho", "accuracy", "sigma", "delta")
_FORMERLY: Final = frozenset(
    {"axis", "bool_only", "datetime_is_numeric", "interpolation", "level", "min_count", "numeric_only", "skipna"}
)
"""What pandas took in earlier releases, and in other methods of the kind."""
_NO_KEYWORDS: Final = frozenset({"self", "args", "kwargs"})
_HAND_ON: Final = frozenset({"hist"})
"""What gives whatever else it gets to matplotlib."""


def check_keywords(call: str, given: Iterable[str]) -> None:
    """TypeError where a keyword is neither ours nor pandas' for this call; where pandas has no such method, anything goes."""
    known = _known(call)
    unknown = [name for name in given if known and name not in known and name not in _SPENDING]
    if not unknown:
        return
    near = difflib.get_close_matches(unknown[0], [*_SPENDING, *sorted(known)], n=1)
    raise TypeError(f"{call} takes no {unknown[0]}" + (f"; did you mean {near[0]}?" if near else ""))


@cache
def _known(call: str) -> frozenset[str]:
    """The names of the parameters that pandas' methods of this name have; empty where there is no such method."""
    methods = [] if call in _HAND_ON else [getattr(kind, call, None) for kind in _KINDS]
    signatures: list[Mapping[str, object]] = [
        inspect.signature(method).parameters for method in methods if callable(method)
    ]
    return (frozenset().union(*signatures) - _NO_KEYWORDS) | _FORMERLY if signatures else frozenset()
