"""op_pandas' functions of whole frames and series: those that are there, and those that say they come later.

Must not know how a statistic is answered.
"""

from collections.abc import Mapping
from typing import Any

from ag_plan.expressions import Cast, Expression
from ag_plan.releases import Epsilon
from op_pandas.arguments import finite
from op_pandas.epsilon import Number, parse_epsilon
from op_pandas.frame import PrivateDataFrame
from op_pandas.series import PrivateSeries


def to_datetime(arg: PrivateSeries, errors: str = "coerce", format: str | None = None, **_: object) -> PrivateSeries:  # noqa: A002 - pandas' name
    """A column of text as points in time; null where a text is none. TypeError for public values: pandas has them."""
    if not isinstance(arg, PrivateSeries):
        raise TypeError(
            f"op_pandas.to_datetime needs a PrivateSeries, not a {type(arg).__name__}; use pandas.to_datetime"
        )
    if format is not None:
        raise ValueError("to_datetime(format=…) comes later; dates written like 2020-12-31 12:30:00 are understood")
    if errors not in {"coerce", "raise", "ignore"}:
        raise ValueError(f"errors must be 'coerce', 'raise' or 'ignore', not {errors!r}")
    expression: Expression = Cast(operand=arg.term.expression, to="datetime")
    return PrivateSeries.of(arg.rows, arg.rows.term(expression), arg.name)


def standard_scaler(pdf: PrivateDataFrame, eps: Number | None = None) -> PrivateDataFrame:
    """The frame with its numeric columns less their mean and divided by their standard deviation, each released for half of ε.

    A column whose released deviation is not positive is only centred.
    """
    if not isinstance(pdf, PrivateDataFrame):
        raise TypeError(f"standard_scaler needs a PrivateDataFrame, not a {type(pdf).__name__}")
    half = _half(parse_epsilon(eps, "standard_scaler"))
    chosen = {name: term for name, term in pdf.terms.items() if term.is_number}
    numbers = PrivateDataFrame.of(pdf.rows, chosen)
    means, deviations = numbers.mean(eps=half), numbers.std(eps=half)
    scaled = {name: _scaled(numbers[name], means[name], deviations[name]).term for name in chosen}
    return PrivateDataFrame.of(pdf.rows, {**pdf.terms, **scaled})


def _half(spend: Epsilon) -> Any:
    return spend.fraction / 2


def _scaled(series: PrivateSeries, mean: float, deviation: float) -> PrivateSeries:
    centred = series - finite(float(mean), f"the released mean of {series.name}")
    return centred / float(deviation) if deviation > 0 else centred


_LATER: Mapping[str, str] = {
    "train_test_split": "a data set's own train and test parts are available now",
}


def _later(name: str) -> PrivateDataFrame:
    raise NotImplementedError(f"op_pandas.{name} comes in a later version; {_LATER[name]}")


def train_test_split(*_: object, **__: object) -> tuple[PrivateDataFrame, PrivateDataFrame]:
    """Comes later. Raises NotImplementedError that says what to use now."""
    return _later("train_test_split"), _later("train_test_split")
