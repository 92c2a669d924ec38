"""What is public about private columns, as analysts see it: dtypes, bounds, categories, and a picture of all three.

Must not know rows; nothing here asks the vault.
"""

import html
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ag_plan.expressions import Scalar
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


def table(terms: Mapping[str, Term]) -> pd.DataFrame:
    """One row per column: kind, dtype, bounds, categories."""
    rows = [
        {
            "column": name,
            "numerical": term.is_number,
            "categorical": term.schema.categories is not None or term.kind == "bool",
            "dtype": str(dtype(term)),
            "bounds or categories": _public_part(term),
        }
        for name, term in terms.items()
    ]
    return pd.DataFrame(rows, columns=["column", "numerical", "categorical", "dtype", "bounds or categories"])


def _public_part(term: Term) -> str:
    if term.kind == "id":
        return "id of the privacy unit"
    if term.schema.categories is not None:
        shown = [str(value) for value in term.schema.categories[:_SHOWN_CATEGORIES]]
        more = len(term.schema.categories) - len(shown)
        return ", ".join(shown) + (f", … {more} more" if more > 0 else "")
    found = bounds(term)
    return "not declared" if found is None else f"{found[0]} to {found[1]}"


def as_text(title: str, terms: Mapping[str, Term]) -> str:
    """A picture of the schema for a terminal; never a row."""
    body = table(terms).to_string(index=False) if terms else "no columns"
    return f"{title} (rows are private)\n{body}"


def as_html(title: str, terms: Mapping[str, Term]) -> str:
    """A picture of the schema for a notebook; never a row."""
    body = table(terms).to_html(index=False, border=0, escape=True) if terms else "<p>no columns</p>"
    return f"<div><p><b>{html.escape(title)}</b> (rows are private)</p>{body}</div>"
