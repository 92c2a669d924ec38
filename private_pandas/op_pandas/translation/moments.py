"""Fields and formats of private points in time and spans. Must not know syntax."""

import math
from collections.abc import Collection, Mapping, Sequence
from functools import reduce

from ag_plan.expressions import Concat, DatePart, Expression, Match, Recode, Slice
from op_pandas.translation.merging import merge, spread, typed
from op_pandas.translation.scene import Beyond, Scene
from op_pandas.translation.values import Bounds, Known, Typed, Value
from op_pandas.translation.words import NULL, TRUE

FIELDS: Mapping[str, Bounds] = {
    "year": (1, 9999),
    "quarter": (1, 4),
    "month": (1, 12),
    "day": (1, 31),
    "dayofweek": (0, 6),
    "dayofyear": (1, 366),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
    "microsecond": (0, 999_999),
}
_ALIASES = {"day_of_week": "dayofweek", "weekday": "dayofweek", "day_of_year": "dayofyear", "weekofyear": "week"}
_DAYS_IN_WEEK = 7
_DAY = 86_400_000_000
_DIGIT = r"[\x{30}-\x{39}]"
_ISO = (
    rf"\A{_DIGIT}{{4}}\x{{2d}}{_DIGIT}{{2}}\x{{2d}}{_DIGIT}{{2}}"
    rf"(?:[\x{{20}}\x{{54}}]{_DIGIT}{{2}}\x{{3a}}{_DIGIT}{{2}}(?:\x{{3a}}{_DIGIT}{{2}}(?:\x{{2e}}{_DIGIT}{{1,6}})?)?)?\z"
)
_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "j": 3}
_READ = tuple("YmdHMS")
_NAMES = {"Y": "year", "m": "month", "d": "day", "H": "hour", "M": "minute", "S": "second", "j": "dayofyear"}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SHORT = 3
_NOON = 12
_LISTED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "A": ("dayofweek", DAYS),
    "a": ("dayofweek", tuple(name[:_SHORT] for name in DAYS)),
    "B": ("month", MONTHS),
    "b": ("month", tuple(name[:_SHORT] for name in MONTHS)),
    "w": ("dayofweek", tuple("1234560")),
    "u": ("dayofweek", tuple("1234567")),
    "I": ("hour", tuple(f"{hour % _NOON or _NOON:02}" for hour in range(2 * _NOON))),
    "p": ("hour", ("AM",) * _NOON + ("PM",) * _NOON),
}
"""What a letter of a layout writes for each value of a field, from the field's least on; names are English, as pandas' own."""
_WRITTEN = (*_WIDTHS, *_LISTED, "y", "%")
_FIRST_WRITTEN = 1000
"""Years that every platform writes with four digits."""


def field(scene: Scene, moment: Typed, name: str) -> Typed | None:
    """A field of a point in time; None where there is none of that name."""
    found = _ALIASES.get(name, name)
    if found == "week":
        return _week(scene, moment)
    if found not in FIELDS:
        return None
    return Typed(
        "int", scene.words.make(DatePart, operand=moment.expression, field=found), moment.nullable, FIELDS[found]
    )


def thursday(scene: Scene, moment: Typed) -> Typed:
    """The same time of the Thursday in each one's week: ISO 8601 counts a week to the year that its Thursday is in."""
    words = scene.words
    day = words.make(DatePart, operand=moment.expression, field="dayofweek")
    days = words.binary("sub", words.constant(DAYS.index("Thursday")), day)
    micros = words.binary("add", words.cast(moment.expression, "int"), words.binary("mul", days, words.constant(_DAY)))
    return Typed("datetime", words.cast(micros, "datetime"), moment.nullable)


def _week(scene: Scene, moment: Typed) -> Typed:
    """The ISO 8601 week, 1 to 53: how many Thursdays the year has had."""
    words = scene.words
    day = words.make(DatePart, operand=thursday(scene, moment).expression, field="dayofyear")
    before = words.binary("floordiv", words.binary("sub", day, words.constant(1)), words.constant(_DAYS_IN_WEEK))
    return Typed("int", words.binary("add", before, words.constant(1)), moment.nullable, (1, 53))


