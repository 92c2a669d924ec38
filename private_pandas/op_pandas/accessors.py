"""``series.str`` and ``series.dt``: what pandas does to each text and each point in time, by the translation of one step.

Must not know how a step is translated. Missing values stay missing.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ag_plan.expressions import Expression, Slice
from op_pandas.translation import steps, translated
from op_pandas.translation.steps import Step

if TYPE_CHECKING:
    from op_pandas.series import PrivateSeries

_TESTS = ("isalnum", "isalpha", "isdecimal", "isdigit", "islower", "isnumeric", "isspace", "isupper")
_SPECIAL = set(".^$*+?{}[]\\|()")


class _Accessor:
    """A view of one column."""

    __slots__ = ("_series",)
    _kind, _name, _holds = "", "", ""

    def __init__(self, series: "PrivateSeries") -> None:
        if series.term.kind != self._kind:
            raise TypeError(
                f".{self._name} is for a series of {self._holds}; {series.name or 'this'} is {series.term.kind}"
            )
        self._series = series

    def _apply(self, step: Step) -> "PrivateSeries":
        return self._made(translated(step, self._series.term, keep_missing=True))

    def _made(self, expression: Expression) -> "PrivateSeries":
        return type(self._series).of(self._series.rows, self._series.rows.term(expression), self._series.name)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(
                f"{name} is not available on .{self._name} of a PrivateSeries; use map(lambda value: …) with a function of one value"
            )


class TextMethods(_Accessor):
    """``series.str``: pandas' methods of texts, each on one text at a time."""

    __slots__ = ()
    _kind, _name, _holds = "str", "str", "texts"

    def lower(self) -> "PrivateSeries":
        """Each text in small letters."""
        return self._apply(steps.method("lower"))

    def upper(self) -> "PrivateSeries":
        """Each text in capital letters."""
        return self._apply(steps.method("upper"))

    def capitalize(self) -> "PrivateSeries":
        """Each text with its first letter capital and the others small."""
        return self._apply(steps.method("capitalize"))

    def strip(self) -> "PrivateSeries":
        """Each text without blanks around it."""
        return self._apply(steps.method("strip"))

    def lstrip(self) -> "PrivateSeries":
        """Each text without blanks before it."""
        return self._apply(steps.method("lstrip"))

    def rstrip(self) -> "PrivateSeries":
        """Each text without blanks after it."""
        return self._apply(steps.method("rstrip"))

    def len(self) -> "PrivateSeries":
        """The number of characters of each text."""
        return self._apply(steps.measured())

    def contains(self, pat: str, case: bool = True, flags: int = 0, regex: bool = True) -> "PrivateSeries":
        """Whether each text holds another, or (``regex``) what a pattern describes."""
        if case and not flags and not (regex and _SPECIAL & set(pat)):
            return self._apply(steps.holds(pat))
        return self._found("search", pat if regex else re.escape(pat), case, flags)

    def match(self, pat: str, case: bool = True, flags: int = 0) -> "PrivateSeries":
        """Whether each text begins with what a pattern describes."""
        return self._found("match", pat, case, flags)

    def fullmatch(self, pat: str, case: bool = True, flags: int = 0) -> "PrivateSeries":
        """Whether each text is what a pattern describes."""
        return self._found("fullmatch", pat, case, flags)

    def startswith(self, pat: str | tuple[str, ...]) -> "PrivateSeries":
        """Whether each text begins with another, or with one of several."""
        return self._apply(steps.method("startswith", (pat,)))

    def endswith(self, pat: str | tuple[str, ...]) -> "PrivateSeries":
        """Whether each text ends with another, or with one of several."""
        return self._apply(steps.method("endswith", (pat,)))

    def find(self, sub: str) -> "PrivateSeries":
        """Where each text first holds another; -1 where it doesn't."""
        return self._apply(steps.method("find", (sub,)))

    def replace(self, pat: str, repl: str, *, regex: bool = False) -> "PrivateSeries":
        """Each text with every ``pat`` in it made ``repl``. For patterns use ``map`` with ``re.sub``."""
        if regex:
            raise ValueError("replace(regex=True) is not available; use map(lambda text: re.sub(pattern, new, text))")
        return self._apply(steps.method("replace", (pat, repl)))

    def slice(self, start: int | None = None, stop: int | None = None) -> "PrivateSeries":
        """The characters of each text from ``start`` up to ``stop``, counted as Python does."""
        return self._made(Slice(operand=self._series.term.expression, start=start or 0, stop=stop))

    def __getitem__(self, key: Any) -> "PrivateSeries":
        if isinstance(key, int) and not isinstance(key, bool):
            return self.slice(key, key + 1 or None)
        if not isinstance(key, slice) or key.step not in (None, 1):
            raise TypeError("a text is sliced by characters, e.g. series.str[:3]")
        return self.slice(key.start, key.stop)

    def get(self, i: int) -> "PrivateSeries":
        """The character of each text at a place; empty where there is none."""
        return self[i]

    def _found(self, how: str, pattern: str, case: bool, flags: int) -> "PrivateSeries":
        return self._apply(steps.found(how, pattern, flags if case else flags | re.IGNORECASE))


