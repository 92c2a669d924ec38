"""Fewer rows of a frame: so many of each privacy unit, or one for each combination of values.

Must not know which rows stay: the vault's order is secret.
"""

from typing import TYPE_CHECKING

from ag_plan.relations import Distinct, Truncate
from op_pandas.columns import Labels, labels
from op_pandas.rows import Rows, projected

if TYPE_CHECKING:
    from op_pandas.frame import PrivateDataFrame


def limited(frame: "PrivateDataFrame", most: int) -> "PrivateDataFrame":
    """At most so many rows of each unit. TypeError or ValueError for what is no number of rows, or for rows without an id."""
    from op_pandas.frame import PrivateDataFrame

    if isinstance(most, bool) or not isinstance(most, int):
        raise TypeError(f"limit_per_unit needs a whole number of rows, not a {type(most).__name__}")
    under = projected(frame.rows, {name: term.expression for name, term in frame.terms.items()})
    rows = Rows(vault=frame.rows.vault, relation=Truncate(relation=under, rows=most))
    return PrivateDataFrame.of(rows, rows.base())


def distinct(frame: "PrivateDataFrame", subset: Labels | None, keep: object) -> "PrivateDataFrame":
    """One row for each combination of values in the subset (all columns unless given)."""
    from op_pandas.frame import PrivateDataFrame

    if keep not in ("first", "last"):
        raise ValueError("keep must be 'first' or 'last'; both keep one row, which one is the vault's choice")
    chosen = (
        list(frame.terms) if subset is None else labels([subset] if isinstance(subset, str) else subset, frame.terms)
    )
    under = projected(frame.rows, {name: term.expression for name, term in frame.terms.items()})
    rows = Rows(vault=frame.rows.vault, relation=Distinct(relation=under, columns=tuple(chosen)))
    return PrivateDataFrame.of(rows, rows.base())
