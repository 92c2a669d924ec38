"""Python's regular expressions as automata of a program: its own parser reads them, each piece becomes steps, by a table. Runs none.

Must not know how an automaton is run; what has no step (look-around, back references, counts of what may be empty) is refused.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from ag_plan.programs import Automaton

MOST_STEPS: Final = 1_000
_MOST_RANGES: Final = 100
_LARGEST: Final = 0x10FFFF
_CASES_OF_ASCII: Final = 0x2200
"""No character from here on is another case of one in ASCII."""
_FLAGS: Final = re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.ASCII | re.UNICODE
_TEMPLATE: Final = re.compile(r"\\(?:([1-9])(?!\d)|g<(\w+)>|([\\nrt]))|(\\)|([^\\]+)")
_ESCAPED: Final = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}

Step = tuple[str | int, ...]
Ranges = Sequence[tuple[int, int]]


class Unwritable(Exception):
    """A part of a pattern for which there are no steps."""


def automaton(pattern: str | re.Pattern[str], flags: int = 0) -> Automaton:
    """The pattern as an automaton. Unwritable where a part of it has no steps, or Python can't read it."""
    if isinstance(pattern, re.Pattern):
        flags |= pattern.flags
        pattern = pattern.pattern
    if not isinstance(pattern, str) or flags & ~_FLAGS:
        raise Unwritable("a pattern of bytes, or with these flags,")
    try:
        parsed = re._parser.parse(pattern, flags)  # type: ignore[attr-defined]  # noqa: SLF001 - Python's own reading
    except re.error:
        raise Unwritable("what Python can't read,") from None
    writer = _Writer(parsed.state.flags)
    writer.sequence(parsed)
    names = tuple(parsed.state.groupdict.items())
    return Automaton(steps=tuple(writer.steps), groups=parsed.state.groups - 1, names=names)


def template(replacement: str, names: Mapping[str, int]) -> tuple[str | int, ...]:
    r"""What ``re.sub`` puts in: texts, and groups by number. Unwritable where it says more than ``\1``, ``\g<name>`` and ``\\``."""
    parts: list[str | int] = []
    for digit, name, escaped, strange, plain in _TEMPLATE.findall(replacement):
        if strange or (name and not name.isdecimal() and name not in names):
            raise Unwritable("this replacement")
        if digit or name:
            parts.append(int(digit or (name if name.isdecimal() else names[name])))
        else:
            parts.append(_ESCAPED[escaped] if escaped else plain)
    return tuple(parts)


class _Writer:
    """Steps, written from a parsed pattern one piece after the other."""

    def __init__(self, flags: int) -> None:
        self.steps: list[Step] = []
        self.flags = flags

    def add(self, *step: str | int) -> int:
        """One step more; its number."""
        if len(self.steps) >= MOST_STEPS:
            raise Unwritable("so long a pattern")
        self.steps.append(step)
        return len(self.steps) - 1

    def sequence(self, parts: Any) -> None:
        for operation, argument in parts:
            write = _PARTS.get(str(operation))
            if write is None:
                raise Unwritable(str(operation).lower().replace("_", " "))
            write(self, argument)

    def one_of(self, ranges: Ranges, categories: str = "", *, negated: bool = False) -> None:
        if self.flags & re.IGNORECASE and ranges:
            ranges = cased(tuple(ranges), self.flags & re.ASCII)
        if len(ranges) > _MOST_RANGES:
            raise Unwritable("a class of so many characters")
        self.add("of", int(negated), categories, *(point for each in ranges for point in each))

    def literal(self, code: int) -> None:
        self.one_of([(code, code)])

    def other_than(self, code: int) -> None:
        self.one_of([(code, code)], negated=True)

    def any_character(self, _: Any) -> None:
        self.one_of([] if self.flags & re.DOTALL else [(10, 10)], negated=True)

    def members(self, items: Sequence[tuple[Any, Any]]) -> None:
        ranges: list[tuple[int, int]] = []
        fixed: list[tuple[int, int]] = []
        categories, negated = "", False
        for operation, argument in items:
            name = str(operation)
            if name == "NEGATE":
                negated = True
            elif name == "LITERAL":
                ranges.append((argument, argument))
            elif name == "RANGE":
                ranges.append(tuple(argument))
            else:
                letter = _LETTERS[str(argument)]
                if self.flags & re.ASCII:
                    fixed += _ascii(letter)
                else:
                    categories += letter
        if self.flags & re.IGNORECASE and ranges:
            ranges = list(cased(tuple(ranges), self.flags & re.ASCII))
        kept, self.flags = self.flags, self.flags & ~re.IGNORECASE
        self.one_of([*ranges, *fixed], categories, negated=negated)
        self.flags = kept

    def repeated(self, argument: Any, *, lazy: bool = False) -> None:
        least, most, inner = argument
        endless = str(most) == "MAXREPEAT"
        if inner.getwidth()[0] == 0 and (endless or most > 1):
            raise Unwritable("counting what may be empty")
        for _ in range(least):
            self.sequence(inner)
        if endless:
            start = self.add("either")
            self.sequence(inner)
            self.add("go", start)
            self._decide([start], lazy)
        else:
            starts = []
            for _ in range(most - least):
                starts.append(self.add("either"))
                self.sequence(inner)
            self._decide(starts, lazy)

    def _decide(self, starts: Sequence[int], lazy: bool) -> None:
        """Each of these goes on with its own part, or at the end; the other way round where that is wanted first."""
        for start in starts:
            ways = (start + 1, len(self.steps))
            self.steps[start] = ("either", *(ways[::-1] if lazy else ways))

    def lazily(self, argument: Any) -> None:
        self.repeated(argument, lazy=True)

    def group(self, argument: Any) -> None:
        number, more, less, inner = argument
        before, self.flags = self.flags, (self.flags | more) & ~less
        if number is not None:
            self.add("mark", 2 * number)
        self.sequence(inner)
        if number is not None:
            self.add("mark", 2 * number + 1)
        self.flags = before

    def branches(self, argument: Any) -> None:
        ends: list[int] = []
        *first, last = argument[1]
        for branch in first:
            start = self.add("either")
            self.sequence(branch)
            ends.append(self.add("go"))
            self.steps[start] = ("either", start + 1, len(self.steps))
        self.sequence(last)
        for end in ends:
            self.steps[end] = ("go", len(self.steps))

    def place(self, where: Any) -> None:
        name = str(where)
        if name in ("AT_BOUNDARY", "AT_NON_BOUNDARY"):
            ascii_only = "ascii " if self.flags & re.ASCII else ""
            self.add("at", f"{'no ' if 'NON' in name else ''}{ascii_only}edge")
        elif self.flags & re.MULTILINE and name in _LINES:
            self.add("at", _LINES[name])
        else:
            self.add("at", _PLACES[name])


