"""Regular expressions at work: an automaton of a program goes over a text, each of its places seen once per step. Keeps nothing of a text.

Knows no syntax of patterns: an automaton's steps are inert, and every one that is taken counts as a word of the value's share. A step
at a place that led nowhere leads nowhere from there again, as no step asks how it was reached, so that a search takes at most steps times
characters of them, and finds what trying all ways in their order would.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ag_mapper.errors import BadProgram, Spent
from ag_mapper.values import MOST_ITEMS, Tank, sized, text, whole
from ag_plan import programs as words

MOST_STEPS: Final = 1_000
MOST_GROUPS: Final = 32
_SMALL: Final = 256
_LARGEST: Final = 0x10FFFF

Marks = tuple[int, ...]
"""Where groups begin and end, from group 0 on; -1 where a group has no part in it."""


class Class:
    """What one character may be: in one of the ranges or categories, or (``negated``) in none."""

    __slots__ = ("_categories", "_highs", "_lows", "_negated")

    def __init__(self, negated: bool, categories: str, ranges: list[tuple[int, int]]) -> None:
        self._negated = negated
        self._categories = [CATEGORIES[each] for each in sorted(set(categories))]
        self._lows, self._highs = list[str](), list[str]()
        for low, high in sorted(ranges):
            if self._highs and chr(low) <= self._highs[-1]:
                self._highs[-1] = max(self._highs[-1], chr(high))
            else:
                self._lows.append(chr(low))
                self._highs.append(chr(high))

    def __contains__(self, letter: str) -> bool:
        place = bisect_right(self._lows, letter) - 1
        within = place >= 0 and letter <= self._highs[place]
        return (within or any(test(letter) for test in self._categories)) is not self._negated


CATEGORIES: Final[Mapping[str, Callable[[str], bool]]] = {
    "d": str.isdecimal,
    "D": lambda letter: not letter.isdecimal(),
    "s": str.isspace,
    "S": lambda letter: not letter.isspace(),
    "w": lambda letter: letter.isalnum() or letter == "_",
    "W": lambda letter: not (letter.isalnum() or letter == "_"),
}
"""Python's, of any alphabet; those of ASCII are ranges."""


def _is_word(owner: str, place: int) -> bool:
    return 0 <= place < len(owner) and (owner[place].isalnum() or owner[place] == "_")


def _is_ascii_word(owner: str, place: int) -> bool:
    return _is_word(owner, place) and owner[place].isascii()


def _edge(is_word: Callable[[str, int], bool], wanted: bool) -> Callable[[str, int], bool]:
    def test(owner: str, place: int) -> bool:
        if not owner:
            return wanted is False and _INSIDE_OF_NOTHING
        return (is_word(owner, place - 1) is not is_word(owner, place)) is wanted

    return test


_INSIDE_OF_NOTHING: Final = re.search(r"\B", "") is not None
"""Pythons differ in it."""
PLACES: Final[Mapping[str, Callable[[str, int], bool]]] = {
    "begin": lambda _, place: place == 0,
    "end": lambda owner, place: place == len(owner),
    "last": lambda owner, place: place == len(owner) or (place == len(owner) - 1 and owner[place] == "\n"),
    "line begin": lambda owner, place: place == 0 or owner[place - 1] == "\n",
    "line end": lambda owner, place: place == len(owner) or owner[place] == "\n",
    "edge": _edge(_is_word, True),
    "no edge": _edge(_is_word, False),
    "ascii edge": _edge(_is_ascii_word, True),
    "no ascii edge": _edge(_is_ascii_word, False),
}
_CLASS, _EITHER, _GO, _MARK, _AT, _DONE = range(6)


class Automaton:
    """A public pattern. ``steps``: what to do, and with what; ``groups``: how many there are beside the whole."""

    __slots__ = ("groups", "names", "steps")

    def __init__(self, word: words.Automaton) -> None:
        if len(word.steps) > MOST_STEPS or not 0 <= word.groups <= MOST_GROUPS:
            raise BadProgram(f"a pattern has up to {MOST_STEPS} steps and {MOST_GROUPS} groups")
        if not all(name.isidentifier() and 0 < number <= word.groups for name, number in word.names):
            raise BadProgram("a pattern's names are those of its groups")
        self.groups, self.names = word.groups, dict(word.names)
        self.steps = [*(_step(each, len(word.steps), word.groups) for each in word.steps), (_DONE, 0, 0)]

    def number(self, group: Any) -> int:
        """A group by its number or name. IndexError where there is none."""
        found = self.names.get(group) if type(group) is str else whole(group)
        if found is None or not 0 <= found <= self.groups:
            raise IndexError
        return found


