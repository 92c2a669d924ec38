"""Programs as functions of Python: every word becomes one small function of the local variables, by two tables without a default.

Nothing is compiled from text, and nothing that a program makes outlives the call that made it: local variables are a new list in
each call, all else that these functions hold was fixed before the first of them.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from ag_mapper.errors import BadProgram
from ag_mapper.parts import GIVE, Home, Run, counted
from ag_mapper.step_words import STEPS
from ag_mapper.value_words import VALUES
from ag_mapper.values import UNBOUND, Tank
from ag_plan import programs as words
from ag_plan.expressions import Code

MOST_VARIABLES: Final = 1 << 10
MOST_WORDS: Final = 4096
"""Of all functions, shared parts counted each time."""

Program: TypeAlias = Callable[[Sequence[Any]], Any]


def assembled(program: Code, tank: Tank, *, short: bool = True) -> tuple[Program, int]:
    """The program as a function of its arguments, and how many it takes. BadProgram where it has no meaning.

    What the function raises is what the program raises, or Spent. ``short``: common shapes go the short way, which means the same.
    """
    if not isinstance(program, words.Program) or not program.functions:
        raise BadProgram("a program has functions")
    defined = [each for each in program.functions if isinstance(each, words.Define)]
    if len(defined) < len(program.functions):
        raise BadProgram("a program is made of functions")
    sizes = [(each.arguments, each.variables) for each in defined]
    if any(not 0 <= some <= all_ <= MOST_VARIABLES for some, all_ in sizes):
        raise BadProgram(f"a function has up to {MOST_VARIABLES} variables, its arguments among them")
    counts: dict[int, int] = {}
    costs = [counted(each, counts) for each in defined]
    if sum(costs) > MOST_WORDS:
        raise BadProgram(f"a program has up to {MOST_WORDS} words")
    home = Home(
        tank=tank,
        values=VALUES,
        steps=STEPS,
        sizes=sizes,
        costs=costs,
        counts=counts,
        short=short,
        functions=[],
        calls=[0],
    )
    for each in defined:
        home.variables, home.depth = each.variables, 0
        home.functions.append(home.step(each.body))
    return _entry(home.functions[0], *sizes[0]), sizes[0][0]


def _entry(body: Run, arguments: int, variables: int) -> Program:
    empty = [UNBOUND] * (variables - arguments)

    def run(values: Sequence[Any]) -> Any:
        frame = [None, *values, *empty]
        return frame[0] if body(frame) is GIVE else None

    return run
