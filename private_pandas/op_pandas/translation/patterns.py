"""Constant regular expressions of Python, as patterns of the plan's small language where both surely mean the same.

Python's own parser reads them; what it finds is written again, or refused. Texts with characters beyond ASCII are null where the
pattern's meaning would depend on Unicode. Must not know how a match is used.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ag_plan.expressions import Extract, Match, Substitute
from op_pandas.translation.merging import spread, typed
from op_pandas.translation.scene import Beyond, Scene
from op_pandas.translation.values import NEVER, Found, Known, Typed, Value
from op_pandas.translation.words import TRUE

_FLAGS = re.IGNORECASE | re.UNICODE
_DIGIT = r"\x{30}-\x{39}"
_SPACE = r"\x{9}-\x{d}\x{1c}-\x{20}"
_WORD = r"\x{30}-\x{39}\x{41}-\x{5a}\x{5f}\x{61}-\x{7a}"
_ASCII = r"\A[\x{1}-\x{7f}]*\z"
_CLASSES = {"CATEGORY_DIGIT": _DIGIT, "CATEGORY_SPACE": _SPACE, "CATEGORY_WORD": _WORD}
_REST = {
    "CATEGORY_NOT_DIGIT": r"\x{1}-\x{2f}\x{3a}-\x{7f}",
    "CATEGORY_NOT_SPACE": r"\x{1}-\x{8}\x{e}-\x{1b}\x{21}-\x{7f}",
    "CATEGORY_NOT_WORD": r"\x{1}-\x{2f}\x{3a}-\x{40}\x{5b}-\x{5e}\x{60}\x{7b}-\x{7f}",
}
_LARGEST_ASCII = 0x7F


class Unwritable(Exception):
    """A part of a pattern for which the plan has no word."""


@dataclass(slots=True)
class _Writer:
    """Writes a parsed pattern again. ``ascii_only``: whether its meaning on other texts would depend on Unicode."""

    ignore_case: bool
    ascii_only: bool = False
    groups: int = 0

    def sequence(self, parts: Sequence[Any], *, last: bool) -> str:
        written = []
        for place, (operation, argument) in enumerate(parts):
            name = str(operation)
            if name == "AT" and str(argument) == "AT_END" and not (last and place == len(parts) - 1):
                raise Unwritable("`$` before the end")
            write = _PARTS.get(name)
            if write is None:
                raise Unwritable(name.lower().replace("_", " "))
            written.append(write(self, argument, last and place == len(parts) - 1))
        return "".join(written)

    def point(self, code: int) -> str:
        """One character, in a class."""
        if not code or 0xD800 <= code < 0xE000:  # noqa: PLR2004 - halves of pairs
            raise Unwritable("this character")
        cases = {code}
        if self.ignore_case:
            self.ascii_only = True
            character = chr(code)
            cases |= {ord(each) for each in (character.lower(), character.upper()) if len(each) == 1}
        return "".join(rf"\x{{{each:x}}}" for each in sorted(cases))

    def literal(self, code: int, _: bool) -> str:
        written = self.point(code)
        return f"[{written}]" if self.ignore_case else written

    def category(self, name: str) -> str:
        self.ascii_only = True
        return _CLASSES.get(name) or _REST[name]

    def members(self, items: Sequence[Any], _: bool) -> str:
        negated, written = "", []
        for operation, argument in items:
            name = str(operation)
            if name == "NEGATE":
                negated = "^"
            elif name == "LITERAL":
                written.append(self.point(argument))
            elif name == "RANGE":
                written.append(self._range(*argument))
            elif name == "CATEGORY":
                written.append(self.category(str(argument)))
            else:
                raise Unwritable(name.lower())
        return f"[{negated}{''.join(written)}]"

    def _range(self, low: int, high: int) -> str:
        if self.ignore_case:
            if high > _LARGEST_ASCII:
                raise Unwritable("a range beyond ASCII without regard to case")
            return "".join(self.point(code) for code in range(max(1, low), high + 1))
        return rf"\x{{{max(1, low):x}}}-\x{{{high:x}}}"

    def not_literal(self, code: int, _: bool) -> str:
        return f"[^{self.point(code)}]"

    def any_character(self, _: Any, __: bool) -> str:
        return r"[^\x{a}]"

    def repeat(self, argument: Any, _: bool) -> str:
        least, most, inner = argument
        count = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get(
            (int(least), None if str(most) == "MAXREPEAT" else int(most))
        )
        if count is None:
            upper = "" if str(most) == "MAXREPEAT" else str(int(most))
            count = f"{{{least}}}" if str(least) == upper else f"{{{least},{upper}}}"
        if _can_be_empty(inner):
            raise Unwritable("repeating what may be empty")
        return f"(?:{self.sequence(inner, last=False)}){count}"

    def lazily(self, argument: Any, last: bool) -> str:
        return self.repeat(argument, last) + "?"

    def group(self, argument: Any, last: bool) -> str:
        number, add, remove, inner = argument
        if add or remove:
            raise Unwritable("flags inside")
        if number is not None:
            self.groups += 1
        return f"({'' if number is not None else '?:'}{self.sequence(inner, last=last)})"

    def branches(self, argument: Any, last: bool) -> str:
        return "(?:" + "|".join(self.sequence(branch, last=last) for branch in argument[1]) + ")"

    def place(self, where: Any, _: bool) -> str:
        name = str(where)
        if name == "AT_BOUNDARY":
            self.ascii_only = True
        if name not in _PLACES:
            raise Unwritable("this anchor")
        return _PLACES[name]


_PLACES = {
    "AT_BEGINNING": r"\A",
    "AT_BEGINNING_STRING": r"\A",
    "AT_END": r"\x{a}?\z",
    "AT_END_STRING": r"\z",
    "AT_BOUNDARY": r"\b",
}
_PARTS: Mapping[str, Callable[[_Writer, Any, bool], str]] = {
    "LITERAL": _Writer.literal,
    "NOT_LITERAL": _Writer.not_literal,
    "ANY": _Writer.any_character,
    "IN": _Writer.members,
    "MAX_REPEAT": _Writer.repeat,
    "MIN_REPEAT": _Writer.lazily,
    "SUBPATTERN": _Writer.group,
    "BRANCH": _Writer.branches,
    "AT": _Writer.place,
}


def _can_be_empty(inner: Any) -> bool:
    return bool(inner.getwidth()[0] == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A pattern of the small language. ``has_end``: whether its ``$`` may take a line end into what is found."""

    text: str
    ascii_only: bool
    groups: int
    has_end: bool
    may_be_empty: bool