def _step(step: tuple[str | int, ...], size: int, groups: int) -> tuple[int, Any, Any]:
    kind, *rest = step
    numbers = [each for each in rest if type(each) is int]
    if kind == "of" and len(rest) >= 2 and rest[0] in (0, 1) and type(rest[1]) is str:  # noqa: PLR2004 - before ranges
        return _CLASS, _class(bool(rest[0]), rest[1], rest[2:]), 0
    if kind == "either" and len(rest) == len(numbers) == 2 and all(0 <= each <= size for each in numbers):  # noqa: PLR2004 - two ways
        return _EITHER, numbers[0], numbers[1]
    if kind == "go" and len(rest) == len(numbers) == 1 and 0 <= numbers[0] <= size:
        return _GO, numbers[0], 0
    if kind == "mark" and len(rest) == len(numbers) == 1 and 2 <= numbers[0] < 2 * groups + 2:  # noqa: PLR2004 - group 0 is the whole
        return _MARK, numbers[0], 0
    if kind == "at" and len(rest) == 1 and rest[0] in PLACES:
        return _AT, PLACES[str(rest[0])], 0
    raise BadProgram("there is no such step of a pattern")


def _class(negated: bool, categories: str, bounds: list[str | int]) -> Any:
    points = [each for each in bounds if type(each) is int and 0 <= each <= _LARGEST]
    if len(points) < len(bounds) or len(points) % 2 or len(points) > _SMALL or set(categories) - set(CATEGORIES):
        raise BadProgram("a pattern's characters are ranges and categories")
    ranges = list(zip(points[::2], points[1::2], strict=True))
    if not negated and not categories and sum(high - low + 1 for low, high in ranges) <= _SMALL:
        return frozenset(chr(point) for low, high in ranges for point in range(low, high + 1))
    return Class(negated, categories, ranges)


class Found:
    """A match: which text, and where its groups are. Compared with nothing."""

    __slots__ = ("automaton", "marks", "owner")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, automaton: Automaton, owner: str, marks: Marks) -> None:
        self.automaton, self.owner, self.marks = automaton, owner, marks

    def __eq__(self, other: object) -> bool:
        raise TypeError

    def span(self, group: Any = 0) -> tuple[int, int]:
        """Where a group begins and ends; (-1, -1) where it has no part."""
        number = self.automaton.number(group)
        return self.marks[2 * number], self.marks[2 * number + 1]

    def part(self, group: Any) -> str | None:
        """A group's text; None where it has no part."""
        start, end = self.span(group)
        return None if start < 0 else self.owner[start:end]


class _Search:
    """The steps and places of one search that were taken already: each leads nowhere, or to what was found."""

    __slots__ = ("_automaton", "_barred", "_owner", "_seen", "_tank", "_whole")

    def __init__(self, tank: Tank, automaton: Automaton, owner: str, barred: int, whole_text: bool) -> None:
        self._tank, self._automaton, self._owner = tank, automaton, owner
        self._barred, self._whole, self._seen = barred, whole_text, set[int]()

    def at(self, start: int) -> Found | None:  # noqa: C901, PLR0912 - one branch per kind of step
        """The first way, in their order, from one place on. It may not end at the ``barred`` place."""
        tank, owner, seen, steps = self._tank, self._owner, self._seen, self._automaton.steps
        size, left = len(owner), tank.left
        waiting: list[tuple[int, int, Marks]] = [(0, start, (start, *(-1,) * (2 * self._automaton.groups + 1)))]
        while waiting:
            step, place, marks = waiting.pop()
            while True:
                here = step * (size + 1) + place
                if here in seen:
                    break
                seen.add(here)
                left -= 1
                if left < 0:
                    tank.left = left
                    raise Spent
                kind, what, other = steps[step]
                step += 1
                if kind == _CLASS:
                    if place == size or owner[place] not in what:
                        break
                    place += 1
                elif kind == _EITHER:
                    waiting.append((other, place, marks))
                    step = what
                elif kind == _GO:
                    step = what
                elif kind == _MARK:
                    marks = (*marks[:what], place, *marks[what + 1 :])
                elif kind == _AT:
                    if not what(owner, place):
                        break
                elif place == self._barred or (self._whole and place < size):
                    break
                else:
                    tank.left = left
                    return Found(self._automaton, owner, (start, place, *marks[2:]))
        tank.left = left
        return None


