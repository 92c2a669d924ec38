"""Programs: inert words for a function of one row's values, step by step, where no column expression says it. No word knows how it is run.

There is no word for a variable that outlives a call, for a clock, for chance, for a place in memory, or for anything outside of the
function: a program can't say what would make its result depend on more than its arguments.
"""

from typing import Literal

from ag_plan.expressions import Code, Scalar, check_scalar

Operator = Literal[
    "add", "sub", "mul", "div", "floordiv", "mod", "pow", "bit_and", "bit_or", "bit_xor", "left", "right",
    "eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "is", "is_not",
]  # fmt: skip
SingleOperator = Literal["neg", "pos", "not", "invert"]
Kind = Literal["list", "tuple", "set", "dict"]


Plain = Scalar | tuple[Scalar, ...]
"""What a list or dict may hold: a scalar, or a tuple of them."""


def _check(values: tuple[Plain, ...]) -> None:
    for value in values:
        for each in value if isinstance(value, tuple) else (value,):
            check_scalar(each)


# Values ---------------------------------------------------------------------------------------------------


class Literally(Code, frozen=True, kw_only=True, tag="literally"):
    """A public value."""

    value: Scalar

    def __post_init__(self) -> None:
        check_scalar(self.value)


class Moment(Code, frozen=True, kw_only=True, tag="moment"):
    """A public point in time, in microseconds since 1970-01-01."""

    micros: int

    def __post_init__(self) -> None:
        check_scalar(self.micros)


class Items(Code, frozen=True, kw_only=True, tag="items"):
    """A public list, tuple or set that nothing can change."""

    kind: Literal["list", "tuple", "set"]
    values: tuple[Plain, ...]

    def __post_init__(self) -> None:
        _check(self.values)


class Table(Code, frozen=True, kw_only=True, tag="table"):
    """A public dict that nothing can change: ``values[i]`` for ``keys[i]``."""

    keys: tuple[Plain, ...]
    values: tuple[Plain, ...]

    def __post_init__(self) -> None:
        if len(self.keys) != len(self.values):
            raise ValueError("a table needs one value per key")
        _check((*self.keys, *self.values))


class Automaton(Code, frozen=True, kw_only=True, tag="automaton"):
    """A public pattern, as the steps of what looks for it, each a name and its arguments; it is there when no step is left.

    ``of negated categories low high …``: one character. ``either a b``: go on at step a, or else at b. ``go a``. ``mark n``: the start (2g) or end
    (2g + 1) of group g. ``at place``: nothing but a place. ``groups``: how many; ``names``: of some of them.
    """

    steps: tuple[tuple[str | int, ...], ...]
    groups: int = 0
    names: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if not all(step and isinstance(step[0], str) for step in self.steps):
            raise ValueError("a step of a pattern has a name")


class Slot(Code, frozen=True, kw_only=True, tag="slot"):
    """The value of a local variable, by number; arguments come first."""

    index: int


class Operate(Code, frozen=True, kw_only=True, tag="operate"):
    """An operator between two values, as in Python."""

    operator: Operator
    left: Code
    right: Code


class Single(Code, frozen=True, kw_only=True, tag="single"):
    """An operator before a value."""

    operator: SingleOperator
    operand: Code


class Junction(Code, frozen=True, kw_only=True, tag="junction"):
    """The first operand that decides, or the last one."""

    operator: Literal["and", "or"]
    operands: tuple[Code, ...]


class Pick(Code, frozen=True, kw_only=True, tag="pick"):
    """One of two values."""

    condition: Code
    then: Code
    otherwise: Code


class Call(Code, frozen=True, kw_only=True, tag="call"):
    """A function of the table in ``ag_mapper/functions.py``, by name."""

    function: str
    arguments: tuple[Code, ...] = ()


class Key(Code, frozen=True, kw_only=True, tag="key"):
    """What things are compared by, as an argument of sorted, min or max: the thing is in the variable, the value is what counts."""

    index: int
    value: Code


class Method(Code, frozen=True, kw_only=True, tag="method"):
    """A method of the table in ``ag_mapper/methods.py``, by name."""

    name: str
    owner: Code
    arguments: tuple[Code, ...] = ()