def written(scene: Scene, pattern: str | re.Pattern[str], flags: int = 0) -> Written:
    """The pattern in the small language; refused where Python and the engine might differ."""
    text, all_flags = (
        (pattern.pattern, pattern.flags) if isinstance(pattern, re.Pattern) else (pattern, flags | re.UNICODE)
    )
    if not isinstance(text, str) or all_flags & ~_FLAGS:
        scene.refuse("a pattern of bytes, or with these flags", "use a text and re.IGNORECASE at most")
    try:
        parsed = re._parser.parse(text, all_flags)  # type: ignore[attr-defined]  # noqa: SLF001 - Python's own reading
    except re.error:
        scene.refuse(f"the pattern {text!r}", "correct it: Python can't read it")
    if parsed.state.flags & ~_FLAGS:
        scene.refuse("flags inside a pattern", "use re.IGNORECASE as an argument")
    writer = _Writer(bool(parsed.state.flags & re.IGNORECASE))
    try:
        made = writer.sequence(parsed, last=True)
    except Unwritable as part:
        scene.refuse(
            f"{part} in the pattern {text!r}", "use simpler patterns: characters, classes, groups, | and counts"
        )
    return Written(
        text=made,
        ascii_only=writer.ascii_only,
        groups=writer.groups,
        has_end=r"\x{a}?\z" in made,
        may_be_empty=_can_be_empty(parsed),
    )


def searched(scene: Scene, how: str, pattern: Any, value: Value, flags: int = 0) -> Value:
    """``re.search``, ``re.match``, ``re.fullmatch``."""
    return spread(scene, lambda inner, each: _searched(inner, how, pattern, each, flags), value)


def _text(scene: Scene, value: Value) -> Typed | None:
    found = typed(scene, value)
    if found is None or found.kind != "str":
        scene.fault(TRUE, TypeError)
        return None
    return found


def _searched(scene: Scene, how: str, pattern: Any, value: Value, flags: int) -> Value:
    if isinstance(value, Known):
        if not isinstance(value.value, str):
            scene.fault(TRUE, TypeError)
            return NEVER
        scene.refuse("matching a text that is the same for every value", "match it outside the function")
    text = _text(scene, value)
    if text is None:
        return NEVER
    found = written(scene, pattern, flags)
    _only_ascii(scene, found, text)
    anchored = {"search": found.text, "match": rf"\A(?:{found.text})", "fullmatch": rf"\A(?:{found.text})\z"}[how]
    test = scene.words.make(Match, operand=text.expression, pattern=anchored)
    return Found(text.expression, "" if found.has_end else anchored, found.groups, test)


def _only_ascii(scene: Scene, found: Written, text: Typed) -> None:
    if found.ascii_only:
        plain = scene.words.make(Match, operand=text.expression, pattern=_ASCII)
        scene.fault(scene.words.negated(plain), Beyond)


def group_of(scene: Scene, match: Found, number: int) -> Value:
    """``match.group(number)``; AttributeError where there was no match."""
    scene.fault(scene.words.negated(match.found), AttributeError)
    if not match.pattern:
        scene.refuse("the groups of a pattern that ends in $", "use re.fullmatch, or leave the $ out")
    if not 0 <= number <= min(match.groups, 9):
        scene.fault(TRUE, IndexError)
        return NEVER
    if number and ("|" in match.pattern or re.search(r"\)(?:\*|\?|\{0)", match.pattern)):
        scene.refuse("a group of a pattern with | , * or ? after groups", "match the alternatives one by one")
    return Typed("str", scene.words.make(Extract, operand=match.text, pattern=match.pattern, group=number))


def substituted(scene: Scene, pattern: Any, replacement: str, value: Value, flags: int = 0) -> Value:
    """``re.sub`` with a plain replacement."""
    if "\\" in replacement:
        scene.refuse("a replacement with \\", "use a plain text")

    def apply(inner: Scene, each: Value) -> Value:
        if isinstance(each, Known) and isinstance(each.value, str):
            return Known(re.sub(pattern, replacement, each.value, flags=flags))
        text = _text(inner, each)
        if text is None:
            return NEVER
        found = written(inner, pattern, flags)
        if found.may_be_empty or found.has_end or r"\b" in found.text or r"\A" in found.text:
            inner.refuse(
                "re.sub with a pattern that may find nothing, or a place", "use + instead of *, and no anchors"
            )
        _only_ascii(inner, found, text)
        made = inner.words.make(Substitute, operand=text.expression, pattern=found.text, replacement=replacement)
        inner.fault(inner.words.is_null(made), Beyond)
        return Typed("str", made)

    return spread(scene, apply, value)
