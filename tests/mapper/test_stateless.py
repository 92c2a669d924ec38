"""Whatever a program says, a value's result is the same alone, first, last, among others, and on a machine that has run for long."""

import time
from typing import Any

import pytest

from ag_mapper.errors import BadProgram
from ag_mapper.functions import FUNCTIONS
from ag_mapper.machine import Machine
from ag_mapper.methods import FIELDS, METHODS
from ag_mapper.step_words import STEPS
from ag_mapper.value_words import VALUES
from ag_plan import programs as w
from ag_plan.codec import decode_plan, encode_plan
from ag_plan.expressions import Code
from op_pandas.programs import known, patterns
from tests.mapper.random_programs import Writer

TEXTS: list[Any] = ["", "a", "banana", "1,2", "été", None, "x" * 300, "a"]
FLOATS: list[Any] = [0.0, 1.5, -2.0, None, 1e300, 7.0, 0.0]
PROGRAMS = 300


def alike(one: list[Any], other: list[Any]) -> bool:
    return repr(one) == repr(other)


@pytest.mark.parametrize(("of", "values"), [("str", TEXTS), ("float", FLOATS)])
def test_no_program_tells_a_value_of_another(of: str, values: list[Any]) -> None:
    kind = "str"
    writer = Writer(seed=len(of))
    rows = [(value,) for value in values]
    given = 0
    for _ in range(PROGRAMS):
        program = writer.program()
        try:
            machine = Machine(program, [of], kind)
        except BadProgram:
            continue
        together = machine.results(rows)
        given += any(each is not None for each in together)
        assert alike(machine.results(rows[::-1])[::-1], together)
        assert alike([Machine(program, [of], kind).results([row])[0] for row in rows], together)
        assert alike(machine.results(rows[3:5]), together[3:5])
        assert alike(Machine(program, [of], kind, short=False).results(rows), together)
    assert given > PROGRAMS / 3  # else nothing was tried


def test_every_word_is_a_value_a_step_or_a_part_and_survives_the_plan() -> None:
    parts = {w.Key, w.Define, w.Program}
    assert set(VALUES) | set(STEPS) | parts == set(w.PROGRAMS)
    assert parts.isdisjoint({*VALUES, *STEPS})
    assert set(VALUES) & set(STEPS) == {w.Store}
    writer = Writer(seed=3)
    for _ in range(100):
        program = writer.program()
        assert decode_plan(encode_plan(program), Code) == program


def test_the_guest_names_nothing_that_isnt_there() -> None:
    assert set(METHODS) >= known.METHODS
    assert set(FIELDS) >= known.FIELDS
    assert set(known.FUNCTIONS.values()) <= set(FUNCTIONS)


def program(body: Code, *more: Code) -> w.Program:
    return w.Program(functions=(w.Define(arguments=1, variables=6, body=body), *more))


def slot(index: int) -> Code:
    return w.Slot(index=index)


def literally(value: Any) -> Code:
    return w.Literally(value=value)


def automaton(pattern: str) -> Code:
    return patterns.automaton(pattern)


def forever(body: Code) -> Code:
    return w.While(condition=literally(True), body=body, last=w.Block())


def add(left: Code, right: Code) -> Code:
    return w.Operate(operator="add", left=left, right=right)


def method(name: str, owner: Code, *arguments: Code) -> Code:
    return w.Do(value=w.Method(name=name, owner=owner, arguments=arguments))


def after(*steps: Code) -> Code:
    return w.Block(steps=steps)


def times(letter: str, count: int) -> Code:
    return w.Operate(operator="mul", left=literally(letter), right=literally(count))


def number(digit: str, digits: int) -> Code:
    return w.Call(function="int", arguments=(times(digit, digits), literally(32)))


