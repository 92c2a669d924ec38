"""Each word that does something, as a function of the local variables that says how it ended. Knows no values."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ag_mapper.errors import RAISED, BadProgram, Spent
from ag_mapper.parts import BREAK, CONTINUE, GIVE, Frame, Home, Make, Run
from ag_mapper.shortcuts import appended, appended_to, branched, is_empty, stored
from ag_mapper.values import MANY, MOST_KEYS, Tank, key, many, thing, whole
from ag_plan import programs as words
from ag_plan.expressions import Code


def _set(word: words.Store, home: Home) -> Run:
    place = home.place(word.index)
    if (shape := home.beside(word.value)) is not None:
        return stored(shape, place, home.tank)
    wanted = home.value(word.value)

    def run(frame: Frame) -> None:
        frame[place] = wanted(frame)

    return run


def _unpack(word: words.Unpack, home: Home) -> Run:
    places, wanted, tank = [home.place(index) for index in word.indices], home.value(word.value), home.tank

    def run(frame: Frame) -> None:
        _spread(tank, frame, places, wanted(frame))

    return run


def _spread(tank: Tank, frame: Frame, places: Sequence[int], found: Any) -> None:
    things = list(many(tank, found))
    if len(things) != len(places):
        raise ValueError
    for place, each in zip(places, things, strict=True):
        frame[place] = each


def _put(word: words.Put, home: Home) -> Run:
    owner, index, wanted, tank = home.value(word.owner), home.value(word.index), home.value(word.value), home.tank

    def run(frame: Frame) -> None:
        new, one, place = wanted(frame), owner(frame), index(frame)
        if type(one) is list:
            one[whole(place)] = thing(tank, new)
        elif type(one) is dict:
            if len(one) >= MOST_KEYS:
                raise Spent
            one[key(tank, place)] = thing(tank, new)
        else:
            raise TypeError

    return run


def _do(word: words.Do, home: Home) -> Run:
    wanted = home.value(word.value)
    if home.short and (place := appended_to(word.value, home.variables)) is not None:
        return appended(place, home.value(word.value.arguments[0]), wanted, home.tank)  # type: ignore[attr-defined]

    def run(frame: Frame) -> None:
        wanted(frame)

    return run


def _block(word: words.Block, home: Home) -> Run:
    steps = [home.step(each) for each in word.steps]
    if len(steps) == 1:
        return steps[0]

    def run(frame: Frame) -> Any:
        for each in steps:
            end = each(frame)
            if end is not None:
                return end
        return None

    return run


def _branch(word: words.Branch, home: Home) -> Run:
    then, otherwise = home.step(word.then), None if is_empty(word.otherwise) else home.step(word.otherwise)
    if (shape := home.beside(word.condition)) is not None:
        return branched(shape, then, otherwise, home.tank)
    condition = home.value(word.condition)
    if otherwise is None:
        return lambda frame: then(frame) if condition(frame) else None
    return lambda frame: then(frame) if condition(frame) else otherwise(frame)


def _each(word: words.Each, home: Home) -> Run:
    places, values = [home.place(index) for index in word.indices], home.value(word.values)
    body, last, tank, cost = (
        home.step(word.body),
        home.step(word.last),
        home.tank,
        1 + home.count(word.body),
    )
    if not places:
        raise BadProgram("a loop has a variable")
    only = places[0] if len(places) == 1 else None

    def run(frame: Frame) -> Any:
        found = values(frame)
        if type(found) not in MANY:
            raise TypeError
        for each in found:
            tank.left -= cost
            if tank.left < 0:
                raise Spent
            if only is None:
                _spread(tank, frame, places, each)
            else:
                frame[only] = each
            end = body(frame)
            if end is not None and end is not CONTINUE:
                return None if end is BREAK else end
        return last(frame)

    return run


def _while(word: words.While, home: Home) -> Run:
    condition, body, last, tank = home.value(word.condition), home.step(word.body), home.step(word.last), home.tank
    cost = 1 + home.count(word.condition) + home.count(word.body)

    def run(frame: Frame) -> Any:
        while condition(frame):
            tank.left -= cost
            if tank.left < 0:
                raise Spent
            end = body(frame)
            if end is not None and end is not CONTINUE:
                return None if end is BREAK else end
        return last(frame)

    return run


def _stop(word: words.Stop, _home: Home) -> Run:
    end = BREAK if word.kind == "break" else CONTINUE
    return lambda _frame: end


def _give(word: words.Give, home: Home) -> Run:
    wanted = home.value(word.value)

    def run(frame: Frame) -> Any:
        frame[0] = wanted(frame)
        return GIVE

    return run


def _fail(word: words.Fail, _home: Home) -> Run:
    if word.error not in RAISED:
        raise BadProgram("there is no such error")
    error = RAISED[word.error]

    def run(_frame: Frame) -> Any:
        raise error

    return run


def _guard(word: words.Guard, home: Home) -> Run:
    guarded, last = _guarded(word, home), home.step(word.last)
    if is_empty(word.last):
        return guarded

    def run(frame: Frame) -> Any:
        try:
            end = guarded(frame)
        except Exception:  # what a program raises, whatever it is, goes on behind the last step
            ended = last(frame)
            if ended is not None:
                return ended
            raise
        kept = frame[0]
        ended = last(frame)
        if ended is None:
            frame[0] = kept
            return end
        return ended

    return run


def _guarded(word: words.Guard, home: Home) -> Run:
    """The step, its handlers, and what is done where none was needed."""
    if any(name not in RAISED for names in word.errors for name in names):
        raise BadProgram("there is no such error")
    body, otherwise = home.step(word.body), home.step(word.otherwise)
    caught = [tuple(RAISED[name] for name in names) for names in word.errors]
    handlers = [home.step(each) for each in word.handlers]

    def run(frame: Frame) -> Any:
        try:
            end = body(frame)
        except (MemoryError, RecursionError):
            raise Spent from None  # these depend on more than the value: no program may see them
        except Exception as error:  # what no handler takes is raised again
            for kinds, handler in zip(caught, handlers, strict=True):
                if isinstance(error, kinds):
                    return handler(frame)
            raise
        return otherwise(frame) if end is None else end

    return run


STEPS: Final[Mapping[type[Code], Make]] = {
    words.Store: _set,
    words.Unpack: _unpack,
    words.Put: _put,
    words.Do: _do,
    words.Block: _block,
    words.Branch: _branch,
    words.Each: _each,
    words.While: _while,
    words.Stop: _stop,
    words.Give: _give,
    words.Fail: _fail,
    words.Guard: _guard,
}
"""Key, Define and Program are parts of others, and stand for themselves in neither table."""
