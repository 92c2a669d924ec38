"""``series.str`` and ``series.dt``: what pandas does to each text and each point in time, by the translation of one step.

Must not know how a step is translated. Missing values stay missing.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ag_plan.expressions import Binary, Cast, Constant, Expression, Piece, Slice
from op_pandas.private import Private
from op_pandas.spans import DAY, SECOND, is_span
from op_pandas.translation import steps, translated
from op_pandas.translation.steps import Step

if TYPE_CHECKING:
    from op_pandas.categories import Categories
    from op_pandas.frame import PrivateDataFrame
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

    _instead: ClassVar[Mapping[str, str]] = {}

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            instead = self._instead.get(name, "use map(lambda value: …) with a function of one value")
            raise AttributeError(f"{name} is not available on .{self._name} of a PrivateSeries; {instead}")


class TextMethods(_Accessor):
    """``series.str``: pandas' methods of texts, each on one text at a time."""

    __slots__ = ()
    _kind, _name, _holds = "str", "str", "texts"
    _instead: ClassVar[Mapping[str, str]] = {
        name: f"use map(lambda text: text.{name}(…), output_categories=[…]), with the texts that may come of it"
        for name in ("title", "swapcase", "zfill", "ljust", "rjust", "center", "rsplit", "partition", "casefold")
    } | {
        "pad": "use map(lambda text: text.zfill(…), output_categories=[…])",
        "findall": "use count, contains or extract",
    }

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

    def contains(
        self, pat: str, case: bool = True, flags: int = 0, na: bool | None = None, regex: bool = True
    ) -> "PrivateSeries":
        """Whether each text holds another, or (``regex``) what a pattern describes; ``na`` for missing texts."""
        if case and not flags and not (regex and _SPECIAL & set(pat)):
            return _filled(self._apply(steps.holds(pat)), na)
        return _filled(self._found("search", pat if regex else re.escape(pat), case, flags), na)

    def match(self, pat: str, case: bool = True, flags: int = 0, na: bool | None = None) -> "PrivateSeries":
        """Whether each text begins with what a pattern describes; ``na`` for missing texts."""
        return _filled(self._found("match", pat, case, flags), na)

    def fullmatch(self, pat: str, case: bool = True, flags: int = 0, na: bool | None = None) -> "PrivateSeries":
        """Whether each text is what a pattern describes; ``na`` for missing texts."""
        return _filled(self._found("fullmatch", pat, case, flags), na)

    def startswith(self, pat: str | tuple[str, ...], na: bool | None = None) -> "PrivateSeries":
        """Whether each text begins with another, or with one of several; ``na`` for missing texts."""
        return _filled(self._apply(steps.method("startswith", (pat,))), na)

    def endswith(self, pat: str | tuple[str, ...], na: bool | None = None) -> "PrivateSeries":
        """Whether each text ends with another, or with one of several; ``na`` for missing texts."""
        return _filled(self._apply(steps.method("endswith", (pat,))), na)

    def extract(self, pat: str, flags: int = 0, expand: bool = True) -> Any:
        """What the groups of a pattern match in each text, missing where it isn't found: a frame, or (``expand=False``) a series of the only group.

        A column has the name of its group, else the group's number as text.
        """
        from op_pandas.frame import PrivateDataFrame

        pattern = re.compile(pat, flags)
        if not pattern.groups:
            raise ValueError("pattern contains no capture groups")
        called = {number: name for name, number in pattern.groupindex.items()}
        made = {
            called.get(number, str(number - 1)): self._apply(steps.extracted(pat, flags, number))
            for number in range(1, pattern.groups + 1)
        }
        if pattern.groups == 1 and not expand:
            return next(iter(made.values()))
        return PrivateDataFrame.of(self._series.rows, {name: series.term for name, series in made.items()})

    def split(self, pat: str | None = None, *, n: int = -1, expand: bool = False, **_: object) -> "Pieces":
        """The pieces of each text, to be taken one by one: ``series.str.split(",").str[0]``. ValueError for frames of pieces: their number is private."""
        if expand or n > 0:
            raise ValueError(
                "how many pieces a text has is private: take them one by one, e.g. series.str.split(',').str[0]"
            )
        return Pieces(self, pat)

    def count(self, pat: str) -> "PrivateSeries":
        """How often each text holds another, not overlapping. ValueError for patterns."""
        if _SPECIAL & set(pat):
            raise ValueError(
                "count of a pattern is not available; use map(lambda text: len(re.findall(pattern, text)))"
            )
        return self._apply(steps.method("count", (pat,)))

    def cat(self, others: "PrivateSeries", sep: str = "", **_: object) -> "PrivateSeries":
        """Each text with another series' behind it; missing where one is."""
        if not isinstance(others, Private):
            raise TypeError("cat needs a private series over the same rows: series.str.cat(other, sep=' ')")
        return (self._series + sep if sep else self._series) + others

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

    def piece(self, separator: str | None, place: int) -> "PrivateSeries":
        """The piece of each text at a place among those between separators (blanks unless given); missing where there is none."""
        return self._made(Piece(operand=self._series.term.expression, separator=separator, index=place))

    def _found(self, how: str, pattern: str, case: bool, flags: int) -> "PrivateSeries":
        return self._apply(steps.found(how, pattern, flags if case else flags | re.IGNORECASE))


