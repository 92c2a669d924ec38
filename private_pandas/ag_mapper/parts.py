"""What the words of a program share while they are put together: its variables, its functions, how deep and how large it is.

Knows no word by itself. Nothing of this is seen by a program at work but the tank, which is filled before each value.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ag_mapper.errors import BadProgram
from ag_mapper.shortcuts import Beside, beside
from ag_mapper.values import Tank
from ag_plan.codec import children
from ag_plan.expressions import Code

Frame = list[Any]
"""The local variables of one call, from 1; in the first place its result."""
Run = Callable[[Frame], Any]
Make = Callable[[Any, "Home"], Run]

MOST_DEPTH: Final = 64
"""Words inside each other in one function."""
MOST_CALLS: Final = 48
"""Functions that wait for each other."""

BREAK, CONTINUE, GIVE = object(), object(), object()
"""How a step ends that isn't just over; after ``GIVE`` the result is in the frame's first place."""


@dataclass(slots=True, kw_only=True)
class Home:
    """One program. ``sizes``: arguments and variables of each function; ``costs``: its words; ``calls``: how many wait, in one place."""

    tank: Tank
    values: Mapping[type[Code], Make]
    steps: Mapping[type[Code], Make]
    sizes: Sequence[tuple[int, int]]
    costs: Sequence[int]
    counts: dict[int, int]
    short: bool
    functions: list[Run]
    calls: list[int]
    variables: int = 0
    depth: int = 0

    def value(self, word: Code) -> Run:
        """A word that stands for a value."""
        return self._made(word, self.values, "value")

    def step(self, word: Code) -> Run:
        """A word that does something."""
        return self._made(word, self.steps, "step")

    def _made(self, word: Code, table: Mapping[type[Code], Make], what: str) -> Run:
        make = table.get(type(word))
        if make is None:
            raise BadProgram(f"{type(word).__name__} is no {what}")
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise BadProgram("the program is nested too deeply")
        made = make(word, self)
        self.depth -= 1
        return made

    def place(self, index: int) -> int:
        """Where a variable is in a frame."""
        if not 0 <= index < self.variables:
            raise BadProgram("there is no such variable")
        return index + 1

    def count(self, word: Code) -> int:
        """How many words a part has."""
        return counted(word, self.counts)

    def beside(self, word: Code) -> Beside | None:
        """The word as one of the common shapes that go the short way."""
        return beside(word, self.variables) if self.short else None


def counted(word: Code, counts: dict[int, int]) -> int:
    """How many words a part has, shared ones each time: what it costs to run it once."""
    known = counts.get(id(word))
    if known is None:
        known = counts[id(word)] = 1 + sum(counted(each, counts) for each in children(word))
    return known
