"""Every public name of pandas' DataFrame and Series: implemented, or refused with what to use instead.

The tables are in ``frame_names`` and ``series_names``; this file reads them. Must not know the classes.
"""

from op_pandas.columns import likeness
from op_pandas.frame_names import FRAME
from op_pandas.series_names import SERIES
from op_pandas.verdicts import Refused, Verdict

GROUPED: dict[str, Verdict] = {}
"""Names of grouped objects are refused alike: what they do have is short."""

TABLES: dict[str, dict[str, Verdict]] = {
    "PrivateDataFrame": FRAME,
    "PrivateDataset": FRAME,
    "PrivateSeries": SERIES,
    "FrameGroupBy": GROUPED,
    "SeriesGroupBy": GROUPED,
    "UnitGroupBy": GROUPED,
}


def refusal(kind: str, name: str) -> str:
    """The sentence for a name that an object of a kind doesn't have, e.g. ``refusal("PrivateSeries", "unique")``."""
    article = "an" if kind[:1] in "AEIOU" else "a"
    verdict = TABLES.get(kind, {}).get(name)
    start = f"{name} is not available on {article} {kind}"
    if isinstance(verdict, Refused):
        parts = [part for part in (verdict.why, verdict.instead) if part]
        return f"{start}; {'; '.join(parts)}"
    if kind in {"FrameGroupBy", "SeriesGroupBy"}:
        return f"{start}; use count, size, sum, mean, std, var, median, quantile or describe, each with eps"
    if kind == "UnitGroupBy":
        return f"{start}; use size, count, nunique, sum, mean, min, max, first or agg, none of which takes eps"
    there = [each for each, known in TABLES.get(kind, {}).items() if not isinstance(known, Refused)]
    return f"{start}{likeness(name, there)}"
