"""Scalers of numeric columns: by released mean and deviation, or by public bounds.

Must not know how a statistic is answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ag_plan.releases import Moments
from op_pandas.arguments import finite
from op_pandas.columns import Labels
from op_pandas.epsilon import Number
from op_pandas.fitted import Fitted, Vector
from op_pandas.frame import PrivateDataFrame
from op_pandas.releases import release
from op_pandas.rows import Term
from op_pandas.spend import spending
from op_pandas.statistic import statistic


@dataclass(frozen=True, slots=True)
class Line:
    """x ↦ (x - center) / width + start."""

    center: float
    width: float
    start: float = 0.0

    def of(self, values: Any) -> Any:
        """A private or public column on the line."""
        moved = (values - self.center) / self.width
        return moved + self.start if self.start else moved

    def back(self, values: Any) -> Any:
        """From the line to the column."""
        return (values - self.start) * self.width + self.center


class _Scaler(Fitted):
    """Columns on lines."""

    def _lines(self) -> dict[str, Line]:
        return {name: self._line(each) for name, each in self.parameters.items()}

    def _line(self, parameter: Mapping[str, float]) -> Line:
        return Line(parameter["mean"], parameter["scale"])

    def _private(self, frame: PrivateDataFrame, wanted: Mapping[str, Any]) -> PrivateDataFrame:
        scaled = {name: self._line(each).of(frame[name]).term for name, each in wanted.items()}
        return PrivateDataFrame.of(frame.rows, {**frame.terms, **scaled})

    def _public(self, frame: pd.DataFrame, wanted: Mapping[str, Any]) -> pd.DataFrame:
        for name, each in wanted.items():
            frame[name] = self._line(each).of(frame[name].astype("float64"))
        return frame

    def inverse_transform(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803 - scikit-learn's name
        """Public scaled values as they were before; what a model predicts, for instance."""
        made = X.copy()
        for name, line in self._lines().items():
            if name in made.columns:
                made[name] = line.back(made[name])
        return made


class StandardScaler(_Scaler):
    """Columns less their mean, divided by their standard deviation. ``fit`` releases both at once.

    ``parameters``: ``{column: {"mean": …, "scale": …}}``. A column whose released deviation is not positive is only centred.
    """

    @property
    def mean_(self) -> Vector:
        """The released mean of each column."""
        return self._listed(lambda each: each["mean"])

    @property
    def scale_(self) -> Vector:
        """The released deviation of each column."""
        return self._listed(lambda each: each["scale"])

    @property
    def var_(self) -> Vector:
        """The square of each column's released deviation."""
        return self.scale_**2

    @statistic
    def fit(self, /, X: Any, y: object = None, *, eps: Number | None = None, **given: object) -> "StandardScaler":  # noqa: N803 - scikit-learn's name
        """Release mean and deviation of each numeric column of a private frame. Spends what ``eps`` (or ``rho``) says in all."""
        del y
        frame = self._frame(X)
        spend = spending("fit", eps, given)
        chosen = self._chosen(frame, [name for name, term in frame.terms.items() if term.is_number], "numeric column")
        terms = {name: frame.terms[name] for name in chosen}
        released = release(frame.rows, terms, Moments(columns=tuple(chosen)), spend)
        _, means, deviations = released.values  # noqa: PD011 - a message, not a pandas object
        found = zip(chosen, means, deviations, strict=True)
        return self._learned({name: _line(terms[name], mean, deviation) for name, mean, deviation in found})

    @statistic
    def fit_transform(self, /, X: Any, y: object = None, *, eps: Number | None = None, **given: object) -> Any:  # noqa: N803 - scikit-learn's name
        """``fit`` and ``transform`` of the same private frame."""
        return self.fit(X, y, eps=eps, **given).transform(X)


class MinMaxScaler(_Scaler):
    """Columns moved from their public bounds to ``feature_range``. Free: nothing of the rows is asked.

    ``parameters``: ``{column: {"lower": …, "upper": …}}``. Public rows beyond the bounds land beyond the range.
    """

    def __init__(self, feature_range: tuple[float, float] = (0, 1), columns: Labels | None = None) -> None:
        super().__init__(columns)
        low, high = (float(finite(each, "an end of feature_range")) for each in feature_range)
        if low >= high:
            raise ValueError("feature_range must be a pair (lower, upper), lower first")
        self.feature_range = low, high

    @property
    def data_min_(self) -> Vector:
        """The public lower bound of each column."""
        return self._listed(lambda each: each["lower"])

    @property
    def data_max_(self) -> Vector:
        """The public upper bound of each column."""
        return self._listed(lambda each: each["upper"])

    def fit(self, X: Any, y: object = None) -> "MinMaxScaler":  # noqa: N803 - scikit-learn's name
        """Take the public bounds of each numeric column. ValueError for a column named that has none."""
        del y
        frame = self._frame(X)
        bounded = [name for name, term in frame.terms.items() if term.is_number and name in frame.metadata]
        chosen = self._chosen(frame, bounded, "numeric column with public bounds; clip it to some")
        found = {name: frame.metadata[name] for name in chosen}
        return self._learned({name: {"lower": lower, "upper": upper} for name, (lower, upper) in found.items()})

    def fit_transform(self, X: Any, y: object = None) -> Any:  # noqa: N803 - scikit-learn's name
        """``fit`` and ``transform`` of the same private frame."""
        return self.fit(X, y).transform(X)

    def _line(self, parameter: Mapping[str, float]) -> Line:
        low, high = self.feature_range
        width = float(parameter["upper"]) - float(parameter["lower"])
        return Line(float(parameter["lower"]), (width or 1.0) / (high - low), low)


def _line(term: Term, mean: float | None, deviation: float | None) -> dict[str, float]:
    """What was released of a column; the middle of its bounds and 1 where noise left nothing to divide by."""
    middle = ((term.schema.lower or 0) + (term.schema.upper or 0)) / 2
    return {"mean": float(middle if mean is None else mean), "scale": float(deviation or 1.0)}


def standard_scaler(pdf: PrivateDataFrame, eps: Number | None = None, **given: object) -> PrivateDataFrame:
    """The frame with its numeric columns less their mean and divided by their standard deviation, both released at once for ε.

    A column whose released deviation is not positive is only centred. ``StandardScaler`` keeps what was released, for test data.
    """
    if not isinstance(pdf, PrivateDataFrame):
        raise TypeError(f"standard_scaler needs a PrivateDataFrame, not a {type(pdf).__name__}")
    scaled: PrivateDataFrame = StandardScaler().fit(pdf, eps=eps, **given).transform(pdf)
    return scaled