SLOW: dict[str, w.Program] = {
    "an endless loop": program(forever(w.Block())),
    "endless recursion": program(w.Give(value=w.Apply(function=0, arguments=(slot(0),)))),
    "calls that double": program(
        w.Give(value=add(w.Apply(function=1, arguments=(slot(0),)), w.Apply(function=1, arguments=(slot(0),)))),
        *(
            w.Define(
                arguments=1,
                variables=1,
                body=w.Give(
                    value=add(
                        w.Apply(function=min(i + 1, 40), arguments=(slot(0),)), w.Apply(function=min(i + 1, 40), arguments=(slot(0),))
                    )
                ),
            )
            for i in range(1, 40)
        ),
        w.Define(arguments=1, variables=1, body=w.Give(value=literally(1))),
    ),
    "a text that doubles": program(after(w.Store(index=1, value=literally("ab")), forever(w.Store(index=1, value=add(slot(1), slot(1)))))),
    "a number that doubles": program(
        after(w.Store(index=1, value=literally(3)), forever(w.Store(index=1, value=w.Operate(operator="mul", left=slot(1), right=slot(1)))))
    ),
    "a power of a power": program(
        w.Give(value=w.Operate(operator="pow", left=literally(10), right=w.Operate(operator="pow", left=literally(10), right=literally(9))))
    ),
    "a list that grows": program(
        after(
            w.Store(index=1, value=w.Collect(kind="list", items=())),
            forever(method("append", slot(1), literally("x" * 99))),
        )
    ),
    "a list that grows while it is gone through": program(
        after(
            w.Store(index=1, value=w.Collect(kind="list", items=(literally(1),))),
            w.Each(indices=(2,), values=slot(1), body=method("append", slot(1), slot(2)), last=w.Block()),
        )
    ),
    "a list of a long range": program(
        w.Give(value=w.Call(function="list", arguments=(w.Call(function="range", arguments=(literally(10**12),)),)))
    ),
    "the sum of a long range": program(
        w.Give(value=w.Call(function="sum", arguments=(w.Call(function="range", arguments=(literally(10**12),)),)))
    ),
    "long ranges that are searched": program(
        forever(
            w.Do(
                value=w.Operate(
                    operator="in", left=literally(0.5), right=w.Call(function="range", arguments=(literally(2**60),))
                )
            )
        )
    ),
    "a wide layout": program(w.Give(value=w.Call(function="len", arguments=(w.Method(name="ljust", owner=literally("a"), arguments=(literally(10**10),)),)))),
    "a sorted list, again and again": program(
        after(
            w.Store(index=1, value=w.Call(function="list", arguments=(w.Call(function="range", arguments=(literally(8000),)),))),
            forever(w.Do(value=w.Call(function="sorted", arguments=(slot(1),)))),
        )
    ),
    "texts that are searched": program(
        after(
            w.Store(index=1, value=w.Operate(operator="mul", left=literally("a"), right=literally(8000))),
            w.Store(index=2, value=w.Operate(operator="mul", left=literally("a"), right=literally(4000))),
            w.Store(index=2, value=add(slot(2), literally("b"))),
            forever(method("count", slot(1), slot(2))),
        )
    ),
    "keys that collide": program(
        after(
            w.Store(index=1, value=w.Collect(kind="dict", items=())),
            w.Each(
                indices=(2,),
                values=w.Call(function="range", arguments=(literally(1000),)),
                body=w.Put(
                    owner=slot(1), index=w.Operate(operator="mul", left=slot(2), right=literally(2**61 - 1)), value=literally(1)
                ),
                last=w.Block(),
            ),
            forever(method("get", slot(1), literally(0))),
        )
    ),
    "a remainder of numbers read from long texts": program(
        after(
            w.Store(index=1, value=number("v", 8000)),
            w.Store(index=2, value=number("u", 4000)),
            forever(w.Do(value=w.Operate(operator="mod", left=slot(1), right=slot(2)))),
        )
    ),
    "long numbers written": program(
        after(w.Store(index=1, value=number("v", 2800)), forever(w.Do(value=w.Call(function="str", arguments=(slot(1),)))))
    ),
    "long texts read as numbers": program(
        after(w.Store(index=1, value=times("9", 4300)), forever(w.Do(value=w.Call(function="int", arguments=(slot(1),)))))
    ),
    "many marks stripped": program(
        after(
            w.Store(index=1, value=times("\U0001f600", 8192)),
            w.Store(index=2, value=add(times("\U0001f601", 8000), literally("\U0001f600"))),
            forever(method("strip", slot(1), slot(2))),
        )
    ),
    "sets joined, again and again": program(
        after(
            w.Store(index=1, value=w.Call(function="set", arguments=(w.Call(function="range", arguments=(literally(1000),)),))),
            forever(method("union", slot(1), slot(1))),
        )
    ),
    "a pattern that doubles its ways": program(
        after(
            w.Store(index=1, value=times("a", 8000)),
            forever(method("search", automaton(r"(?:(?:a|aa)+)+b"), slot(1))),
        )
    ),
    "many wide classes and groups": program(
        after(
            w.Store(index=1, value=times("\u00e9", 8000)),
            forever(method("findall", automaton("(" * 20 + "[" + "".join(map(chr, range(300, 500, 2))) + r"\w]" + ")" * 20 + "+?!"), slot(1))),
        )
    ),
    "a replacement that grows": program(
        after(
            w.Store(index=1, value=times("a", 8000)),
            forever(method("sub", automaton(""), w.Items(kind="tuple", values=("x" * 8000,)), slot(1))),
        )
    ),
    "a handler that catches its own end": program(
        forever(w.Guard(body=forever(w.Block()), errors=(("Exception",),), handlers=(w.Block(),), otherwise=w.Block(), last=w.Block()))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SLOW)
def test_one_value_takes_a_bounded_share_and_its_neighbours_theirs(name: str) -> None:
    machine = Machine(SLOW[name], ["str"], "int")
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        assert machine.results([("a",)]) == [None]
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.1


def test_a_value_that_takes_too_long_costs_the_others_nothing() -> None:
    slow = w.Operate(operator="eq", left=slot(0), right=literally("target"))
    body = after(w.Branch(condition=slow, then=forever(w.Block()), otherwise=w.Block()), w.Give(value=literally(1)))
    machine = Machine(program(body), ["str"], "int")
    assert machine.results([("a",), ("target",), ("b",)]) == [1, None, 1]


WRONG: dict[str, Code] = {
    "no function": w.Program(functions=()),
    "no program": w.Block(),
    "no such variable": program(w.Give(value=slot(6))),
    "no such function": program(w.Give(value=w.Call(function="open"))),
    "no such method": program(w.Give(value=w.Method(name="__class__", owner=slot(0)))),
    "no such field": program(w.Give(value=w.Field(name="__class__", owner=slot(0)))),
    "no such error": program(w.Fail(error="SystemExit")),
    "an error that ends more than a value": program(
        w.Guard(body=w.Block(), errors=(("BaseException",),), handlers=(w.Block(),), otherwise=w.Block(), last=w.Block())
    ),
    "a function that isn't there": program(w.Give(value=w.Apply(function=4, arguments=()))),
    "a step for a value": program(w.Give(value=w.Block())),
    "a value for a step": program(slot(0)),
    "a layout without end": program(w.Give(value=w.Shown(value=slot(0), layout="1000000000d"))),
    "a key by itself": program(w.Give(value=w.Key(index=0, value=slot(0)))),
    "more variables than there may be": w.Program(functions=(w.Define(arguments=1, variables=10**9, body=w.Block()),)),
    "a pattern's step that isn't there": program(w.Give(value=w.Automaton(steps=(("go", 2),)))),
    "a pattern's group that isn't there": program(w.Give(value=w.Automaton(steps=(("mark", 2),)))),
    "a pattern's class of half a range": program(w.Give(value=w.Automaton(steps=(("of", 0, "", 7),)))),
    "a pattern's category that isn't there": program(w.Give(value=w.Automaton(steps=(("of", 0, "x"),)))),
    "a pattern of too many steps": program(w.Give(value=w.Automaton(steps=(("go", 0),) * 1001))),
    "too much of it": program(after(*(after(*(w.Do(value=slot(0)) for _ in range(50))) for _ in range(50)))),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_program_without_a_meaning_is_refused_before_it_is_run(name: str) -> None:
    with pytest.raises(BadProgram):
        Machine(WRONG[name], ["str"], "int")


def test_a_deep_program_is_refused() -> None:
    body: Code = slot(0)
    for _ in range(70):
        body = w.Single(operator="neg", operand=body)
    with pytest.raises(BadProgram, match="deeply"):
        Machine(program(w.Give(value=body)), ["str"], "int")
    with pytest.raises(BadProgram, match="as many values"):
        Machine(program(w.Give(value=slot(0))), ["str", "str"], "int")


def test_a_public_list_that_a_call_could_change_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = program(
        after(
            w.Store(index=1, value=w.Items(kind="list", values=(1,))),
            method("append", slot(1), literally(1)),
            w.Give(value=w.Call(function="len", arguments=(slot(1),))),
        )
    )
    assert Machine(counting, ["str"], "int").results([("a",), ("b",)]) == [None, None]
    monkeypatch.setattr("ag_mapper.value_words.FixedList", list)
    assert Machine(counting, ["str"], "int").results([("a",), ("b",)]) == [2, 3]


@pytest.mark.parametrize("ends", [(None, None, -1), (1, -1, None), (None, 9000, 2), (None, None, 0), (0, 2.5, None)])
def test_parts_appended_to_a_list_mean_the_same_the_short_way(ends: tuple[Any, ...]) -> None:
    """As in comprehensions: plain parts of short and long texts, of lists, and of what has no parts; also beyond a list's most."""
    start, stop, step = (
        w.Single(operator="neg", operand=literally(-end)) if type(end) is int and end < 0 else literally(end)
        for end in ends
    )
    words = w.Method(name="split", owner=slot(0), arguments=(literally("a"),))
    joined = w.Method(name="join", owner=literally("-"), arguments=(slot(1),))
    length = w.Call(function="len", arguments=(slot(1),))
    handler = w.Give(value=w.Call(function="str", arguments=(length,)))
    told = w.Guard(
        body=w.Give(value=joined), errors=(("Exception",),), handlers=(handler,), otherwise=w.Block(), last=w.Block()
    )
    results = []
    for owner in (
        slot(0),
        slot(2),
        w.Collect(kind="list", items=(slot(0),)),
        w.Collect(kind="tuple", items=(slot(0),)),
    ):
        for many in (words, w.Call(function="range", arguments=(literally(1000),))):
            part = w.Cut(owner=owner, start=start, stop=stop, step=step)
            loop = w.Each(indices=(2,), values=many, body=method("append", slot(1), part), last=w.Block())
            whole = program(after(w.Store(index=1, value=w.Collect(kind="list", items=())), loop, told))
            rows = [(value,) for value in TEXTS]
            results.append(Machine(whole, ["str"], "str").results(rows))
            assert alike(results[-1], Machine(whole, ["str"], "str", short=False).results(rows))
    assert any(each is not None for found in results for each in found) == (0 not in ends and 2.5 not in ends)


def test_nothing_has_a_place_that_follows_from_its_address() -> None:
    nan = w.Call(function="float", arguments=(literally("nan"),))
    pair = w.Collect(kind="tuple", items=(nan, literally(1)))
    for thing in (nan, pair):
        for kept in (
            w.Call(function="len", arguments=(w.Collect(kind="set", items=(thing, literally(1))),)),
            w.Call(function="len", arguments=(w.Collect(kind="dict", items=(thing, literally(1))),)),
            w.Call(
                function="len", arguments=(w.Call(function="set", arguments=(w.Collect(kind="list", items=(thing,)),)),)
            ),
            w.Operate(operator="in", left=thing, right=w.Collect(kind="set", items=(literally(1),))),
        ):
            assert Machine(program(w.Give(value=kept)), ["str"], "int").results([("a",)]) == [None]