_LETTERS: Final = {
    f"CATEGORY_{'NOT_' if letter.isupper() else ''}{name}": letter
    for name, letters in {"DIGIT": "dD", "SPACE": "sS", "WORD": "wW"}.items()
    for letter in letters
}
_LINES: Final = {"AT_BEGINNING": "line begin", "AT_END": "line end"}
_PLACES: Final = {
    "AT_BEGINNING": "begin",
    "AT_BEGINNING_STRING": "begin",
    "AT_END": "last",
    "AT_END_STRING": "end",
}
_PARTS: Mapping[str, Callable[[_Writer, Any], None]] = {
    "LITERAL": _Writer.literal,
    "NOT_LITERAL": _Writer.other_than,
    "ANY": _Writer.any_character,
    "IN": _Writer.members,
    "MAX_REPEAT": _Writer.repeated,
    "MIN_REPEAT": _Writer.lazily,
    "SUBPATTERN": _Writer.group,
    "BRANCH": _Writer.branches,
    "AT": _Writer.place,
}


@lru_cache(maxsize=256)
def cased(ranges: tuple[tuple[int, int], ...], ascii_only: int) -> Ranges:
    """All characters that Python takes for one of these where case doesn't count: asked of Python itself."""
    end = _CASES_OF_ASCII if max(high for _, high in ranges) < 0x80 else _LARGEST + 1  # noqa: PLR2004 - ASCII
    members = "".join(f"{re.escape(chr(low))}-{re.escape(chr(high))}" for low, high in ranges)
    found = re.findall(f"[{members}]", _characters(end), re.IGNORECASE | (re.ASCII if ascii_only else 0))
    return list(_runs([ord(each) for each in found]))


@lru_cache(maxsize=2)
def _characters(end: int) -> str:
    return "".join(map(chr, range(end)))


def _ascii(letter: str) -> Ranges:
    """A category of ASCII's characters; what it leaves out, of all, where the letter is a capital."""
    inside = [code for code in range(0x80) if re.match(rf"\{letter.lower()}", chr(code), re.ASCII)]
    found = list(_runs(inside))
    return found if letter.islower() else list(_between(found))


def _runs(codes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Rising numbers as ranges."""
    breaks = [place for place, (one, other) in enumerate(pairwise(codes), start=1) if other > one + 1]
    for start, end in pairwise([0, *breaks, len(codes)]) if codes else ():
        yield codes[start], codes[end - 1]


def _between(ranges: Ranges) -> Iterator[tuple[int, int]]:
    ends = [-1, *(point for each in ranges for point in each), _LARGEST + 1]
    for before, after in zip(ends[::2], ends[1::2], strict=True):
        if before + 1 < after:
            yield before + 1, after - 1
