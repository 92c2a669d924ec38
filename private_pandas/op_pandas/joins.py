"""Frames side by side: ``merge`` on keys, ``join`` of what stands on the same rows. One relation or one list of columns comes of it.

Must not know what a join costs or which ones have a bound: the vault says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import pandas as pd

from ag_plan.relations import How, Join, Project
from op_pandas import construct
from op_pandas.columns import Labels, labels
from op_pandas.frame import PrivateDataFrame
from op_pandas.private import Private
from op_pandas.rows import Rows, Term, common, lifted, projected
from op_pandas.series import PrivateSeries

if TYPE_CHECKING:
    from ag_plan.expressions import Expression

Side: TypeAlias = Union[PrivateDataFrame, PrivateSeries, pd.DataFrame, "pd.Series[Any]"]
Suffixes: TypeAlias = tuple[str | None, str | None] | list[str | None]
_MIRRORED: Mapping[How, How] = {"inner": "inner", "left": "right", "right": "left", "outer": "outer"}
_LISTED_CATEGORIES = 1000
"""Different texts of a public column, up to which they become its categories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """One side of a merge: rows, terms, and for a public side the most rows that it has for a key."""

    rows: Rows
    terms: Mapping[str, Term]
    keys: list[str]
    matches: int | None = None


def merge(  # noqa: PLR0917 - pandas' own order
    left: Side,
    right: Side,
    how: str = "inner",
    on: Labels | None = None,
    left_on: Labels | None = None,
    right_on: Labels | None = None,
    *,
    suffixes: Suffixes = ("_x", "_y"),
    **others: object,
) -> PrivateDataFrame:
    """Pairs of rows with equal keys, as pandas names them: private rows on their id (and more), or private rows and a public table.

    Raises ValueError or TypeError for what pandas would refuse, and for joins that have no bound; nothing is charged.
    """
    _no_others(others)
    how_ = _how(how)
    if not isinstance(left, Private) and not isinstance(right, Private):
        raise TypeError("op_pandas.merge needs a private frame on one side; use pandas.merge for public ones")
    keys = _keys(left, right, on, left_on, right_on)
    one, other = _part(left, keys[0]), _part(right, keys[1])
    names = _suffixed(one, other, suffixes)
    if one.matches is None:
        made = _joined(one, other, names, how_)
    else:
        made = _joined(other, one, (names[1], names[0]), _MIRRORED[how_])
    return _in_order(made, one, other, names)


def beside(
    frame: PrivateDataFrame, other: Side, on: Labels | None, how: str, suffixes: tuple[str, str]
) -> PrivateDataFrame:
    """``frame.join(other)``: columns over the same rows where no key is given, else a merge on the key."""
    if on is not None:
        if isinstance(other, pd.DataFrame | pd.Series):  # pandas joins a key with the other's index
            table = other.to_frame() if isinstance(other, pd.Series) else other
            other = table.reset_index(names=[on] if isinstance(on, str) else list(on))
        missing = [name for name in ([on] if isinstance(on, str) else on) if name not in _columns(other)]
        if missing:
            raise ValueError(
                f"the other side has no column {missing[0]} to join on; without on=, columns over the same rows are put side by side"
            )
        return merge(frame, other, how=how, on=on, suffixes=suffixes)
    if not isinstance(other, PrivateDataFrame | PrivateSeries):
        raise TypeError("rows have no index to join a public object by; name the key: join(other, on='key')")
    whole = _frame(other)
    own, theirs = _new_names(frame.terms, whole.terms, set(), suffixes)
    rows = _rows_of(frame.rows, whole.rows, _how(how))
    expressions = {own[name]: lifted(term.expression, frame.rows, rows) for name, term in frame.terms.items()}
    expressions |= {theirs[name]: lifted(term.expression, whole.rows, rows) for name, term in whole.terms.items()}
    return PrivateDataFrame.of(rows, rows.terms(expressions))


def _rows_of(one: Rows, other: Rows, how: How) -> Rows:
    """The rows that a join of aligned columns has. ValueError where the two stand on different rows."""
    fewer = common(one, other)
    more = other if fewer is one else one
    return {"inner": fewer, "outer": more, "left": one, "right": other}[how]


def _how(how: str) -> How:
    if how == "cross":
        raise ValueError("how='cross' pairs every row with every row, and so one unit with all others; merge on a key")
    for known in _MIRRORED:
        if how == known:
            return known
    raise ValueError(f"how must be 'inner', 'left', 'right' or 'outer', not {how!r}")


def _no_others(others: Mapping[str, object]) -> None:
    """Pandas' other keywords: harmless ones are ignored. TypeError for those that would change the meaning."""
    meaningful = [name for name, value in others.items() if name not in {"sort", "copy"} and value not in (None, False)]
    if meaningful:
        raise TypeError(
            f"merge has no {meaningful[0]} here: rows have no index, and none is shown; name the keys with on"
        )


def _frame(side: Any) -> PrivateDataFrame:
    return side.to_frame() if isinstance(side, PrivateSeries) else side


def _columns(side: Side) -> list[str]:
    if isinstance(side, PrivateDataFrame):
        return list(side.terms)
    if isinstance(side, PrivateSeries | pd.Series):
        return [str(side.name)]
    return [str(name) for name in side.columns]


