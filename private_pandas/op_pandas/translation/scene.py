"""Where a translation is: the facts that hold there, the errors so far, the line for a refusal. Must not know how values combine."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from ag_plan.expressions import Binary, Expression, Unary
from op_pandas.errors import Untranslatable
from op_pandas.translation.source import Source
from op_pandas.translation.words import FALSE, TRUE, Words

MOST_STEPS = 20_000


class Beyond(Exception):
    """A value that Python has and no column can hold, or on which the translation isn't surely the same: it becomes null."""


@dataclass(frozen=True, slots=True)
class Fault:
    """On the rows where the condition holds Python would raise the error."""

    condition: Expression
    error: type[Exception]


class Scene:
    """One translation. ``faults`` are in Python's order: the first that holds is the one that is raised."""

    def __init__(self, source: Source) -> None:
        self.words = Words()
        self.faults: list[Fault] = []
        self.sources = [source]
        self.node: ast.AST = source.node
        self._path: list[Expression] = []
        self._facts: dict[int, bool] = {}
        self._steps = 0

    # Facts ------------------------------------------------------------------------------------------------

    @contextmanager
    def assuming(self, condition: Expression, truth: bool = True) -> Iterator[None]:
        """In here the condition holds (or doesn't)."""
        before = self._facts
        self._facts = dict(before)
        self._learn(condition, truth)
        try:
            yield
        finally:
            self._facts = before

    @contextmanager
    def under(self, condition: Expression, truth: bool = True) -> Iterator[None]:
        """In here the condition holds, and what is evaluated here raises only where it does."""
        self._path.append(condition if truth else self.words.negated(condition))
        try:
            with self.assuming(condition, truth):
                yield
        finally:
            self._path.pop()

    def truth(self, condition: Expression) -> bool | None:
        """Whether the condition is known to hold here; None where rows differ."""
        if condition is TRUE or condition is FALSE:
            return condition is TRUE
        if isinstance(condition, Unary) and condition.operator == "not":
            inner = self.truth(condition.operand)
            return None if inner is None else not inner
        return self._facts.get(id(condition))

    def _learn(self, condition: Expression, truth: bool) -> None:
        self._facts[id(condition)] = truth
        if isinstance(condition, Unary) and condition.operator == "not":
            self._learn(condition.operand, not truth)
        elif isinstance(condition, Binary) and condition.operator == ("and" if truth else "or"):
            self._learn(condition.left, truth)
            self._learn(condition.right, truth)

    @property
    def is_conditional(self) -> bool:
        """Whether what is evaluated here is evaluated on some rows only."""
        return bool(self._path)

    def fault(self, condition: Expression, error: type[Exception]) -> None:
        """On these rows of those that come here Python raises."""
        if self.truth(condition) is False:
            return
        for fact in reversed(self._path):
            condition = self.words.both(fact, condition)
        if condition is not FALSE:
            self.faults.append(Fault(condition, error))

    # Refusals ---------------------------------------------------------------------------------------------

    def step(self, node: ast.AST) -> None:
        """One node more; a translation is bounded."""
        self._steps += 1
        self.node = node
        if self._steps > MOST_STEPS:
            self.refuse("this much work per value", "make the function shorter, or its loops")

    def refuse(self, what: str, instead: str) -> NoReturn:
        """The one sentence: what, where, and what to write instead."""
        raise Untranslatable(
            f"{what} {self.sources[-1].place(self.node)} can't be translated for private values; {instead}"
        )
