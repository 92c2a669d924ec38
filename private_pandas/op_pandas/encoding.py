"""Encoders of categorical columns, by their public categories: free, and the same for private and public rows.

Must not know rows; which columns come out follows from public metadata alone.
"""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd

from ag_plan.expressions import Expression, Recode
from op_pandas.columns import Labels
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

    ``parameters``: ``{column: [categories]}``. ``drop="first"`` leaves out each column's first. scikit-learn's ``sparse_output`` and ``handle_unknown`` may be
    given as what is done here: frames, and unknown values are none of the categories.
    """

    def __init__(
        self,
        columns: Labels | None = None,
        *,
        drop: Literal["first"] | None = None,
        sparse_output: bool = False,
        handle_unknown: str = "ignore",
    ) -> None:
        super().__init__(columns)
        if drop not in (None, "first"):
            raise ValueError(f"drop must be 'first' or None, not {drop!r}")
        if sparse_output or handle_unknown != "ignore":
            raise ValueError(
                "results are frames, and unknown values are 0 in all columns: sparse_output=False, handle_unknown='ignore'"
            )
        self._first = 1 if drop else 0

    def get_feature_names_out(self, _: object = None) -> "np.ndarray[Any, np.dtype[np.object_]]":
        """The columns that come of those fitted, as scikit-learn has them."""
        return np.array([name for each in self._names().values() for name in each], dtype=object)

    def _names(self) -> dict[str, dict[str, Any]]:
        """By column: the new columns, and the category of each."""
        return {
            name: {f"{name}_{value}": value for value in values[self._first :]}
            for name, values in self.parameters.items()
        }

    def _private(self, frame: PrivateDataFrame, wanted: Mapping[str, Any]) -> PrivateDataFrame:
        return get_dummies(frame, columns=list(wanted), dtype=int, drop_first=bool(self._first))

    def _public(self, frame: pd.DataFrame, wanted: Mapping[str, Any]) -> pd.DataFrame:
        kept = frame.drop(columns=list(wanted))
        coded = {
            new: (frame[name] == value).fillna(value=False).astype("int64")
            for name, made in self._names().items()
            for new, value in made.items()
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
