"""Every public name of pandas' DataFrame and Series: implemented, or refused with what to use instead.

The tables are in ``frame_names`` and ``series_names``; this file reads them. Must not know the classes.
"""

from collections.abc import Iterable

from op_pandas.columns import likeness
from op_pandas.frame_names import FRAME
from op_pandas.series_names import SERIES
from op_pandas.verdicts import Refused, Verdict, shows_rows

_ONE_BY_ONE = "each statistic has a cost of its own"
_WHOLE_GROUPS = "a function can't get the rows of a group"
GROUPED: dict[str, Verdict] = {
    "agg": Refused(_ONE_BY_ONE, "call them one by one, e.g. mean(eps=0.5), or describe(eps) for eight at once"),
    "aggregate": Refused(_ONE_BY_ONE, "call them one by one, e.g. mean(eps=0.5), or describe(eps) for eight at once"),
    "apply": Refused(_WHOLE_GROUPS, "use statistics with eps"),
    "filter": Refused(_WHOLE_GROUPS, "keep rows with frame[condition] before you group"),
    "first": shows_rows("use quantile(eps)"),
    "head": shows_rows("use describe(eps)"),
    "hist": Refused(_ONE_BY_ONE, "use frame[frame['group'] == key]['column'].hist(eps) for each public key"),
    "last": shows_rows("use quantile(eps)"),
    "mode": Refused(_ONE_BY_ONE, "group by the column, too, and use size(eps)"),
    "plot": shows_rows("plot what a statistic releases"),
    "transform": Refused(
        "it would lay a statistic of a group beside its rows", "release it, then map the keys to it: series.map(dict)"
    ),
    "unique": Refused(_ONE_BY_ONE, "group by the column, too, and use size(eps)"),
    "value_counts": Refused("it groups by one column more", "say so: frame.groupby(['group', 'column']).size(eps)"),
}
"""Names of grouped objects that people ask for; others are refused alike: what they do have is short."""
UNIT_GROUPED: dict[str, Verdict] = {
    "apply": Refused("a function can't get the rows of a unit", "use agg, or map before you group"),
    "describe": Refused("it would make eight columns of each", "use agg with the functions you need"),
    "median": Refused("it isn't among the functions of a unit's rows", "use mean, min or max"),
    "std": Refused("it isn't among the functions of a unit's rows", "use mean, min and max"),
    "transform": Refused(
        "it would lay a unit's result beside each of its rows", "merge it: frame.merge(groups.agg(…), on='id')"
    ),
}

TABLES: dict[str, dict[str, Verdict]] = {
    "PrivateDataFrame": FRAME,
    "PrivateDataset": FRAME,
    "PrivateSeries": SERIES,
    "FrameGroupBy": GROUPED,
    "SeriesGroupBy": GROUPED,
    "UnitGroupBy": UNIT_GROUPED,
}


def refusal(kind: str, name: str, columns: Iterable[str] = ()) -> str:
    """The sentence for a name that an object of a kind doesn't have, e.g. ``refusal("PrivateSeries", "unique")``; ``columns`` are names that it has, too."""
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
    return f"{start}{likeness(name, [*there, *columns])}"
