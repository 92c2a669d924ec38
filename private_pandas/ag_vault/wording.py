"""A question as one readable line for the log, e.g. ``mean(age) by sex of clinic/people where cost > 3``.

Made of the plan alone, which is its analyst's own words and public names; knows no prices, no rows. Total, and bounded in length and work.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import FieldInfo

from ag_plan import expressions as words
from ag_plan import relations
from ag_plan.releases import Release

LONGEST = 500
"""Characters of a line; what is longer ends in an ellipsis."""
_LONGEST_WORD = 80
_SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip


def worded(release: Release) -> str:
    """The line."""
    line = ""
    for piece in _release(release):
        line += piece
        if len(line) > LONGEST:
            line = line[: LONGEST - 1] + "…"
            break
    return line


def _release(release: Release) -> Iterator[str]:
    yield from _called(release.measure, skip=())
    if release.by:
        yield " by "
        for number, key in enumerate(release.by):
            yield ", " * (number > 0) + _name(key.column)
            yield " (found)" * key.found
    yield " of "
    yield from _any(release.relation)


def _any(value: Any) -> Iterator[str]:
    """A part of a plan: a node by its table, a literal as JSON, a tuple with commas."""
    if isinstance(value, msgspec.Struct):
        yield from _NODES.get(type(value), _node)(value)
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield ", " * (number > 0)
            yield from _name(each) if isinstance(each, str) else _any(each)
    else:
        text = json.dumps(value)
        yield text if len(text) <= _LONGEST_WORD else text[:_LONGEST_WORD] + "…"


def _name(text: str) -> str:
    """A column's or a table's name, as it is where it is a plain one."""
    short = text if len(text) <= _LONGEST_WORD else text[:_LONGEST_WORD] + "…"
    return short if short.replace("/", "_").replace("…", "").isidentifier() else json.dumps(short)


def _called(node: msgspec.Struct, *, skip: tuple[str, ...]) -> Iterator[str]:
    """``tag(field, name=field)``; fields that hold what they hold unless told otherwise are left out."""
    yield f"{type(node).__struct_config__.tag}("
    first = True
    for field in _fields(type(node)):
        value = getattr(node, field.name)
        if field.name in skip or (not field.required and value == field.default):
            continue
        yield "" if first else ", "
        if field.name not in ("columns", "column", "operand", "relation", "operands"):
            yield f"{field.name}="
        first = False
        yield from _name(value) if isinstance(value, str) else _any(value)
    yield ")"


@cache
def _fields(word: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    """A word's fields: of each of the plan's words, found once."""
    return msgspec.structs.fields(word)


def _node(node: msgspec.Struct) -> Iterator[str]:
    relation = getattr(node, "relation", None)
    if relation is not None:
        yield from _any(relation)
        yield " then "
    yield from _called(node, skip=("relation",))


def _filter(node: relations.Filter) -> Iterator[str]:
    yield from _any(node.relation)
    yield " where "
    yield from _any(node.predicate)


def _project(node: relations.Project) -> Iterator[str]:
    """Only what is computed: columns that are merely kept make every line long."""
    yield from _any(node.relation)
    joint = " with "
    for name, expression in zip(node.names, node.expressions, strict=True):
        if expression != words.Column(name=name):
            yield f"{joint}{_name(name)} = "
            yield from _any(expression)
            joint = ", "


def _binary(node: words.Binary) -> Iterator[str]:
    yield "("
    yield from _any(node.left)
    yield f" {_SIGNS.get(node.operator, node.operator)} "
    yield from _any(node.right)
    yield ")"


def _unary(node: words.Unary) -> Iterator[str]:
    yield f"{node.operator}("
    yield from _any(node.operand)
    yield ")"


def _mapped(node: words.Mapped) -> Iterator[str]:
    yield "function("
    yield from _any(node.operands)
    yield ")"


_NODES: Mapping[type[Any], Callable[[Any], Iterator[str]]] = {
    relations.Source: lambda node: iter((_name(node.table),)),
    relations.Filter: _filter,
    relations.Project: _project,
    words.Column: lambda node: iter((_name(node.name),)),
    words.Constant: lambda node: _any(node.value),
    words.Binary: _binary,
    words.Unary: _unary,
    words.Mapped: _mapped,
}
"""Words that read better than their tag and fields."""
