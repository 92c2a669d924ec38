"""Python's methods of texts on private ones, and texts made of other values. Must not know syntax."""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from ag_plan.expressions import Concat, Expression, Match, Piece, Replace, Slice, Text
from op_pandas.translation.arithmetic import publicly
from op_pandas.translation.merging import spread, typed
from op_pandas.translation.scene import Beyond, Scene
from op_pandas.translation.truth import has, truth
from op_pandas.translation.values import NEVER, Display, Known, Pieces, Typed, Value
from op_pandas.translation.words import TRUE

Method = Callable[[Scene, Typed, Sequence[Value]], Value]
LONGEST = 2**32
_ASCII = r"\A[\x{1}-\x{7f}]*\z"
_KINDS_OF_LETTERS: Mapping[str, str] = {
    "isdigit": r"\A[\x{30}-\x{39}]+\z",
    "isdecimal": r"\A[\x{30}-\x{39}]+\z",
    "isnumeric": r"\A[\x{30}-\x{39}]+\z",
    "isalpha": r"\A[\x{41}-\x{5a}\x{61}-\x{7a}]+\z",
    "isalnum": r"\A[\x{30}-\x{39}\x{41}-\x{5a}\x{61}-\x{7a}]+\z",
    "isspace": r"\A[\x{9}-\x{d}\x{1c}-\x{20}]+\z",
    "islower": r"\A[^\x{41}-\x{5a}]*[\x{61}-\x{7a}][^\x{41}-\x{5a}]*\z",
    "isupper": r"\A[^\x{61}-\x{7a}]*[\x{41}-\x{5a}][^\x{61}-\x{7a}]*\z",
}


def length(scene: Scene, text: Expression) -> Typed:
    """``len`` of a text."""
    return Typed("int", scene.words.make(Text, operator="length", operand=text), bounds=(0, LONGEST))


def public_text(scene: Scene, value: Value, what: str) -> str:
    """A public text among the arguments."""
    if isinstance(value, Known) and isinstance(value.value, str):
        return value.value
    scene.refuse(f"{what} with a text that isn't the same for every value", "write it as a constant")


def text_of(scene: Scene, value: Value) -> Value:
    """``str`` of a value; refused of floats, whose decimals engines write differently, and of dates."""
    return spread(scene, _text_of, value)


def _text_of(scene: Scene, value: Value) -> Value:
    if isinstance(value, Known):
        return Known(str(value.value))
    found = typed(scene, value)
    if found is None:
        scene.refuse("the text of this", "build the text from its parts")
    if found.kind == "str":
        return found
    if found.kind in ("float", "datetime", "timedelta"):
        way = "x.strftime('%Y-%m-%d')" if found.kind == "datetime" else "int(x) or round(x) first"
        scene.refuse(f"the text of a {found.kind}", f"use {way}")
    written = scene.words.cast(found.expression, "str")
    if found.nullable:
        written = scene.words.choose(scene.words.is_null(found.expression), scene.words.constant("nan"), written)
    return Typed("str", written)


def formatted(scene: Scene, value: Value, layout: str) -> Value:
    """``f"{value:layout}"``: of public values, of texts and whole numbers as they are."""

    def apply(inner: Scene, each: Value) -> Value:
        if isinstance(each, Known):
            return publicly(inner, format, each.value, layout)
        found = typed(inner, each)
        if found is None or layout not in {"str": ("", "s"), "int": ("", "d")}.get(found.kind, ("",)):
            inner.refuse(
                f"the layout {layout!r} of a private value", "leave the layout out, and round(x) numbers first"
            )
        if layout == "d" and found.nullable:
            inner.fault(inner.words.is_null(found.expression), ValueError)
        return _text_of(inner, found)

    return spread(scene, apply, value)


def concatenated(scene: Scene, parts: Sequence[Value]) -> Value:
    """Texts one after another, as ``+``, ``join`` and f-strings do."""
    empty: Value = Known("")
    return reduce(lambda left, right: spread(scene, _two, left, right), parts, empty)


