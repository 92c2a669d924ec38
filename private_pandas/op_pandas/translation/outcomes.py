"""How running statements may end, by row: a tree of conditions whose leaves return, raise, break, or fall through to what comes next.

Must not know syntax.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ag_plan.expressions import Expression
from op_pandas.translation.merging import merge
from op_pandas.translation.scene import Scene
from op_pandas.translation.values import NEVER, NONE, UNBOUND, Value
from op_pandas.translation.words import FALSE, TRUE

Environment: TypeAlias = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Returned:
    """The function gave a value."""

    value: Value


@dataclass(frozen=True, slots=True)
class Raised:
    """The function raised, with these variables at that point."""

    error: type[Exception]
    environment: Environment


@dataclass(frozen=True, slots=True)
class Fell:
    """The statements came to their end."""

    environment: Environment


@dataclass(frozen=True, slots=True)
class Broke:
    """``break``."""

    environment: Environment


@dataclass(frozen=True, slots=True)
class Continued:
    """``continue``."""

    environment: Environment


@dataclass(frozen=True, slots=True)
class Branch:
    """One outcome or the other."""

    condition: Expression
    then: "Outcome"
    otherwise: "Outcome"


Outcome: TypeAlias = Branch | Returned | Raised | Fell | Broke | Continued
Leaf: TypeAlias = Fell | Broke | Continued
MOST_BRANCHES = 3000


def branch(condition: Expression, then: Outcome, otherwise: Outcome) -> Outcome:
    """One outcome or the other; the one where the condition is public."""
    if condition is TRUE or then is otherwise:
        return then
    return otherwise if condition is FALSE else Branch(condition, then, otherwise)


def leaves(tree: Outcome, kind: type[Outcome]) -> int:
    """How many leaves of a kind the tree has."""
    if isinstance(tree, Branch):
        return leaves(tree.then, kind) + leaves(tree.otherwise, kind)
    return int(isinstance(tree, kind))


def graft(scene: Scene, tree: Outcome, kind: type[Leaf], grow: Callable[[Environment], Outcome]) -> Outcome:
    """The tree with its leaves of a kind grown on: together, where there are several and their variables can meet."""
    count = leaves(tree, kind)
    if not count:
        return tree
    if count == 1:
        return replaced(scene, tree, kind, grow)
    reached = _reached(scene, tree, kind)
    environment = _meet(scene, tree, kind)
    with scene.assuming(reached):
        grown = grow(environment)
    return branch(reached, grown, _without(tree, kind))


def replaced(scene: Scene, tree: Outcome, kind: type[Outcome], grow: Callable[[Environment], Outcome]) -> Outcome:
    """The tree with each leaf of a kind grown on by itself, under the conditions that lead there."""
    if isinstance(tree, Branch):
        with scene.assuming(tree.condition):
            then = replaced(scene, tree.then, kind, grow)
        with scene.assuming(tree.condition, truth=False):
            otherwise = replaced(scene, tree.otherwise, kind, grow)
        return branch(tree.condition, then, otherwise)
    if isinstance(tree, kind) and not isinstance(tree, Returned):
        return grow(tree.environment)
    return tree


def _reached(scene: Scene, tree: Outcome, kind: type[Outcome]) -> Expression:
    """Whether a row ends in a leaf of the kind."""
    if isinstance(tree, Branch):
        then, otherwise = _reached(scene, tree.then, kind), _reached(scene, tree.otherwise, kind)
        if otherwise is FALSE:
            return scene.words.both(tree.condition, then)
        if then is FALSE:
            return scene.words.both(scene.words.negated(tree.condition), otherwise)
        return scene.words.choose(tree.condition, then, otherwise)
    return TRUE if isinstance(tree, kind) else FALSE


def _meet(scene: Scene, tree: Outcome, kind: type[Outcome]) -> Environment:
    """The variables on all leaves of the kind, brought together."""
    if isinstance(tree, Branch):
        then, otherwise = _meet(scene, tree.then, kind), _meet(scene, tree.otherwise, kind)
        if not leaves(tree.then, kind) or not leaves(tree.otherwise, kind):
            return otherwise if not leaves(tree.then, kind) else then
        names = dict.fromkeys((*then, *otherwise))
        return {
            name: merge(scene, tree.condition, then.get(name, UNBOUND), otherwise.get(name, UNBOUND)) for name in names
        }
    return tree.environment if isinstance(tree, kind) and not isinstance(tree, Returned) else {}


def _without(tree: Outcome, kind: type[Outcome]) -> Outcome:
    """The tree without its leaves of the kind, which the rows that come here don't reach."""
    if not isinstance(tree, Branch):
        return tree
    if not leaves(tree.then, kind) and not leaves(tree.otherwise, kind):
        return tree
    then, otherwise = _without(tree.then, kind), _without(tree.otherwise, kind)
    if isinstance(then, kind):
        return otherwise
    return then if isinstance(otherwise, kind) else branch(tree.condition, then, otherwise)


def value_of(scene: Scene, tree: Outcome) -> Value:
    """The value that a call gives, its errors noted where they are."""
    if isinstance(tree, Branch):
        with scene.under(tree.condition):
            then = value_of(scene, tree.then)
        with scene.under(tree.condition, truth=False):
            otherwise = value_of(scene, tree.otherwise)
        return merge(scene, tree.condition, then, otherwise)
    if isinstance(tree, Raised):
        scene.fault(TRUE, tree.error)
        return NEVER
    return tree.value if isinstance(tree, Returned) else NONE