def _keys(
    left: Side, right: Side, on: Labels | None, left_on: Labels | None, right_on: Labels | None
) -> tuple[list[str], list[str]]:
    """The keys of both sides; by default the columns that both have."""
    if on is not None and (left_on is not None or right_on is not None):
        raise ValueError("merge takes on, or left_on and right_on, not both")
    if on is None and left_on is None and right_on is None:
        there = set(_columns(right))
        on = [name for name in _columns(left) if name in there]
        if not on:
            raise ValueError("the two sides have no column in common; name the keys with left_on and right_on")
    one, other = (on, on) if on is not None else (left_on, right_on)
    if one is None or other is None:
        raise ValueError("merge needs both left_on and right_on")
    found = [[names] if isinstance(names, str) else list(names) for names in (one, other)]
    if len(found[0]) != len(found[1]):
        raise ValueError("left_on and right_on must name as many columns each")
    return found[0], found[1]


def _part(side: Side, keys: list[str]) -> _Part:
    if isinstance(side, PrivateDataFrame | PrivateSeries):
        frame = _frame(side)
        return _Part(rows=frame.rows, terms=frame.terms, keys=labels(keys, frame.terms))
    public = side.to_frame() if isinstance(side, pd.Series) else side
    if not isinstance(public, pd.DataFrame):
        raise TypeError(f"merge needs frames or series, not a {type(side).__name__}")
    public = public.set_axis([str(name) for name in public.columns], axis=1)
    found = labels(keys, dict.fromkeys(public.columns))
    rows, terms = construct.ingested(public, {}, _categories(public))
    most = int(public.groupby(found, dropna=False).size().max()) if len(public) else 1
    return _Part(rows=rows, terms=terms, keys=found, matches=most)


def _categories(public: pd.DataFrame) -> dict[Any, list[Any]]:
    """The texts of public columns as categories, so that what is looked up can be grouped by."""
    found: dict[Any, list[Any]] = {}
    for name in public.columns:
        if pd.api.types.infer_dtype(public[name], skipna=True) == "string":
            values = sorted(public[name].dropna().unique())
            if 0 < len(values) <= _LISTED_CATEGORIES:
                found[name] = values
    return found


def _suffixed(one: _Part, other: _Part, suffixes: Suffixes) -> tuple[dict[str, str], dict[str, str]]:
    """What each side's columns are called afterwards: names on both sides get suffixes, but for keys of one name."""
    shared = {name for name, partner in zip(one.keys, other.keys, strict=True) if name == partner}
    if len(suffixes) != 2:  # noqa: PLR2004 - one for each side
        raise ValueError("suffixes must be two texts")
    return _new_names(one.terms, other.terms, shared, (suffixes[0] or "", suffixes[1] or ""))


def _new_names(
    one: Mapping[str, Term], other: Mapping[str, Term], shared: set[str], suffixes: tuple[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    twice = (one.keys() & other.keys()) - shared
    if twice and not any(suffixes):
        raise ValueError(f"columns overlap but no suffix specified: {sorted(twice)}")
    renamed = tuple(
        {name: name + suffix if name in twice else name for name in terms}
        for terms, suffix in zip((one, other), suffixes, strict=True)
    )
    everything = [*renamed[0].values(), *(new for name, new in renamed[1].items() if name not in shared)]
    if len(set(everything)) < len(everything):
        raise ValueError("two columns would have the same name; give other suffixes")
    return renamed[0], renamed[1]


def _joined(one: _Part, other: _Part, names: tuple[dict[str, str], dict[str, str]], how: How) -> PrivateDataFrame:
    """The join itself; the right side's keys travel under names of their own, as pandas keeps those that are called otherwise."""
    own = {names[0][name]: term.expression for name, term in one.terms.items()}
    theirs: dict[str, Expression] = {}
    hidden = [_unused(f"key {number}", own, names[1].values()) for number in range(len(other.keys))]
    for key, name in zip(other.keys, hidden, strict=True):
        theirs[name] = other.terms[key].expression
    pairs = dict(zip(other.keys, one.keys, strict=True))
    theirs |= {names[1][name]: term.expression for name, term in other.terms.items() if pairs.get(name) != name}
    relation = Join(
        left=projected(one.rows, own),
        right=Project(relation=other.rows.relation, names=tuple(theirs), expressions=tuple(theirs.values())),
        left_on=tuple(names[0][key] for key in one.keys),
        right_on=tuple(hidden),
        how=how,
        matches=other.matches,
    )
    rows = Rows(vault=one.rows.vault, relation=relation)
    return PrivateDataFrame.of(rows, rows.base())


def _unused(name: str, *taken: Any) -> str:
    while any(name in names for names in taken):
        name += "'"
    return name


def _in_order(
    made: PrivateDataFrame, one: _Part, other: _Part, names: tuple[dict[str, str], dict[str, str]]
) -> PrivateDataFrame:
    """The columns in pandas' order, whichever side came first."""
    wanted = [*(names[0][name] for name in one.terms), *(names[1][name] for name in other.terms)]
    return made[[name for name in dict.fromkeys(wanted) if name in made.terms]]