def _two(scene: Scene, left: Value, right: Value) -> Value:
    if any(isinstance(each, Known) and not isinstance(each.value, str) for each in (left, right)):
        scene.fault(TRUE, TypeError)
        return NEVER
    if isinstance(left, Known) and isinstance(right, Known):
        return Known(left.value + right.value)
    if isinstance(left, Known) and left.value == "":
        return right
    if isinstance(right, Known) and right.value == "":
        return left
    one, other = typed(scene, left), typed(scene, right)
    if one is None or other is None or one.kind != "str" or other.kind != "str":
        scene.fault(TRUE, TypeError)
        return NEVER
    return Typed("str", scene.words.make(Concat, left=one.expression, right=other.expression))


# Methods --------------------------------------------------------------------------------------------------


def cased(scene: Scene, text: Typed, operator: str) -> Typed:
    """Lower or upper; null for the texts with letters that engines treat otherwise than Python."""
    made = scene.words.make(Text, operator=operator, operand=text.expression)
    scene.fault(scene.words.is_null(made), Beyond)
    return Typed("str", made)


def _trimmed(operator: str) -> Method:
    def apply(scene: Scene, text: Typed, given: Sequence[Value]) -> Value:
        if given and not (isinstance(given[0], Known) and given[0].value is None):
            scene.refuse(f"{operator} with characters", f"use {operator}() for blanks, or replace(…)")
        return Typed("str", scene.words.make(Text, operator=operator, operand=text.expression))

    return apply


def _tests(test: str) -> Method:
    def apply(scene: Scene, text: Typed, given: Sequence[Value]) -> Value:
        (needle,) = given
        needles = needle.value if isinstance(needle, Known) and isinstance(needle.value, tuple) else None
        if needles is None:
            return has(scene, test, text, public_text(scene, needle, test))
        found = [truth(scene, has(scene, test, text, each)) for each in needles]
        return Typed("bool", reduce(scene.words.either, found)) if found else Known(False)

    return apply


def replaced(scene: Scene, text: Typed, given: Sequence[Value]) -> Value:
    """``text.replace(old, new)``."""
    if len(given) != 2:  # noqa: PLR2004 - old and new
        scene.refuse("replace with a count", "use replace(old, new)")
    old, new = (public_text(scene, each, "replace") for each in given)
    if not old:
        scene.refuse("replacing the empty text", "name what to replace")
    made = scene.words.make(Replace, operand=text.expression, old=old, new=new)
    if len(new) > 1:
        scene.fault(scene.words.is_null(made), Beyond)
    return Typed("str", made)


def counted(scene: Scene, text: Expression, needle: str) -> Typed:
    """How often a public text occurs, without overlaps: by how much shorter the text is without it."""
    words = scene.words
    without = words.make(Replace, operand=text, old=needle, new="")
    lost = words.binary("sub", length(scene, text).expression, length(scene, without).expression)
    times = words.binary("floordiv", lost, words.constant(len(needle)))
    return Typed("int", words.clamp(times, 0, LONGEST), bounds=(0, LONGEST))


def _count(scene: Scene, text: Typed, given: Sequence[Value]) -> Value:
    (needle,) = given
    return counted(scene, text.expression, public_text(scene, needle, "count") or " ")


def found_at(scene: Scene, text: Typed, given: Sequence[Value]) -> Value:
    """``text.find(needle)``: how long the piece before the first occurrence is; -1 where there is none."""
    (value,) = given
    needle = public_text(scene, value, "find")
    if not needle:
        return Known(0)
    before = scene.words.make(Piece, operand=text.expression, separator=needle, index=0)
    place = length(scene, before).expression
    inside = truth(scene, has(scene, "contains", text, needle))
    return Typed("int", scene.words.choose(inside, place, scene.words.constant(-1)), bounds=(-1, LONGEST))