class Field(Code, frozen=True, kw_only=True, tag="field"):
    """A field of a point in time or a span of it."""

    name: str
    owner: Code


class Item(Code, frozen=True, kw_only=True, tag="item"):
    """``owner[index]``."""

    owner: Code
    index: Code


class Cut(Code, frozen=True, kw_only=True, tag="cut"):
    """``owner[start:stop:step]``."""

    owner: Code
    start: Code
    stop: Code
    step: Code


class Collect(Code, frozen=True, kw_only=True, tag="collect"):
    """A new list, tuple, set or dict; of a dict keys and values in turn."""

    kind: Kind
    items: tuple[Code, ...]


class Shown(Code, frozen=True, kw_only=True, tag="shown"):
    """A value as text in a layout, as in an f-string."""

    value: Code
    layout: str = ""


class Apply(Code, frozen=True, kw_only=True, tag="apply"):
    """A function of the program, by number."""

    function: int
    arguments: tuple[Code, ...]


class After(Code, frozen=True, kw_only=True, tag="after"):
    """A value, after a step."""

    step: Code
    value: Code


# Steps ----------------------------------------------------------------------------------------------------


class Store(Code, frozen=True, kw_only=True, tag="store"):
    """Put a value into a local variable; the value itself, where one is asked for."""

    index: int
    value: Code


class Unpack(Code, frozen=True, kw_only=True, tag="unpack"):
    """Put the things in a value into as many variables."""

    indices: tuple[int, ...]
    value: Code


class Put(Code, frozen=True, kw_only=True, tag="put"):
    """``owner[index] = value``, on what this call has made itself."""

    owner: Code
    index: Code
    value: Code


class Do(Code, frozen=True, kw_only=True, tag="do"):
    """A value that nobody wants, but for what it does to a list, set or dict of this call."""

    value: Code


class Block(Code, frozen=True, kw_only=True, tag="block"):
    """Steps, one after the other."""

    steps: tuple[Code, ...] = ()


class Branch(Code, frozen=True, kw_only=True, tag="branch"):
    """One of two steps."""

    condition: Code
    then: Code
    otherwise: Code


class Each(Code, frozen=True, kw_only=True, tag="each"):
    """A step for each thing in a value, in one variable, or taken apart into several; then the last, unless it was stopped."""

    indices: tuple[int, ...]
    values: Code
    body: Code
    last: Code


class While(Code, frozen=True, kw_only=True, tag="while"):
    """A step for as long as a condition holds; then the last, unless it was stopped."""

    condition: Code
    body: Code
    last: Code


class Stop(Code, frozen=True, kw_only=True, tag="stop"):
    """Leave the loop, or go on with its next round."""

    kind: Literal["break", "continue"]


class Give(Code, frozen=True, kw_only=True, tag="give"):
    """The function's result."""

    value: Code


class Fail(Code, frozen=True, kw_only=True, tag="fail"):
    """Raise a built-in error, by name."""

    error: str


class Guard(Code, frozen=True, kw_only=True, tag="guard"):
    """A step; where it raises one of ``errors[i]``, ``handlers[i]``; where it raises none, ``otherwise``; ``last`` in any case."""

    body: Code
    errors: tuple[tuple[str, ...], ...]
    handlers: tuple[Code, ...]
    otherwise: Code
    last: Code

    def __post_init__(self) -> None:
        if len(self.errors) != len(self.handlers):
            raise ValueError("a guard needs one handler per group of errors")


# The whole ------------------------------------------------------------------------------------------------


class Define(Code, frozen=True, kw_only=True, tag="define"):
    """A function: so many arguments, so many local variables with them, and what it does."""

    arguments: int
    variables: int
    body: Code


class Program(Code, frozen=True, kw_only=True, tag="program"):
    """Functions, the first of which is asked."""

    functions: tuple[Code, ...]


PROGRAMS: tuple[type[Code], ...] = (
    Literally, Moment, Items, Table, Automaton, Slot, Operate, Single, Junction, Pick, Call, Key, Method, Field, Item, Cut, Collect,
    Shown, Apply, After, Store, Unpack, Put, Do, Block, Branch, Each, While, Stop, Give, Fail, Guard, Define, Program,
)  # fmt: skip
