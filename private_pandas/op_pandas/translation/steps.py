"""One step on a value that is written here and not by an analyst: what the accessors ``.str`` and ``.dt`` are made of.

Must not know series. A step goes where a function goes, and is never called either.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from op_pandas.translation.access import attribute, call_method
from op_pandas.translation.merging import spread, typed
from op_pandas.translation.moments import read, thursday
from op_pandas.translation.patterns import group_of, searched
from op_pandas.translation.scene import Scene
from op_pandas.translation.texts import length
from op_pandas.translation.truth import contains, truth
from op_pandas.translation.values import NEVER, Found, Known, Typed, Value


@dataclass(frozen=True, slots=True)
class Step:
    """What is done to a value, and what refusals call it."""

    called: str
    work: Callable[[Scene, Value], Value]

    @property
    def __name__(self) -> str:
        """What refusals call it, as a function's name."""
        return self.called

    def __call__(self, _: object) -> NoReturn:
        """Steps are read, never run."""
        raise TypeError("a step is not called")


def method(name: str, given: Sequence[Any] = ()) -> Step:
    """``x.name(…)`` with public arguments."""
    known = [Known(each) for each in given]
    return Step(
        name, lambda scene, value: spread(scene, lambda at, owner: call_method(at, owner, name, known, {}), value)
    )


def field(name: str) -> Step:
    """``x.name``."""
    return Step(name, lambda scene, value: attribute(scene, value, name))


def week_year() -> Step:
    """The year that a point's week counts to."""

    def work(scene: Scene, owner: Value) -> Value:
        moment = typed(scene, owner)
        return NEVER if moment is None else attribute(scene, thursday(scene, moment), "year")

    return Step("isocalendar", lambda scene, value: spread(scene, work, value))


def measured() -> Step:
    """``len(x)`` of a text."""

    def work(scene: Scene, owner: Value) -> Value:
        text = typed(scene, owner)
        return NEVER if text is None else length(scene, text.expression)

    return Step("len", lambda scene, value: spread(scene, work, value))


def moment(layout: str) -> Step:
    """The point in time that a text says in a layout; missing where it says none."""
    return Step("to_datetime", lambda scene, value: read(scene, value, layout, missing=True))


def holds(needle: str) -> Step:
    """``needle in x``."""
    return Step("contains", lambda scene, value: contains(scene, Known(needle), value))


def extracted(pattern: str, flags: int, group: int) -> Step:
    """``re.search(pattern, x).group(group)``; missing where it isn't found."""

    def work(scene: Scene, match: Value) -> Value:
        return group_of(scene, match, group) if isinstance(match, Found) else NEVER

    return Step("extract", lambda scene, value: spread(scene, work, searched(scene, "search", pattern, value, flags)))


def found(how: str, pattern: str, flags: int) -> Step:
    """Whether a pattern is found: ``search``, ``match`` or ``fullmatch``."""
    return Step(how, lambda scene, value: Typed("bool", truth(scene, searched(scene, how, pattern, value, flags))))
