"""Shapes of words that loops are made of, each as one function where the tables would make three or four: they mean the same, sooner.

Knows words and operators; a shape that isn't here, and a value of another type, goes the long way. Tests compare both ways.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ag_mapper.methods import append
from ag_mapper.operators import AT_ONCE, OPERATIONS, Operation
from ag_mapper.values import MOST_ITEMS, MOST_SHORT, SCALARS, SEQUENCES, Tank, sized
from ag_plan import programs as words
from ag_plan.expressions import Code

Run = Callable[[list[Any]], Any]
_EMPTY: Final = words.Block()
_TEXT: Final = frozenset({str})


@dataclass(frozen=True, slots=True)
class Beside:
    """An operator between a local variable and a public value, on the types where it is Python's own."""

    place: int
    known: Any
    apply: Callable[[Any, Any], Any]
    kinds: frozenset[Any]
    operation: Operation


def beside(word: Code, variables: int) -> Beside | None:
    """The shape ``variable operator public value``; None for any other."""
    if not isinstance(word, words.Operate) or not isinstance(word.left, words.Slot):
        return None
    if not 0 <= word.left.index < variables:
        return None
    place, operation = word.left.index + 1, OPERATIONS[word.operator]
    if word.operator == "in" and (known := _found_in(word.right)) is not None:
        return Beside(place, known, _within, _TEXT, operation)
    if word.operator in AT_ONCE and isinstance(word.right, words.Literally):
        apply, kinds = AT_ONCE[word.operator]
        return Beside(place, word.right.value, apply, kinds, operation) if type(word.right.value) in kinds else None
    return None


def _found_in(word: Code) -> Any:
    """A short public text, or a small public set, in which a text is looked for at no cost."""
    if isinstance(word, words.Literally) and isinstance(word.value, str) and len(word.value) <= MOST_SHORT:
        return word.value
    if not isinstance(word, words.Items) or len(word.values) > MOST_SHORT:
        return None
    if all(isinstance(each, str) for each in word.values):
        return frozenset(word.values) if word.kind == "set" else tuple(word.values)
    return None


def _within(one: Any, known: Any) -> bool:
    return bool(one in known)


def valued(found: Beside, tank: Tank) -> Run:
    """The shape as a value."""
    place, known, apply, kinds, operation = found.place, found.known, found.apply, found.kinds, found.operation
    if apply is _within:

        def within(frame: list[Any]) -> Any:
            one = frame[place]
            return one in known if type(one) is str else operation(tank, one, known)

        return within

    def run(frame: list[Any]) -> Any:
        one = frame[place]
        return apply(one, known) if type(one) in kinds else operation(tank, one, known)

    return run


def stored(found: Beside, target: int, tank: Tank) -> Run:
    """The shape put into a variable, as ``n += 1``."""
    place, known, apply, kinds, operation = found.place, found.known, found.apply, found.kinds, found.operation

    def run(frame: list[Any]) -> None:
        one = frame[place]
        frame[target] = apply(one, known) if type(one) in kinds else operation(tank, one, known)

    return run


def branched(found: Beside, then: Run, otherwise: Run | None, tank: Tank) -> Run:
    """The shape as the condition of two steps."""
    place, known, apply, kinds, operation = found.place, found.known, found.apply, found.kinds, found.operation
    if apply is _within and otherwise is None:

        def within(frame: list[Any]) -> Any:
            one = frame[place]
            return then(frame) if (one in known if type(one) is str else operation(tank, one, known)) else None

        return within

    def run(frame: list[Any]) -> Any:
        one = frame[place]
        if apply(one, known) if type(one) in kinds else operation(tank, one, known):
            return then(frame)
        return None if otherwise is None else otherwise(frame)

    return run


def fixed_slice(word: words.Cut) -> slice | None:
    """The part that is cut out of a value where all its ends are whole numbers of the program, or left out."""
    ends = [_end(each) for each in (word.start, word.stop, word.step)]
    return None if any(each is _ELSE for each in ends) else slice(*ends)


_ELSE: Final = object()


def _end(word: Code) -> Any:
    if isinstance(word, words.Single) and word.operator == "neg":
        known = _end(word.operand)
        return -known if type(known) is int else _ELSE
    if isinstance(word, words.Literally) and (word.value is None or type(word.value) is int):
        return word.value
    return _ELSE


def cut(owner: Run, public: slice, tank: Tank) -> Run:
    """A part of a value, whose ends are public."""

    def run(frame: list[Any]) -> Any:
        one = owner(frame)
        if type(one) not in SEQUENCES:
            raise TypeError
        found = one[public]
        return found if len(found) <= MOST_SHORT else sized(tank, found)

    return run


def appended_to(word: Code, variables: int) -> int | None:
    """Where the list lies to which one value is appended: the step that comprehensions are made of. None for any other."""
    if not isinstance(word, words.Method) or word.name != "append" or len(word.arguments) != 1:
        return None
    slot = word.owner
    return slot.index + 1 if isinstance(slot, words.Slot) and 0 <= slot.index < variables else None


def appended(place: int, value: Run, wanted: Run, tank: Tank) -> Run:
    """The same, where a list lies there; ``wanted`` else, which raises what it should."""

    def run(frame: list[Any]) -> None:
        one = frame[place]
        if type(one) is not list:
            wanted(frame)
            return
        new = value(frame)
        if type(new) in SCALARS and len(one) < MOST_ITEMS:
            one.append(new)
        else:
            append(tank, one, new)

    return run


def is_empty(word: Code) -> bool:
    """Whether a step does nothing."""
    return word == _EMPTY
