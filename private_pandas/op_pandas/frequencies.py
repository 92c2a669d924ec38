"""What one release of a column's value counts says: the counts, which values there are, the most frequent one.

Must not know prices or noise beyond the half-widths that come with counts. All of it is read off noisy counts, so nothing more is paid.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ag_plan.expressions import Scalar
from ag_plan.messages import Released
from ag_plan.releases import Delta, Size
from op_pandas import results
from op_pandas.calls import Call
from op_pandas.keys import Key
from op_pandas.releases import release
from op_pandas.results import ReleasedArray, ReleasedSeries
from op_pandas.rows import Rows

_MISTAKEN = 0.05
"""How often ``present`` lists any value that no row has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequencies:
    """The released counts of keys, in public order. ``found``: some keys were not public, so that only those found are here."""

    released: Released
    name: str | None
    found: bool

    @property
    def labels(self) -> list[Any]:
        """The keys: single values, or tuples where there are several."""
        return [row[0] if len(row) == 1 else row for row in self.released.index]

    @property
    def counts(self) -> list[float]:
        """The noisy counts."""
        return [row[0] or 0 for row in self.released.values]  # noqa: PD011 - a message, not a pandas object

    def ordered(self, *, sort: bool, ascending: bool) -> list[int]:
        """The places of the keys, by count (ties in public order) or as they are."""
        places = range(len(self.counts))
        if not sort:
            return list(places)
        return sorted(places, key=lambda place: self.counts[place] * (1 if ascending else -1))

    @property
    def present(self) -> list[int]:
        """The places of keys that some row has, by all that can be told.

        Found keys are there. A public key is where its noisy count exceeds what noise alone reaches on any of k keys in one of twenty cases:
        the 95 % half-width is scale·ln 20 of Laplace noise, and k tails of ½e^(-t/scale) are 5 % at t = scale·ln 10k (other noise is lighter).
        """
        if self.found:
            return list(range(len(self.counts)))
        over = math.log(len(self.counts) / (2 * _MISTAKEN)) / math.log(20)
        widths = [row[0] or 0.0 for row in self.released.half_widths]
        return [place for place, count in enumerate(self.counts) if count > over * widths[place]]


def frequencies(rows: Rows, keys: Mapping[str, Key], call: Call, delta: Delta | None) -> Frequencies:
    """The counts of the keys, which have the names of the question's columns; charged."""
    terms = {name: key.term for name, key in keys.items()}
    by = tuple(key.asked(name) for name, key in keys.items())
    released = release(rows, terms, Size(), call.spend, by=by, delta=delta)
    name = next(iter(keys.values())).name if len(keys) == 1 else None
    return Frequencies(released=released, name=name, found=any(key.found for key in keys.values()))


def counted(
    known: Frequencies, names: list[str | None], *, normalize: bool, sort: bool, ascending: bool
) -> ReleasedSeries:
    """The counts as pandas has them, or (``normalize``) each one's share of their sum, counts below zero as none."""
    order = known.ordered(sort=sort, ascending=ascending)
    labels = [known.labels[place] for place in order]
    index: pd.Index[Any] = pd.Index(labels, name=names[0]) if len(names) == 1 else _levels(labels, names)
    if not normalize:
        return results.series(
            known.released, index, lambda cells: [cells[place][0] for place in order], name="count", whole=True
        )
    total = sum(max(count, 0) for count in known.counts)

    def shares(cells: results.Cells) -> list[float | None]:
        return [None if not total else max(cells[place][0] or 0, 0) / total for place in order]

    return results.series(known.released, index, shares, name="proportion")


def _levels(labels: list[Any], names: list[str | None]) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([[label[level] for label in labels] for level in range(len(names))], names=names)


def unique(known: Frequencies) -> ReleasedArray:
    """The values that some row has, in public order."""
    return results.array(known.released, _array([known.labels[place] for place in known.present]))


def mode(known: Frequencies) -> ReleasedSeries:
    """The value with the largest noisy count; nothing where there is no value."""
    top = known.ordered(sort=True, ascending=False)[:1]
    value = pd.Series(_array([known.labels[place] for place in top]), name=known.name)
    return results.told(known.released, value)


def described(known: Frequencies) -> ReleasedSeries:
    """count, unique, top and freq, as pandas describes categories."""
    (top,) = known.ordered(sort=True, ascending=False)[:1]
    facts = {
        "count": int(sum(known.counts)),
        "unique": len(known.present),
        "top": known.labels[top],
        "freq": int(known.counts[top]),
    }
    return results.told(known.released, pd.Series(facts, dtype="object", name=known.name))


def _array(values: list[Scalar]) -> npt.NDArray[Any]:
    """Values of one kind as pandas' ``unique`` gives them: text as objects."""
    if values and isinstance(values[0], bool | int):
        return np.array(values)
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made