def _searched(tank: Tank, automaton: Automaton, owner: str, start: int = 0, barred: int = -1) -> Found | None:
    search = _Search(tank, automaton, owner, barred, whole_text=False)
    for place in range(start, len(owner) + 1):
        found = search.at(place)
        if found is not None:
            return found
    return None


def _every(tank: Tank, automaton: Automaton, owner: str) -> Iterator[Found]:
    """One match after the other; after one that is empty, none that is empty at the same place."""
    place, barred = 0, -1
    while (found := _searched(tank, automaton, owner, place, barred)) is not None:
        yield found
        start, place = found.span()
        barred = place if start == place else -1


# What programs call -------------------------------------------------------------------------------------------


def _search(tank: Tank, automaton: Automaton, value: Any) -> Found | None:
    return _searched(tank, automaton, text(value))


def _match(tank: Tank, automaton: Automaton, value: Any) -> Found | None:
    return _Search(tank, automaton, text(value), -1, whole_text=False).at(0)


def _fullmatch(tank: Tank, automaton: Automaton, value: Any) -> Found | None:
    return _Search(tank, automaton, text(value), -1, whole_text=True).at(0)


def _finditer(tank: Tank, automaton: Automaton, value: Any) -> list[Found]:
    return sized(tank, list(_every(tank, automaton, text(value))))  # type: ignore[no-any-return]


def _findall(tank: Tank, automaton: Automaton, value: Any) -> list[Any]:
    groups = range(1, automaton.groups + 1)
    found: list[Any] = []
    for match in _every(tank, automaton, text(value)):
        tank.take(automaton.groups)
        parts = tuple(match.part(group) or "" for group in groups)
        found.append(parts if len(parts) > 1 else parts[0] if parts else match.part(0))
    return sized(tank, found)  # type: ignore[no-any-return]


def _sub(tank: Tank, automaton: Automaton, template: Any, value: Any, count: Any = 0) -> str:
    """``template``: texts, and numbers of groups, in turn."""
    if type(template) is not tuple or whole(count) < 0:
        raise TypeError
    owner, parts, done, size = text(value), [], 0, 0
    for number, match in enumerate(_every(tank, automaton, owner), start=1):
        tank.take(len(template))
        start, end = match.span()
        pieces = (each if type(each) is str else match.part(each) or "" for each in template)
        parts += [owner[done:start], *pieces]
        size += sum(map(len, parts[-1 - len(template) :]))
        if size > MOST_ITEMS:
            raise Spent
        done = end
        if number == count:
            break
    return sized(tank, "".join((*parts, owner[done:])))  # type: ignore[no-any-return]


def _split(tank: Tank, automaton: Automaton, value: Any, most: Any = 0) -> list[Any]:
    owner, parts, done = text(value), list[Any](), 0
    if whole(most) < 0:
        return [owner]
    for number, match in enumerate(_every(tank, automaton, owner), start=1):
        tank.take(1 + automaton.groups)
        start, end = match.span()
        parts += [owner[done:start], *(match.part(group) for group in range(1, automaton.groups + 1))]
        done = end
        if number == most:
            break
    return sized(tank, [*parts, owner[done:]])  # type: ignore[no-any-return]


def _group(tank: Tank, found: Found, *groups: Any) -> Any:
    tank.take(len(groups))
    parts = tuple(found.part(each) for each in groups or (0,))
    return parts if len(parts) > 1 else parts[0]


def _groups(tank: Tank, found: Found, default: Any = None) -> tuple[Any, ...]:
    if default is not None:
        text(default)
    tank.take(found.automaton.groups)
    parts = (found.part(each) for each in range(1, found.automaton.groups + 1))
    return tuple(default if each is None else each for each in parts)


def _groupdict(tank: Tank, found: Found) -> dict[str, str | None]:
    tank.take(found.automaton.groups)
    return {name: found.part(number) for name, number in found.automaton.names.items()}


PATTERN: Final[Mapping[str, Callable[..., Any]]] = {
    "search": _search,
    "match": _match,
    "fullmatch": _fullmatch,
    "finditer": _finditer,
    "findall": _findall,
    "sub": _sub,
    "split": _split,
}
FOUND: Final[Mapping[str, Callable[..., Any]]] = {
    "group": _group,
    "groups": _groups,
    "groupdict": _groupdict,
    "span": lambda _tank, found, group=0: found.span(group),
    "start": lambda _tank, found, group=0: found.span(group)[0],
    "end": lambda _tank, found, group=0: found.span(group)[1],
}
"""Methods of patterns and of matches."""
