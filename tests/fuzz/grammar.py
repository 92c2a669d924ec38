"""Plans out of the vocabulary itself: every word, every field, values from its declared type and its edges. No meaning, so any may be nonsense."""

import random
import types
import typing
from fractions import Fraction
from typing import Any

import msgspec

from ag_plan.expressions import EXPRESSIONS, Code, Column, Expression
from ag_plan.programs import PROGRAMS, Literally, Program
from ag_plan.relations import RELATIONS, Relation, Source
from ag_plan.releases import MEASURES, Epsilon, GroupKey, Release

NAMES = ("age", "height", "sex", "smokes", "seen", "x", "", "no such column", 'a"b', "\ud800", "é" * 40)
TEXTS = ("f", "m", "", "a", "%", "[a-z]+", "(", "\x00", "\ud800", "x" * 300, "2020-01-01")
NUMBERS = (0, 1, -1, 2, 3, 17, 255, 10**6, 2**31, 2**53, 2**63 - 1, -(2**63), 2**63, 10**40)
FLOATS = (0.0, -0.0, 0.5, 1e-320, 1e308, -1e308, 3.25, float("nan"), float("inf"))


class Words:
    """Draws words; ``chance`` decides all of it."""

    def __init__(self, chance: random.Random, table: str) -> None:
        self._chance = chance
        self._table = table

    def release(self) -> Release:
        """A release. ValueError or TypeError where what was drawn has no constructor."""
        by = tuple(self.struct(GroupKey, 2) for _ in range(self._chance.choice((0, 0, 0, 1, 2))))
        measure = self.struct(self._chance.choice(MEASURES), 2)
        spend = Epsilon(numerator=1, denominator=self._chance.choice((1, 10**6, 10**9)))
        return Release(relation=self.relation(self._chance.randrange(6)), measure=measure, spend=spend, by=by)

    def relation(self, depth: int) -> Relation:
        """A relation of at most so many words on a path."""
        if depth <= 0:
            return Source(table=self._table if self._chance.random() < 0.97 else self._text())
        found: Relation = self.struct(self._chance.choice(RELATIONS[1:]), depth - 1)
        return found

    def expression(self, depth: int) -> Expression:
        """An expression, likewise."""
        if depth <= 0:
            return Column(name=self._name())
        found: Expression = self.struct(self._chance.choice(EXPRESSIONS), depth - 1)
        return found

    def code(self, depth: int, wish: type[Code] | None = None) -> Code:
        """A part of a program, likewise."""
        if depth <= 0:
            return Literally(value=self._chance.choice((None, 0, 1.5, "x", True)))
        found: Code = self.struct(wish or self._chance.choice(PROGRAMS), depth - 1)
        return found

    def struct(self, kind: type[msgspec.Struct], depth: int) -> Any:
        """A record of this type."""
        hints = typing.get_type_hints(kind)
        names = [name for name in kind.__struct_fields__ if self._chance.random() < 0.9 or name in _required(kind)]
        parallel = self._chance.randrange(1, 4)  # lists that run side by side should mostly have one length
        return kind(**{name: self.value(hints[name], depth, name, parallel) for name in names})

    def value(self, hint: Any, depth: int, name: str, length: int) -> Any:
        """A value of a declared type."""
        chance, origin, arguments = self._chance, typing.get_origin(hint), typing.get_args(hint)
        if origin is tuple:
            count = length if chance.random() < 0.9 else chance.randrange(5)
            return tuple(self.value(arguments[0], depth, name, 1) for _ in range(count))
        if origin in (typing.Union, types.UnionType):
            return self.value(chance.choice(arguments), depth, name, length)
        if origin is typing.Literal:
            return chance.choice(arguments)
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self._node(hint, depth)
        return self._plain(hint, name)

    def _node(self, kind: type[msgspec.Struct], depth: int) -> Any:
        if issubclass(kind, Expression):
            return self.expression(self._chance.randrange(depth + 1))
        if issubclass(kind, Relation):
            return self.relation(self._chance.randrange(depth + 1))
        if issubclass(kind, Code):
            return self.code(self._chance.randrange(depth + 1), Program if self._chance.random() < 0.5 else None)
        return self.struct(kind, depth)

    def _plain(self, hint: Any, name: str) -> Any:
        chance = self._chance
        table = {
            bool: lambda: chance.random() < 0.5,
            int: lambda: chance.choice(NUMBERS[:6]) if chance.random() < 0.7 else chance.choice(NUMBERS),
            float: lambda: (
                chance.choice(FLOATS) if chance.random() < 0.3 else float(Fraction(chance.randrange(101), 100))
            ),
            str: lambda: self._name() if "column" in name or name in _COLUMN_FIELDS else self._text(),
            type(None): lambda: None,
        }
        return table[hint]()

    def _name(self) -> str:
        return self._chance.choice(NAMES[:5]) if self._chance.random() < 0.9 else self._chance.choice(NAMES)

    def _text(self) -> str:
        return self._chance.choice(TEXTS)


_COLUMN_FIELDS = frozenset({"name", "names", "by", "left_on", "right_on", "columns", "column"})


def _required(kind: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(kind) if field.required}
