"""Each word that stands for a value, as a function of the local variables. Knows no steps, but that one may come first."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from ag_mapper.errors import BadProgram, Spent
from ag_mapper.functions import EPOCH, FUNCTIONS, KEYED
from ag_mapper.layouts import shown, usable
from ag_mapper.methods import FIELDS, METHODS
from ag_mapper.operators import AT_ONCE, OPERATIONS, SINGLE
from ag_mapper.parts import GIVE, MOST_CALLS, Frame, Home, Make, Run
from ag_mapper.patterns import Automaton, Found
from ag_mapper.shortcuts import cut, fixed_slice, valued
from ag_mapper.values import (
    DICTS,
    MOST_KEYS,
    SEQUENCES,
    UNBOUND,
    FixedDict,
    FixedList,
    key,
    sized,
    thing,
    whole,
)
from ag_plan import programs as words
from ag_plan.expressions import Code

MOST_TABLE: Final = 10_000
_MOST_COLLISIONS: Final = 40


def _constant(found: Any) -> Run:
    return lambda _frame: found


def _literally(word: words.Literally, _home: Home) -> Run:
    return _constant(word.value)


def _moment(word: words.Moment, _home: Home) -> Run:
    try:
        return _constant(EPOCH + timedelta(microseconds=word.micros))
    except OverflowError:
        raise BadProgram("a point in time lies in the years 1 to 9999") from None


def _distinct(values: Sequence[Any]) -> None:
    """Refuse tables whose keys were chosen to collide."""
    seen: dict[int, int] = {}
    for each in values:
        seen[hash(each)] = seen.get(hash(each), 0) + 1
    if len(values) > MOST_TABLE or max(seen.values(), default=0) > _MOST_COLLISIONS:
        raise BadProgram(f"a table has up to {MOST_TABLE} different values")


def _items(word: words.Items, _home: Home) -> Run:
    _distinct(word.values if word.kind == "set" else ())
    if len(word.values) > MOST_TABLE:
        raise BadProgram(f"a list has up to {MOST_TABLE} values")
    makers: Mapping[str, Callable[[Sequence[Any]], Any]] = {"list": FixedList, "tuple": tuple, "set": frozenset}
    return _constant(makers[word.kind](word.values))


def _table(word: words.Table, _home: Home) -> Run:
    _distinct(word.keys)
    return _constant(FixedDict(zip(word.keys, word.values, strict=True)))


def _automaton(word: words.Automaton, _home: Home) -> Run:
    return _constant(Automaton(word))


def _slot(word: words.Slot, home: Home) -> Run:
    place = home.place(word.index)

    def run(frame: Frame) -> Any:
        found = frame[place]
        if found is UNBOUND:
            raise NameError
        return found

    return run


def _operate(word: words.Operate, home: Home) -> Run:
    if (shape := home.beside(word)) is not None:
        return valued(shape, home.tank)
    left, right, tank, operation = home.value(word.left), home.value(word.right), home.tank, OPERATIONS[word.operator]
    if word.operator not in AT_ONCE:
        return lambda frame: operation(tank, left(frame), right(frame))
    apply, kinds = AT_ONCE[word.operator]
    if isinstance(word.right, words.Literally) and type(word.right.value) in kinds:
        known = word.right.value

        def beside(frame: Frame) -> Any:
            one = left(frame)
            return apply(one, known) if type(one) in kinds else operation(tank, one, known)

        return beside

    def run(frame: Frame) -> Any:
        one, other = left(frame), right(frame)
        return apply(one, other) if type(one) in kinds and type(other) in kinds else operation(tank, one, other)

    return run


def _single(word: words.Single, home: Home) -> Run:
    operand, apply = home.value(word.operand), SINGLE[word.operator]
    return lambda frame: apply(operand(frame))


def _junction(word: words.Junction, home: Home) -> Run:
    operands = [home.value(each) for each in word.operands]
    if not operands:
        raise BadProgram("a junction has operands")
    decides = word.operator == "or"

    def run(frame: Frame) -> Any:
        found = None
        for operand in operands:
            found = operand(frame)
            if bool(found) is decides:
                return found
        return found

    return run


def _pick(word: words.Pick, home: Home) -> Run:
    condition, then, otherwise = home.value(word.condition), home.value(word.then), home.value(word.otherwise)
    return lambda frame: then(frame) if condition(frame) else otherwise(frame)


def _call(word: words.Call, home: Home) -> Run:
    if word.function not in FUNCTIONS:
        raise BadProgram("there is no such function")
    function, fewest, most = FUNCTIONS[word.function]
    given, tank = list(word.arguments), home.tank
    keyed: words.Key | None = None
    if given and isinstance(given[-1], words.Key) and word.function in KEYED:
        keyed = given.pop()  # type: ignore[assignment]
    if not fewest <= len(given) <= most:
        raise BadProgram(f"{word.function} takes {fewest} to {most} arguments")
    if word.function == "isinstance" and not all(isinstance(each, words.Literally) for each in given[1:]):
        raise BadProgram("isinstance asks for kinds by name")
    arguments = [home.value(each) for each in given]
    if keyed is not None:
        return _by(function, arguments, keyed, home)
    if len(arguments) == 1:
        only = arguments[0]
        return lambda frame: function(tank, only(frame))
    return lambda frame: function(tank, *[each(frame) for each in arguments])


def _by(function: Callable[..., Any], arguments: list[Run], word: words.Key, home: Home) -> Run:
    place, wanted, tank, cost = (
        home.place(word.index),
        home.value(word.value),
        home.tank,
        home.count(word.value),
    )

    def run(frame: Frame) -> Any:
        def by(each: Any) -> Any:
            tank.take(cost)
            frame[place] = each
            return wanted(frame)

        return function(tank, *[each(frame) for each in arguments], by=by)

    return run


def _method(word: words.Method, home: Home) -> Run:
    if word.name not in METHODS:
        raise BadProgram("there is no such method")
    table, owner, tank = METHODS[word.name], home.value(word.owner), home.tank
    arguments = [home.value(each) for each in word.arguments]
    if len(arguments) == 1:
        return _method_of_one(table, owner, arguments[0], home)

    def run(frame: Frame) -> Any:
        one = owner(frame)
        method = table.get(type(one))
        if method is None:
            raise AttributeError
        return method(tank, one, *[each(frame) for each in arguments])

    return run


def _method_of_one(table: Mapping[type, Callable[..., Any]], owner: Run, argument: Run, home: Home) -> Run:
    tank = home.tank

    def run(frame: Frame) -> Any:
        one = owner(frame)
        method = table.get(type(one))
        if method is None:
            raise AttributeError
        return method(tank, one, argument(frame))

    return run


def _field(word: words.Field, home: Home) -> Run:
    if word.name not in FIELDS:
        raise BadProgram("there is no such field")
    table, owner = FIELDS[word.name], home.value(word.owner)

    def run(frame: Frame) -> Any:
        one = owner(frame)
        field = table.get(type(one))
        if field is None:
            raise AttributeError
        return field(one)

    return run


def _item(word: words.Item, home: Home) -> Run:
    owner, index, tank = home.value(word.owner), home.value(word.index), home.tank

    def run(frame: Frame) -> Any:
        one, place = owner(frame), index(frame)
        if type(one) in DICTS:
            return one[key(tank, place)]
        if type(one) in SEQUENCES or type(one) is range:
            return one[whole(place)]
        if type(one) is Found:
            return one.part(place)
        raise TypeError

    return run


def _cut(word: words.Cut, home: Home) -> Run:
    owner, tank = home.value(word.owner), home.tank
    ends = [home.value(each) for each in (word.start, word.stop, word.step)]
    public = fixed_slice(word) if home.short else None
    if public is not None:
        return cut(owner, public, tank)

    def run(frame: Frame) -> Any:
        one = owner(frame)
        if type(one) not in SEQUENCES:
            raise TypeError
        start, stop, by = (None if (end := each(frame)) is None else whole(end) for each in ends)
        return sized(tank, one[start:stop:by])

    return run


def _collect(word: words.Collect, home: Home) -> Run:
    parts, tank = [home.value(each) for each in word.items], home.tank
    if word.kind == "list":
        return lambda frame: sized(tank, [thing(tank, part(frame)) for part in parts])
    if word.kind == "tuple":
        return lambda frame: tuple([thing(tank, part(frame)) for part in parts])
    if word.kind == "set":
        return lambda frame: sized(tank, {key(tank, part(frame)) for part in parts}, MOST_KEYS)
    if len(parts) % 2:
        raise BadProgram("a dict has a value for each key")
    pairs = list(zip(parts[::2], parts[1::2], strict=True))
    return lambda frame: sized(
        tank, {key(tank, one(frame)): thing(tank, other(frame)) for one, other in pairs}, MOST_KEYS
    )


def _shown(word: words.Shown, home: Home) -> Run:
    if not usable(word.layout):
        raise BadProgram("the layout of a value in a text is a short one of Python's")
    operand, layout, tank = home.value(word.value), word.layout, home.tank
    return lambda frame: shown(tank, operand(frame), layout)


def _apply(word: words.Apply, home: Home) -> Run:
    if not 0 <= word.function < len(home.sizes):
        raise BadProgram("there is no such function")
    takes, variables = home.sizes[word.function]
    if takes != len(word.arguments):
        raise BadProgram("a function gets its arguments")
    arguments, empty = [home.value(each) for each in word.arguments], [UNBOUND] * (variables - takes)
    functions, calls, tank, number = home.functions, home.calls, home.tank, word.function
    cost = home.costs[number] + (variables >> 4)

    def run(frame: Frame) -> Any:
        inner = [None, *[each(frame) for each in arguments], *empty]
        tank.take(cost)
        if calls[0] >= MOST_CALLS:
            raise Spent
        calls[0] += 1
        try:
            return inner[0] if functions[number](inner) is GIVE else None
        finally:
            calls[0] -= 1

    return run


def _after(word: words.After, home: Home) -> Run:
    before, wanted = home.step(word.step), home.value(word.value)

    def run(frame: Frame) -> Any:
        if before(frame) is not None:
            raise Spent
        return wanted(frame)

    return run


def _store(word: words.Store, home: Home) -> Run:
    place, wanted = home.place(word.index), home.value(word.value)

    def run(frame: Frame) -> Any:
        found = frame[place] = wanted(frame)
        return found

    return run


VALUES: Final[Mapping[type[Code], Make]] = {
    words.Literally: _literally,
    words.Moment: _moment,
    words.Items: _items,
    words.Table: _table,
    words.Automaton: _automaton,
    words.Slot: _slot,
    words.Operate: _operate,
    words.Single: _single,
    words.Junction: _junction,
    words.Pick: _pick,
    words.Call: _call,
    words.Method: _method,
    words.Field: _field,
    words.Item: _item,
    words.Cut: _cut,
    words.Collect: _collect,
    words.Shown: _shown,
    words.Apply: _apply,
    words.After: _after,
    words.Store: _store,
}
