"""Fields and formats of private points in time and spans. Must not know syntax."""

from collections.abc import Mapping
from functools import reduce

from ag_plan.expressions import Concat, DatePart, Expression, Match, Slice
from op_pandas.translation.merging import spread, typed
from op_pandas.translation.scene import Beyond, Scene
from op_pandas.translation.values import Bounds, Typed, Value
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
_ALIASES = {"day_of_week": "dayofweek", "weekday": "dayofweek", "day_of_year": "dayofyear"}
_DAY = 86_400_000_000
_DIGIT = r"[\x{30}-\x{39}]"
_ISO = (
    rf"\A{_DIGIT}{{4}}\x{{2d}}{_DIGIT}{{2}}\x{{2d}}{_DIGIT}{{2}}"
    rf"(?:[\x{{20}}\x{{54}}]{_DIGIT}{{2}}\x{{3a}}{_DIGIT}{{2}}(?:\x{{3a}}{_DIGIT}{{2}}(?:\x{{2e}}{_DIGIT}{{1,6}})?)?)?\z"
)
_WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2}
_NAMES = {"Y": "year", "m": "month", "d": "day", "H": "hour", "M": "minute", "S": "second"}
_FIRST_WRITTEN = 1000
"""Years that every platform writes with four digits."""


def field(scene: Scene, moment: Typed, name: str) -> Typed | None:
    """A field of a point in time; None where there is none of that name."""
    found = _ALIASES.get(name, name)
    if found not in FIELDS:
        return None
    return Typed(
        "int", scene.words.make(DatePart, operand=moment.expression, field=found), moment.nullable, FIELDS[found]
    )


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


def _fields_of(scene: Scene, layout: str) -> list[str]:
    """The layout as letters of fields and the characters between them."""
    parts, at = [], 0
    while at < len(layout):
        if layout[at] == "%":
            letter = layout[at + 1 : at + 2]
            if letter not in _WIDTHS:
                scene.refuse(f"%{letter} in the layout of a date", "use %Y %m %d %H %M %S")
            parts.append("%" + letter)
            at += 2
        else:
            parts.append(layout[at])
            at += 1
    return parts


def _rearranged(scene: Scene, text: Typed, layout: str) -> tuple[str, Expression]:
    """A pattern of the layout with all digits, and the text's parts in the order of ISO 8601."""
    pattern, found, at = [r"\A"], {}, 0
    for part in _fields_of(scene, layout):
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
        _padded(scene, moment, part[1]) if part[0] == "%" else scene.words.constant(part)
        for part in _fields_of(scene, layout)
    ]
    if not pieces:
        return Typed("str", scene.words.constant(""))
    return Typed("str", reduce(lambda left, right: scene.words.make(Concat, left=left, right=right), pieces))


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