def span_field(scene: Scene, span: Typed, name: str) -> Typed | None:
    """``.days`` of a span, or its whole seconds as a float for ``total_seconds``."""
    words = scene.words
    if name == "days":
        bounds = span.bounds and (span.bounds[0] // _DAY, span.bounds[1] // _DAY)
        return Typed("int", words.binary("floordiv", span.expression, words.constant(_DAY)), span.nullable, bounds)
    if name == "total_seconds":
        bounds = span.bounds and (span.bounds[0] / 1e6, span.bounds[1] / 1e6)
        return Typed("float", words.binary("div", span.expression, words.constant(1_000_000)), span.nullable, bounds)
    return None


def read(scene: Scene, value: Value, layout: str | None, missing: bool) -> Value:
    """A text as a point in time: written like 2020-12-31 [12:30[:00]], or in a layout of %Y %m %d %H %M %S with all their digits.

    Texts written otherwise, which pandas might still read, are null; impossible dates are a ValueError, or NaT where ``missing``.
    """

    def apply(inner: Scene, each: Value) -> Value:
        text = typed(inner, each)
        if text is not None and text.kind == "datetime":
            return text
        if text is None or text.kind != "str":
            if text is None and missing is not None:
                return Typed("datetime", NULL, nullable=True)
            inner.refuse("to_datetime of a number", "use dates written as texts")
        pattern, iso = (_ISO, text.expression) if layout is None else _rearranged(inner, text, layout)
        usual = inner.words.make(Match, operand=text.expression, pattern=pattern)
        inner.fault(inner.words.negated(usual), Beyond)
        made = inner.words.cast(iso, "datetime")
        if missing:
            return Typed("datetime", made, nullable=True)
        inner.fault(inner.words.both(usual, inner.words.is_null(made)), ValueError)
        return Typed("datetime", made)

    return spread(scene, apply, value)


def _fields_of(scene: Scene, layout: str, letters: Collection[str]) -> list[str]:
    """The layout as letters of fields and the characters between them."""
    parts, at = [], 0
    while at < len(layout):
        if layout[at] == "%":
            letter = layout[at + 1 : at + 2]
            if letter not in letters:
                known = " ".join(f"%{each}" for each in letters)
                scene.refuse(f"%{letter} in the layout of a date", f"use {known}")
            parts.append("%" + letter)
            at += 2
        else:
            parts.append(layout[at])
            at += 1
    return parts


def _rearranged(scene: Scene, text: Typed, layout: str) -> tuple[str, Expression]:
    """A pattern of the layout with all digits, and the text's parts in the order of ISO 8601."""
    pattern, found, at = [r"\A"], {}, 0
    for part in _fields_of(scene, layout, _READ):
        width = _WIDTHS[part[1]] if part[0] == "%" else 1
        if part[0] == "%":
            found[part[1]] = scene.words.make(Slice, operand=text.expression, start=at, stop=at + width)
            pattern.append(f"{_DIGIT}{{{width}}}")
        else:
            pattern.append(rf"\x{{{ord(part):x}}}")
        at += width
    if "Y" not in found:
        scene.refuse("a layout without %Y", "write years with four digits")
    given = {
        letter: found.get(letter, scene.words.constant(plain))
        for letter, plain in zip("YmdHMS", ("", "01", "01", "00", "00", "00"), strict=True)
    }
    order: list[Expression] = []
    for letter, after in zip("YmdHMS", ("-", "-", " ", ":", ":", ""), strict=True):
        order += [given[letter], scene.words.constant(after)] if after else [given[letter]]
    joined = reduce(lambda left, right: scene.words.make(Concat, left=left, right=right), order)
    return "".join(pattern) + r"\z", joined


def formatted(scene: Scene, moment: Typed, layout: str) -> Value:
    """``moment.strftime(layout)``: ValueError of NaT."""
    if moment.nullable:
        scene.fault(scene.words.is_null(moment.expression), ValueError)
    pieces = [
        _written(scene, moment, part[1]) if part[0] == "%" else scene.words.constant(part)
        for part in _fields_of(scene, layout, _WRITTEN)
    ]
    if not pieces:
        return Typed("str", scene.words.constant(""))
    return Typed("str", reduce(lambda left, right: scene.words.make(Concat, left=left, right=right), pieces))


def _written(scene: Scene, moment: Typed, letter: str) -> Expression:
    """What a letter of a layout writes."""
    if letter == "%":
        return scene.words.constant("%")
    if letter == "y":
        return scene.words.make(Slice, operand=_padded(scene, moment, "Y"), start=-2, stop=None)
    if letter not in _LISTED:
        return _padded(scene, moment, letter)
    name, texts = _LISTED[letter]
    return named(scene, moment, name, texts).expression


def called(scene: Scene, moment: Typed, name: str) -> Value:
    """``moment.day_name()`` or ``month_name()``: NaN of NaT."""
    found = named(scene, moment, *(("dayofweek", DAYS) if name == "day_name" else ("month", MONTHS)))
    if not moment.nullable:
        return found
    return merge(scene, scene.words.is_null(moment.expression), Known(math.nan), found)


def named(scene: Scene, moment: Typed, name: str, texts: Sequence[str]) -> Typed:
    """A text for each value of a field, from the field's least on."""
    of = scene.words.make(DatePart, operand=moment.expression, field=name)
    least = int(FIELDS[name][0])
    keys = tuple(range(least, least + len(texts)))
    return Typed("str", scene.words.make(Recode, operand=of, keys=keys, values=tuple(texts)))


def _padded(scene: Scene, moment: Typed, letter: str) -> Expression:
    found = field(scene, moment, _NAMES[letter])
    if found is None:
        raise AssertionError(letter)
    if letter == "Y":
        early = scene.words.binary("lt", found.expression, scene.words.constant(_FIRST_WRITTEN))
        scene.fault(scene.words.coalesce(early, TRUE), Beyond)
    zeros = scene.words.constant("0" * (_WIDTHS[letter] - 1))
    long = scene.words.make(Concat, left=zeros, right=scene.words.cast(found.expression, "str"))
    return scene.words.make(Slice, operand=long, start=-_WIDTHS[letter], stop=None)