def _index(scene: Scene, text: Typed, given: Sequence[Value]) -> Value:
    (needle,) = given
    inside = truth(scene, has(scene, "contains", text, public_text(scene, needle, "index")))
    scene.fault(scene.words.negated(inside), ValueError)
    return found_at(scene, text, given)


def _split(scene: Scene, text: Typed, given: Sequence[Value]) -> Value:
    if len(given) > 1:
        scene.refuse("split with a limit", "use split(separator)[k]")
    if not given or (isinstance(given[0], Known) and given[0].value is None):
        return Pieces(text, None)
    separator = public_text(scene, given[0], "split")
    if not separator:
        scene.fault(TRUE, ValueError)
        return NEVER
    return Pieces(text, separator)


def _is_made_of(name: str) -> Method:
    def apply(scene: Scene, text: Typed, _: Sequence[Value]) -> Value:
        ascii_only = scene.words.make(Match, operand=text.expression, pattern=_ASCII)
        scene.fault(scene.words.negated(ascii_only), Beyond)
        return Typed("bool", scene.words.make(Match, operand=text.expression, pattern=_KINDS_OF_LETTERS[name]))

    return apply


def _capitalized(scene: Scene, text: Typed, _: Sequence[Value]) -> Value:
    ascii_only = scene.words.make(Match, operand=text.expression, pattern=_ASCII)
    scene.fault(scene.words.negated(ascii_only), Beyond)
    first = Typed("str", scene.words.make(Slice, operand=text.expression, start=0, stop=1))
    rest = Typed("str", scene.words.make(Slice, operand=text.expression, start=1, stop=None))
    return concatenated(scene, [cased(scene, first, "upper"), cased(scene, rest, "lower")])


METHODS: Mapping[str, Method] = {
    "lower": lambda scene, text, _: cased(scene, text, "lower"),
    "upper": lambda scene, text, _: cased(scene, text, "upper"),
    "capitalize": _capitalized,
    "strip": _trimmed("strip"),
    "lstrip": _trimmed("lstrip"),
    "rstrip": _trimmed("rstrip"),
    "startswith": _tests("startswith"),
    "endswith": _tests("endswith"),
    "replace": replaced,
    "count": _count,
    "find": found_at,
    "index": _index,
    "split": _split,
    **{name: _is_made_of(name) for name in _KINDS_OF_LETTERS},
}


# Parts ----------------------------------------------------------------------------------------------------


def sliced(scene: Scene, text: Typed, start: int | None, stop: int | None) -> Value:
    """``text[start:stop]``."""
    return Typed("str", scene.words.make(Slice, operand=text.expression, start=start or 0, stop=stop))


def character(scene: Scene, text: Typed, index: int) -> Value:
    """``text[index]``: IndexError where the text is too short."""
    reach = index + 1 if index >= 0 else -index
    short = scene.words.binary("lt", length(scene, text.expression).expression, scene.words.constant(reach))
    scene.fault(short, IndexError)
    return sliced(scene, text, index, index + 1 if index != -1 else None)


def piece(scene: Scene, pieces: Pieces, index: int) -> Value:
    """``text.split(separator)[index]``: IndexError where there are fewer."""
    made = scene.words.make(Piece, operand=pieces.text.expression, separator=pieces.separator, index=index)
    if pieces.separator is None or index not in (0, -1):
        scene.fault(scene.words.is_null(made), IndexError)
    return Typed("str", made)


def how_many(scene: Scene, pieces: Pieces) -> Value:
    """``len(text.split(separator))``."""
    if pieces.separator is None:
        scene.refuse("counting the words of a text", "count a separator: len(x.split(' '))")
    between = counted(scene, pieces.text.expression, pieces.separator)
    one = scene.words.constant(1)
    return Typed("int", scene.words.binary("add", between.expression, one), bounds=(1, LONGEST + 1))


def join(scene: Scene, separator: str, parts: Display) -> Value:
    """``separator.join([…])``."""
    spaced: list[Value] = []
    for place, part in enumerate(parts.items):
        spaced += [Known(separator), part] if place and separator else [part]
    return concatenated(scene, spaced)
