"""What scalers and encoders share: fitted on a private frame, applied to private and to public rows alike.

Must not know what is fitted. Parameters are released or public, so that they can be read, exported and applied anywhere.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd

from op_pandas.columns import Labels, labels
from op_pandas.construct import SERIES
from op_pandas.frame import PrivateDataFrame
from op_pandas.series import PrivateSeries

Vector: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"


class Fitted(ABC):
    """Parameters by column, None until they are fitted; ``columns`` names those to fit (all that it fits, unless given)."""

    def __init__(self, columns: Labels | None = None) -> None:
        self._asked = [columns] if isinstance(columns, str) else None if columns is None else list(columns)
        self._fitted: dict[str, Any] | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What was fitted, by column: plain values that can be exported. ValueError before ``fit``."""
        if self._fitted is None:
            raise ValueError(f"this {type(self).__name__} isn't fitted yet; call fit first")
        return dict(self._fitted)

    @property
    def feature_names_in_(self) -> "np.ndarray[Any, np.dtype[np.object_]]":
        """The columns that were fitted, as scikit-learn has them."""
        return np.array(list(self.parameters), dtype=object)

    @property
    def n_features_in_(self) -> int:
        """How many columns were fitted."""
        return len(self.parameters)

    def _listed(self, value: Callable[[Any], float]) -> Vector:
        """A number of each fitted column, in their order."""
        return np.array([float(value(each)) for each in self.parameters.values()])

    def transform(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's name
        """The same rows with the fitted columns changed: of a private frame a private one, of a public one a public one. Free.

        A series is taken for the one column that was fitted. ValueError for a frame that lacks a fitted column.
        """
        wanted = self.parameters
        if isinstance(X, PrivateSeries | pd.Series):
            return self._series(X, wanted)
        if isinstance(X, PrivateDataFrame):
            for name in wanted:
                labels([name], X.terms)
            return self._private(X, wanted)
        if isinstance(X, pd.DataFrame):
            missing = next((name for name in wanted if name not in X.columns), None)
            if missing is not None:
                raise ValueError(f"Column {missing} does not exist")
            return self._public(X.copy(), wanted)
        raise TypeError(f"transform needs a private or public frame or series, not a {type(X).__name__}")

    @abstractmethod
    def _private(self, frame: PrivateDataFrame, wanted: Mapping[str, Any]) -> PrivateDataFrame:
        """A private frame changed."""

    @abstractmethod
    def _public(self, frame: pd.DataFrame, wanted: Mapping[str, Any]) -> pd.DataFrame:
        """A public frame changed, which is this call's own copy."""

    def _series(self, series: Any, wanted: Mapping[str, Any]) -> Any:
        if len(wanted) != 1:
            raise TypeError(f"{len(wanted)} columns were fitted; transform a frame that has them")
        (name,) = wanted
        frame = self.transform(series.to_frame(name))
        if list(frame.columns) != [name]:
            return frame
        made = frame[name]
        made.name = series.name
        return made

    def _frame(self, given: object) -> PrivateDataFrame:
        """What is fitted on, as a frame. TypeError for public rows, which scikit-learn fits."""
        if isinstance(given, PrivateSeries):
            return given.to_frame(given.name or SERIES)
        if not isinstance(given, PrivateDataFrame):
            raise TypeError(
                f"{type(self).__name__} is fitted on a private frame or series, not on a {type(given).__name__}"
            )
        return given

    def _chosen(self, frame: PrivateDataFrame, fitting: list[str], kind: str) -> list[str]:
        """The columns to fit. ValueError where there is none, or where one named doesn't fit."""
        chosen = fitting if self._asked is None else labels(self._asked, frame.terms)
        wrong = next((name for name in chosen if name not in fitting), None)
        if wrong is not None:
            raise ValueError(f"Column {wrong} is no {kind}")
        if not chosen:
            raise ValueError(f"there is no {kind} to fit")
        return chosen

    def _learned(self, parameters: Mapping[str, Any]) -> Self:
        self._fitted = dict(parameters)
        return self

    def __repr__(self) -> str:
        if self._fitted is None:
            return f"{type(self).__name__}() (not fitted)"
        return f"{type(self).__name__}() fitted on {', '.join(self._fitted)}"
