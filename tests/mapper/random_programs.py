"""Programs at random, of every word: what a guest may send who has switched its policy off."""

import random
from typing import Any

from ag_mapper.errors import RAISED
from ag_mapper.functions import FUNCTIONS
from ag_mapper.methods import FIELDS, METHODS
from ag_mapper.operators import OPERATIONS, SINGLE
from ag_mapper.patterns import PATTERN
from ag_plan import programs as w
from ag_plan.expressions import Code

SLOTS = 5
PUBLIC = [
    0,
    1,
    -1,
    2,
    7,
    2**61 - 1,
    0.5,
    -0.0,
    1e308,
    True,
    False,
    None,
    "",
    "a",
    "b",
    "abc",
    "aeiou",
    "%d",
    "1",
    "x" * 40,
]
STEPS = [
    ("of", 0, "", 97, 122), ("of", 1, "w"), ("of", 0, "s", 44, 44), ("either", 0, 4), ("either", 5, 1), ("go", 0), ("go", 3), ("mark", 2),
    ("mark", 3), ("at", "begin"), ("at", "edge"), ("at", "last"),
]  # fmt: skip
LAYOUTS = ["", ".2f", ">10", "d", "%Y", "%Y-%m", "03d", "s"]


class Writer:
    """One program after the other, from one seed."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def program(self) -> w.Program:
        first = w.Block(steps=(self.tried(4), self.tried(3), self.tried(3), *_TOLD))
        others = [w.Define(arguments=1, variables=SLOTS, body=self.block(3)) for _ in range(self.draw.randint(0, 2))]
        return w.Program(functions=(w.Define(arguments=1, variables=SLOTS + 1, body=first), *others))

    def tried(self, depth: int) -> Code:
        """Steps that may fail, and the program goes on."""
        body = w.Block(steps=tuple(self.step(depth - 1) for _ in range(self.draw.randint(1, 4))))
        return _caught(body)

    def value(self, depth: int) -> Code:
        makers = _LEAVES if depth <= 0 else _VALUES
        return self.draw.choice(makers)(self, depth - 1)

    def step(self, depth: int) -> Code:
        makers = _LAST if depth <= 0 else _STEPS
        return self.draw.choice(makers)(self, depth - 1)

    def block(self, depth: int) -> Code:
        steps = [self.step(depth - 1) for _ in range(self.draw.randint(1, 5))]
        return w.Block(steps=(*steps, w.Give(value=self.value(2))))

    def slot(self) -> int:
        return self.draw.randrange(SLOTS)

    def public(self) -> Any:
        return self.draw.choice(PUBLIC)

    def several(self, depth: int, most: int = 3) -> tuple[Code, ...]:
        return tuple(self.value(depth) for _ in range(self.draw.randint(0, most)))

    def automaton(self) -> Code:
        return w.Automaton(steps=tuple(self.draw.choice(STEPS) for _ in range(5)), groups=1, names=(("a", 1),))

    def called(self, depth: int) -> Code:
        name = self.draw.choice(list(FUNCTIONS))
        _, fewest, most = FUNCTIONS[name]
        if name == "isinstance":
            return w.Call(function=name, arguments=(self.value(depth), w.Literally(value="str")))
        given = [self.value(depth) for _ in range(self.draw.randint(fewest, min(most, fewest + 2)))]
        if name in ("min", "max", "sorted") and self.draw.random() < 0.3:
            given.append(w.Key(index=self.slot(), value=self.value(depth)))
        return w.Call(function=name, arguments=tuple(given))


def _caught(body: Code) -> Code:
    return w.Guard(body=body, errors=(("Exception",),), handlers=(w.Block(),), otherwise=w.Block(), last=w.Block())


def _told() -> tuple[Code, ...]:
    """All that is in the variables, as one text."""
    told = w.Slot(index=SLOTS)
    steps: list[Code] = [w.Store(index=SLOTS, value=w.Literally(value=""))]
    for index in range(SLOTS):
        one = w.Slot(index=index)
        kinds = tuple(w.Literally(value=kind) for kind in ("list", "tuple", "dict", "set"))
        many = w.Call(function="isinstance", arguments=(one, *kinds))
        size = w.Shown(value=w.Call(function="len", arguments=(one,)))
        text = w.Pick(condition=many, then=size, otherwise=w.Shown(value=one))
        steps.append(
            _caught(w.Store(index=SLOTS, value=w.Call(function="join", arguments=(told, w.Literally(value="|"), text))))
        )
    return (*steps, w.Give(value=told))


_TOLD = _told()
_LEAVES = [
    lambda s, _: w.Literally(value=s.public()),
    lambda s, _: w.Slot(index=s.slot()),
    lambda s, _: w.Slot(index=0),
]
_VALUES = [
    *_LEAVES,
    lambda s, _: w.Moment(micros=s.draw.randrange(-(10**15), 10**16)),
    lambda s, _: w.Items(kind=s.draw.choice(["list", "tuple", "set"]), values=tuple(s.public() for _ in range(3))),
    lambda s, _: w.Table(keys=("a", "b", 1), values=tuple(s.public() for _ in range(3))),
    lambda s, _: s.automaton(),
    lambda s, d: w.Method(name=s.draw.choice(list(PATTERN)), owner=s.automaton(), arguments=s.several(d, 2)),
    lambda s, d: w.Operate(operator=s.draw.choice(list(OPERATIONS)), left=s.value(d), right=s.value(d)),
    lambda s, d: w.Operate(operator="add", left=s.value(d), right=s.value(d)),
    lambda s, d: w.Operate(operator="eq", left=s.value(d), right=s.value(d)),
    lambda s, d: w.Single(operator=s.draw.choice(list(SINGLE)), operand=s.value(d)),
    lambda s, d: w.Junction(operator=s.draw.choice(["and", "or"]), operands=(s.value(d), s.value(d))),
    lambda s, d: w.Pick(condition=s.value(d), then=s.value(d), otherwise=s.value(d)),
    lambda s, d: s.called(d),
    lambda s, d: s.called(d),
    lambda s, d: w.Method(name=s.draw.choice(list(METHODS)), owner=s.value(d), arguments=s.several(d, 2)),
    lambda s, d: w.Method(
        name=s.draw.choice(["append", "add", "split", "get"]), owner=s.value(d), arguments=s.several(d, 2)
    ),
    lambda s, d: w.Field(name=s.draw.choice(list(FIELDS)), owner=s.value(d)),
    lambda s, d: w.Item(owner=s.value(d), index=s.value(d)),
    lambda s, d: w.Cut(owner=s.value(d), start=s.value(0), stop=s.value(0), step=w.Literally(value=None)),
    lambda s, d: w.Collect(kind=s.draw.choice(["list", "tuple", "set"]), items=s.several(d)),
    lambda s, d: w.Collect(kind="dict", items=(s.value(d), s.value(d))),
    lambda s, d: w.Shown(value=s.value(d), layout=s.draw.choice(LAYOUTS)),
    lambda s, d: w.Apply(function=0, arguments=(s.value(d),)),
    lambda s, d: w.After(step=s.step(d), value=s.value(d)),
    lambda s, d: w.Store(index=s.slot(), value=s.value(d)),
]
_LAST = [lambda s, _: w.Store(index=s.slot(), value=w.Slot(index=0)), lambda s, _: w.Do(value=w.Slot(index=0))]
_STEPS = [
    lambda s, d: w.Store(index=s.slot(), value=s.value(d)),
    lambda s, d: w.Store(index=s.slot(), value=s.value(d)),
    lambda s, d: w.Unpack(indices=(s.slot(), s.slot()), value=s.value(d)),
    lambda s, d: w.Put(owner=s.value(d), index=s.value(d), value=s.value(d)),
    lambda s, d: w.Do(value=s.value(d)),
    lambda s, d: w.Branch(condition=s.value(d), then=s.step(d), otherwise=s.step(d)),
    lambda s, d: w.Each(indices=(s.slot(),), values=s.value(d), body=s.step(d), last=w.Block()),
    lambda s, d: w.While(condition=s.value(d), body=s.step(d), last=w.Block()),
    lambda s, _: w.Stop(kind=s.draw.choice(["break", "continue"])),
    lambda s, d: w.Give(value=s.value(d)),
    lambda s, _: w.Fail(error=s.draw.choice(list(RAISED))),
    lambda s, d: w.Guard(
        body=s.step(d),
        errors=(("Exception",),),
        handlers=(s.step(d),),
        otherwise=w.Block(),
        last=s.draw.choice([w.Block(), s.step(d)]),
    ),
]
