"""Encoders of categorical columns, by their public categories: free, and the same for private and public rows.

Must not know rows; which columns come out follows from public metadata alone.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ag_plan.expressions import Expression, Recode
from op_pandas.dummies import get_dummies
from op_pandas.fitted import Fitted
from op_pandas.frame import PrivateDataFrame
from op_pandas.keys import public_keys


class _Encoder(Fitted):
    """Categories by column."""

    @property
    def categories_(self) -> list[list[Any]]:
        """The categories of each column, in the order of the columns, as scikit-learn has them."""
        return list(self.parameters.values())

    def fit(self, X: Any, y: object = None) -> Any:  # noqa: N803 - scikit-learn's name
        """Take the public categories of each column of text. ValueError for a column named that has none. Free."""
        del y
        frame = self._frame(X)
        known = {name: public_keys(term) for name, term in frame.terms.items()}
        texts = [name for name, keys in known.items() if keys and (frame.terms[name].kind == "str" or self._asked)]
        chosen = self._chosen(frame, texts, "column with public categories; see categorical_metadata")
        return self._learned({name: list(known[name] or ()) for name in chosen})

    def fit_transform(self, X: Any, y: object = None) -> Any:  # noqa: N803 - scikit-learn's name
        """``fit`` and ``transform`` of the same private frame."""
        return self.fit(X, y).transform(X)


class OneHotEncoder(_Encoder):
    """Each column as one column ``name_value`` of 0 and 1 per category; a row of none of them, or null, is 0 in all.

    ``parameters``: ``{column: [categories]}``.
    """

    def _private(self, frame: PrivateDataFrame, wanted: Mapping[str, Any]) -> PrivateDataFrame:
        return get_dummies(frame, columns=list(wanted), dtype=int)

    def _public(self, frame: pd.DataFrame, wanted: Mapping[str, Any]) -> pd.DataFrame:
        kept = frame.drop(columns=list(wanted))
        coded = {
            f"{name}_{value}": (frame[name] == value).fillna(value=False).astype("int64")
            for name, values in wanted.items()
            for value in values
        }
        return pd.concat([kept, pd.DataFrame(coded, index=frame.index)], axis=1)


class OrdinalEncoder(_Encoder):
    """Each category as its place among the public ones, from 0; other values are null.

    ``parameters``: ``{column: [categories]}``.
    """

    def _private(self, frame: PrivateDataFrame, wanted: Mapping[str, Any]) -> PrivateDataFrame:
        coded: dict[str, Expression] = {
            name: Recode(operand=frame.terms[name].expression, keys=tuple(values), values=tuple(range(len(values))))
            for name, values in wanted.items()
        }
        return PrivateDataFrame.of(frame.rows, {**frame.terms, **frame.rows.terms(coded)})

    def _public(self, frame: pd.DataFrame, wanted: Mapping[str, Any]) -> pd.DataFrame:
        for name, values in wanted.items():
            places = {value: place for place, value in enumerate(values)}
            frame[name] = frame[name].map(places).astype("float64")
        return frame
