"""op_pandas' functions of whole frames and series.

Must not know how a statistic is answered.
"""

from ag_plan.expressions import Cast, Expression
from op_pandas.series import PrivateSeries
from op_pandas.translation import steps, translated


def to_datetime(arg: PrivateSeries, errors: str = "coerce", format: str | None = None, **_: object) -> PrivateSeries:  # noqa: A002 - pandas' name
    """A column of text as points in time, written as ``format`` says (with all its digits), or as 2020-12-31 [12:30[:00]]; null where a text is none.

    TypeError for public values: pandas has them.
    """
    if not isinstance(arg, PrivateSeries):
        raise TypeError(
            f"op_pandas.to_datetime needs a PrivateSeries, not a {type(arg).__name__}; use pandas.to_datetime"
        )
    if errors not in {"coerce", "raise", "ignore"}:
        raise ValueError(f"errors must be 'coerce', 'raise' or 'ignore', not {errors!r}")
    if format is None or format == "ISO8601":
        expression: Expression = Cast(operand=arg.term.expression, to="datetime")
    elif isinstance(format, str):
        expression = translated(steps.moment(format), arg.term, keep_missing=True)
    else:
        raise TypeError(f"format must be text like '%d.%m.%Y', not {format!r}")
    return PrivateSeries.of(arg.rows, arg.rows.term(expression), arg.name)