def _filled(series: "PrivateSeries", na: bool | None) -> "PrivateSeries":
    return series if na is None else series.fillna(na)


class Pieces(Private):
    """What ``series.str.split(…)`` gives: pieces of each text, that ``.str[place]`` takes."""

    __slots__ = ("_of", "_separator")
    _walk_instead = "take a piece of each text, e.g. .str[0]"

    def __init__(self, of: TextMethods, separator: str | None) -> None:
        self._of, self._separator = of, separator

    @property
    def str(self) -> "Pieces":
        """The pieces, as pandas reaches them."""
        return self

    def __getitem__(self, key: int) -> "PrivateSeries":
        if isinstance(key, bool) or not isinstance(key, int):
            raise TypeError("one piece of each text is taken by its place, e.g. .str[0] or .str[-1]")
        return self._of.piece(self._separator, key)

    def get(self, i: int) -> "PrivateSeries":
        """The piece of each text at a place; missing where there is none."""
        return self[i]


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

    __slots__ = ("_is_span",)
    _kind, _name, _holds = "datetime", "dt", "points in time"
    _instead: ClassVar[Mapping[str, str]] = {
        "to_period": "a period is a text here: use .dt.strftime('%Y-%m') for months, .dt.year for years",
        "floor": "use .dt.normalize() for days, or .dt.strftime('%Y-%m-%d %H') for hours",
        "round": "use .dt.normalize() for days, or .dt.strftime('%Y-%m-%d %H') for hours",
        "tz_localize": "points in time are without a zone",
        "tz_convert": "points in time are without a zone",
        "time": "use .dt.hour, .dt.minute and .dt.second",
    }

    def __init__(self, series: "PrivateSeries") -> None:
        self._is_span = is_span(series.rows, series.term)
        if self._is_span:
            self._series = series
        else:
            super().__init__(series)

    def _apply(self, step: Step) -> "PrivateSeries":
        if self._is_span:
            raise TypeError(
                f"{step.called} is of points in time; a difference of two has days, seconds, total_seconds()"
            )
        return super()._apply(step)

    @property
    def days(self) -> "PrivateSeries":
        """The whole days of a difference of two points in time: ``(frame["end"] - frame["start"]).dt.days``."""
        return self._made(self._whole(DAY, "days"))

    @property
    def seconds(self) -> "PrivateSeries":
        """The seconds of a difference of two points in time, beyond its whole days."""
        within = Binary(operator="mod", left=self._whole(SECOND, "seconds"), right=Constant(value=DAY // SECOND))
        return self._made(within)

    def total_seconds(self) -> "PrivateSeries":
        """All seconds of a difference of two points in time, with fractions."""
        self._whole(SECOND, "total_seconds")
        return self._series / SECOND

    def _whole(self, unit: int, name: str) -> Expression:
        if not self._is_span:
            raise TypeError(
                f"{name} is of a difference of two points in time, e.g. (frame['end'] - frame['start']).dt.{name}"
            )
        return Binary(operator="floordiv", left=self._series.term.expression, right=Constant(value=unit))

    @property
    def date(self) -> "PrivateSeries":
        """The midnight before each point in time."""
        return self.normalize()

    def normalize(self) -> "PrivateSeries":
        """The midnight before each point in time."""
        if self._is_span:
            raise TypeError("a difference of two points in time has no midnight")
        micros = Cast(operand=self._series.term.expression, to="int")
        days = Binary(operator="floordiv", left=micros, right=Constant(value=DAY))
        return self._made(Cast(operand=Binary(operator="mul", left=days, right=Constant(value=DAY)), to="datetime"))

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

    def isocalendar(self) -> "PrivateDataFrame":
        """Columns ``year``, ``week`` and ``day`` of the calendar of weeks (ISO 8601)."""
        from op_pandas.frame import PrivateDataFrame

        week = self._apply(steps.field("week"))
        made = {"year": self._apply(steps.week_year()), "week": week, "day": self.dayofweek + 1}
        return PrivateDataFrame.of(self._series.rows, {name: series.term for name, series in made.items()})

    def strftime(self, date_format: str) -> "PrivateSeries":
        """Each point in time as text, e.g. ``"%Y-%m"``."""
        return self._apply(steps.method("strftime", (date_format,)))

    def day_name(self) -> "PrivateSeries":
        """Monday to Sunday."""
        return self.strftime("%A")

    def month_name(self) -> "PrivateSeries":
        """January to December."""
        return self.strftime("%B")


class Accessors:
    """What gives a series its ``cat``, ``str`` and ``dt``."""

    __slots__ = ()

    @property
    def cat(self: Any) -> "Categories":
        """The public categories and their numbers: ``series.cat.codes``."""
        from op_pandas.categories import Categories

        return Categories(self)

    @property
    def dt(self: Any) -> MomentFields:
        """Fields of points in time, of each value: ``series.dt.year``."""
        return MomentFields(self)

    @property
    def str(self: Any) -> TextMethods:
        """Methods of texts, on each value: ``series.str.lower()``."""
        return TextMethods(self)
