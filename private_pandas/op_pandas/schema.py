"""What is public about private columns, as analysts see it: dtypes, bounds, categories, and a picture of all three.

Must not know rows; nothing here asks the vault.
"""

import html
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ag_plan.expressions import Scalar
from op_pandas import table
from op_pandas.rows import Term
from op_pandas.scalars import timestamp

_DTYPES: dict[str, np.dtype[Any]] = {
    "float": np.dtype("float64"),
    "int": np.dtype("int64"),
    "bool": np.dtype("bool"),
    "str": np.dtype("object"),
    "datetime": np.dtype("datetime64[ns]"),
    "id": np.dtype("object"),
    "null": np.dtype("object"),
}
_SHOWN_CATEGORIES = 6
_HEADERS = ("column", "numerical", "categorical", "dtype", "bounds or categories")


def dtype(term: Term) -> np.dtype[Any]:
    """The dtype pandas users expect of the column; text is object, as in the notebooks that exist."""
    return _DTYPES[term.kind]


def dtypes(terms: Mapping[str, Term]) -> "pd.Series[Any]":
    """Dtype by column."""
    return pd.Series({name: dtype(term) for name, term in terms.items()}, dtype="object")


def bounds(term: Term) -> tuple[Any, Any] | None:
    """(lower, upper) in the column's own type; None where undeclared."""
    lower, upper = term.schema.lower, term.schema.upper
    if lower is None or upper is None:
        return None
    return (timestamp(lower), timestamp(upper)) if term.kind == "datetime" else (lower, upper)


def categories(term: Term) -> list[Scalar] | None:
    """The public categories; None where undeclared."""
    return None if term.schema.categories is None else list(term.schema.categories)


def as_text(title: str, terms: Mapping[str, Term], note: str = "") -> str:
    """A picture of the schema for a terminal; never a row."""
    above = table.heading(title, note or _counted(terms)).text
    rows = [
        (name, _yes(term.is_number), _yes(_is_categorical(term)), str(dtype(term)), _public_part(term).text)
        for name, term in terms.items()
    ]
    return f"{above}\n{table.as_text(_HEADERS, rows, most=None)}" if rows else above


def as_html(title: str, terms: Mapping[str, Term], note: str = "") -> str:
    """A picture of the schema for a notebook; never a row."""
    above = table.heading(title, note or _counted(terms)).html
    rows = [(table.code(name), str(dtype(term)), _public_part(term)) for name, term in terms.items()]
    return table.as_html((_HEADERS[0], *_HEADERS[-2:]), rows, above=above) if rows else above


def _counted(terms: Mapping[str, Term]) -> str:
    columns = "1 column" if len(terms) == 1 else f"{len(terms):,} columns"
    return f"{columns}, rows are private"


def _yes(told: bool) -> str:
    return "yes" if told else ""


def _is_categorical(term: Term) -> bool:
    return term.schema.categories is not None or term.kind == "bool"


def _public_part(term: Term) -> table.Drawn:
    if term.kind == "id":
        return _plain("id of the privacy unit")
    if term.schema.categories is not None:
        shown = [str(value) for value in term.schema.categories[:_SHOWN_CATEGORIES]]
        more = len(term.schema.categories) - len(shown)
        return table.chips(shown, f"… {more:,} more" if more > 0 else "")
    found = bounds(term)
    if found is not None:
        return _plain(f"{_short(found[0])} to {_short(found[1])}")
    return table.chips(["False", "True"]) if term.kind == "bool" else table.muted("not declared")


def _short(bound: Any) -> str:
    """A bound without what says nothing: the midnight of a date, the point nought of a float."""
    if isinstance(bound, pd.Timestamp):
        return str(bound.date()) if bound == bound.normalize() else str(bound)
    return f"{bound:.12g}" if isinstance(bound, float) else str(bound)


def _plain(text: str) -> table.Drawn:
    return table.Drawn(text, html.escape(text))