def _test(name: str) -> Callable[[TextMethods], "PrivateSeries"]:
    def test(self: TextMethods) -> "PrivateSeries":
        return self._apply(steps.method(name))

    test.__name__ = name
    test.__doc__ = f"Whether Python's {name}() is true of each text."
    return test


for _name in _TESTS:
    setattr(TextMethods, _name, _test(_name))


class MomentFields(_Accessor):
    """``series.dt``: fields of points in time, each an integer, and their format."""

    __slots__ = ()
    _kind, _name, _holds = "datetime", "dt", "points in time"

    @property
    def year(self) -> "PrivateSeries":
        """The year."""
        return self._apply(steps.field("year"))

    @property
    def quarter(self) -> "PrivateSeries":
        """The quarter, 1 to 4."""
        return self._apply(steps.field("quarter"))

    @property
    def month(self) -> "PrivateSeries":
        """The month, 1 to 12."""
        return self._apply(steps.field("month"))

    @property
    def day(self) -> "PrivateSeries":
        """The day of the month."""
        return self._apply(steps.field("day"))

    @property
    def dayofweek(self) -> "PrivateSeries":
        """The day of the week, Monday is 0."""
        return self._apply(steps.field("dayofweek"))

    day_of_week = weekday = dayofweek

    @property
    def dayofyear(self) -> "PrivateSeries":
        """The day of the year, from 1."""
        return self._apply(steps.field("dayofyear"))

    day_of_year = dayofyear

    @property
    def hour(self) -> "PrivateSeries":
        """The hour, 0 to 23."""
        return self._apply(steps.field("hour"))

    @property
    def minute(self) -> "PrivateSeries":
        """The minute."""
        return self._apply(steps.field("minute"))

    @property
    def second(self) -> "PrivateSeries":
        """The second."""
        return self._apply(steps.field("second"))

    @property
    def microsecond(self) -> "PrivateSeries":
        """The microsecond."""
        return self._apply(steps.field("microsecond"))

    def strftime(self, date_format: str) -> "PrivateSeries":
        """Each point in time as text, e.g. ``"%Y-%m"``."""
        return self._apply(steps.method("strftime", (date_format,)))


class Accessors:
    """What gives a series its ``str`` and ``dt``."""

    __slots__ = ()

    @property
    def dt(self: Any) -> MomentFields:
        """Fields of points in time, of each value: ``series.dt.year``."""
        return MomentFields(self)

    @property
    def str(self: Any) -> TextMethods:
        """Methods of texts, on each value: ``series.str.lower()``."""
        return TextMethods(self)
