"""One case or more for every word of the plan, over the tables of ``neighbours``: a word without a case fails a test.

Knows how to say each word, nothing of what it should give.
"""

import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec import Struct

from ag_plan import expressions as words
from ag_plan import programs as w
from ag_plan.codec import children
from ag_plan.expressions import Code
from ag_plan.relations import (
    Aggregate,
    Append,
    Distinct,
    Filter,
    GroupUnit,
    How,
    Join,
    Project,
    Relation,
    Split,
    Truncate,
)
from ag_plan.releases import (
    Corr,
    Count,
    Cov,
    Describe,
    Epsilon,
    GroupKey,
    Histogram,
    JointHistogram,
    Kurt,
    Mean,
    Measure,
    Moments,
    Nunique,
    Quantile,
    Rho,
    Size,
    Skew,
    Std,
    Sum,
    Var,
)
from ag_vault.space import ColumnSpace, Space
from tests.vault.neighbours import LABS, LOOKUP, ROWS, VISITS, catalog
from tests.vault.world import binary, column, schema


def said(root: Any) -> Iterator[Any]:
    """Every word of a plan."""
    yield root
    for child in children(root):
        yield from said(child)


# Measures ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Columns:
    """What a measure may choose from: bounded numbers, and every column."""

    numbers: tuple[str, ...]
    every: tuple[str, ...]

    @classmethod
    def of(cls, columns: Mapping[str, ColumnSpace], most: int = 3) -> "Columns":
        numbers = [name for name, space in columns.items() if space.is_numeric and space.bounds is not None]
        return cls(numbers=tuple(numbers[:most]), every=tuple(columns)[: 2 * most])


MEASURES: dict[type[Measure], tuple[Callable[[Columns], Measure], ...]] = {
    Size: (lambda _: Size(),),
    Count: (lambda its: Count(columns=its.every),),
    Nunique: (lambda its: Nunique(columns=its.every),),
    Sum: (lambda its: Sum(columns=its.numbers),),
    Mean: (lambda its: Mean(columns=its.numbers),),
    Var: (lambda its: Var(columns=its.numbers, ddof=0), lambda its: Var(columns=its.numbers[:1])),
    Std: (lambda its: Std(columns=its.numbers[:1]),),
    Moments: (lambda its: Moments(columns=its.numbers[:1]),),
    Skew: (lambda its: Skew(columns=its.numbers),),
    Kurt: (lambda its: Kurt(columns=its.numbers[:1]),),
    Cov: (
        lambda its: Cov(columns=its.numbers),
        lambda its: Cov(columns=its.numbers[:2], own=False),
        lambda its: Cov(columns=its.numbers[:2], ddof=0),
    ),
    Corr: (lambda its: Corr(columns=its.numbers), lambda its: Corr(columns=its.numbers[:2])),
    JointHistogram: (
        lambda its: JointHistogram(
            columns=its.numbers[:2], edges=((-1.0, 0.0, 0.5, 3.0), (0.0, 1.0, 2.0))[: len(its.numbers[:2])]
        ),
    ),
    Quantile: (
        lambda its: Quantile(columns=its.numbers[:1], probabilities=(0.5,)),
        lambda its: Quantile(columns=its.numbers[:2], probabilities=(0.5, 0.1, 1.0, 0.0)),
    ),
    Describe: (lambda its: Describe(columns=its.numbers[:2]),),
    Histogram: (lambda its: Histogram(column=(its.numbers or its.every)[0], edges=(-2.0, -1.0, 0.0, 0.25, 3.0)),),
}
"""Ways to ask for each measure of whatever columns there are."""


def grouping(columns: Mapping[str, ColumnSpace], kind: str) -> tuple[GroupKey, ...]:
    """Group keys of a kind, of the columns that can be one; none where none can."""
    text = [name for name, space in columns.items() if space.kind == "str" and space.categories is not None]
    whole = [name for name, space in columns.items() if space.kind in ("int", "bool") and space.bounds is not None]
    small = [name for name in whole if (columns[name].bounds or (0, 99))[1] < 10]
    found = {
        "whole": [],
        "by category": [GroupKey(column=name) for name in text[:1] or small[:1]],
        "by list": [
            *(GroupKey(column=name, values=("z", "unknown")) for name in text[:1]),
            *(GroupKey(column=name) for name in small[:1]),
        ],
    }
    return tuple(found[kind])


SPENDS: dict[type[Struct], Epsilon | Rho] = {
    Epsilon: Epsilon(numerator=1, denominator=3),
    Rho: Rho(numerator=1, denominator=3),
}
"""What a release may cost, in each currency."""

GROUPINGS = ("whole", "by category", "by list")

# Relations ---------------------------------------------------------------------------------------------------


def renamed(relation: Relation, **names: str) -> Project:
    return Project(relation=relation, names=tuple(names), expressions=tuple(column(old) for old in names.values()))


def grouped(relation: Relation, by: Sequence[str], **named: str) -> GroupUnit:
    """``grouped(VISITS, ["pid"], n="size f")``."""
    asked = [each.split() for each in named.values()]
    functions: Any = tuple(function for function, _ in asked)
    return GroupUnit(
        relation=relation,
        by=tuple(by),
        names=tuple(named),
        functions=functions,
        columns=tuple(name for _, name in asked),
    )


def on_pid(how: Any, *extra: tuple[str, str], left: Relation = VISITS, right: Relation = LABS) -> Join:
    return Join(
        left=left,
        right=right,
        how=how,
        left_on=("pid", *(pair[0] for pair in extra)),
        right_on=("pid", *(pair[1] for pair in extra)),
    )


def looked_up(how: Any, matches: int, left: Relation = VISITS) -> Join:
    return Join(left=left, right=LOOKUP, how=how, left_on=("s",), right_on=("k",), matches=matches)


_EVERY = ("f", "i", "b", "s", "n")
_SHORT = {name: name for name in _EVERY}
_PREDICATE = binary("or", binary("gt", column("f"), -1.0), column("b"))
_AGGREGATES = ("mean", "sum", "min", "max", "count", "nunique", "first", "size")
RELATIONS: dict[str, Relation] = {
    "units": VISITS,
    "rows": ROWS,
    "filtered": Filter(relation=VISITS, predicate=_PREDICATE),
    "filtered rows": Filter(relation=ROWS, predicate=_PREDICATE),
    "projected": Project(
        relation=VISITS,
        names=("pid", "f", "s"),
        expressions=(column("pid"), binary("mul", column("f"), column("i")), column("s")),
    ),
    "truncated": Truncate(relation=VISITS, rows=1),
    "filtered and truncated": Truncate(relation=Filter(relation=VISITS, predicate=_PREDICATE), rows=2),
    **{
        f"grouped by unit: {function}": grouped(
            VISITS,
            ["pid"],
            **{f"{function}_{name}": f"{function} {name}" for name in ("f", "i", "b")},
        )
        for function in _AGGREGATES
    },
    "grouped by unit and category": grouped(VISITS, ["s", "pid"], n="size f", f="first f", g="first t"),
    "split": Split(relation=VISITS, share=0.5, seed=1),
    "split, the rest, filtered": Filter(relation=Split(relation=VISITS, share=0.25, rest=True), predicate=_PREDICATE),
    "split rows": Split(relation=Filter(relation=ROWS, predicate=_PREDICATE), share=0.5),
    "distinct units": renamed(Distinct(relation=VISITS, columns=("pid",)), **_SHORT),
    "distinct of units": Distinct(relation=VISITS, columns=("pid", "s")),
    "distinct values": Distinct(relation=renamed(VISITS, f="f", s="s"), columns=("f", "s")),
    "distinct by one column": renamed(Distinct(relation=VISITS, columns=("s",)), **_SHORT),
    "distinct rows": Distinct(relation=renamed(ROWS, i="i", b="b"), columns=("i", "b")),
    "appended": Append(
        left=renamed(VISITS, pid="pid", f="f", i="i"),
        right=renamed(LABS, pid="pid", f="v", i="y"),
    ),
    "appended to itself, then truncated": Truncate(relation=Append(left=VISITS, right=VISITS), rows=4),
    "appended rows of nobody": Append(left=renamed(ROWS, s="s", n="n"), right=renamed(LOOKUP, s="k", n="w")),
    **{f"{how} join": renamed(on_pid(how), pid="pid", f="f", y="y", v="v", s="s") for how in typing.get_args(How)},
    **{f"{how} join on more": on_pid(how, ("i", "y")) for how in typing.get_args(How)},
    "joined, then grouped": grouped(on_pid("outer", ("i", "y")), ["pid"], n="size f", v="mean v", s="first s"),
    "joined, then truncated": Truncate(relation=on_pid("left"), rows=2),
    **{f"{how} lookup": looked_up(how, 2) for how in typing.get_args(How)},
    "lookup of rows": looked_up("left", 1, left=ROWS),
}

# Expressions -------------------------------------------------------------------------------------------------

_clamped: partial[words.Clamp] = partial(words.Clamp, lower=-10, upper=10)
_HARMLESS = {"pow": words.Clamp(operand=column("i"), lower=0, upper=3)}


def _binary(operator: Any) -> words.Expression:
    """An operator of the nastiest columns it takes."""
    if operator in ("and", "or", "xor"):
        return binary(operator, column("b"), binary("gt", column("g"), column("f")))
    return binary(operator, column("g"), _HARMLESS.get(operator, column("f")))


def _mapped(kind: Any, value: Code, *names: str) -> words.Mapped:
    """A program of one value."""
    define = w.Define(arguments=len(names), variables=len(names), body=w.Give(value=value))
    return words.Mapped(operands=tuple(map(column, names)), program=w.Program(functions=(define,)), kind=kind)


_ENDLESS = w.Apply(function=0, arguments=(w.Slot(index=0),))
_SOUGHT = w.Method(
    name="search", owner=w.Automaton(steps=(("of", 0, "d"), ("either", 0, 2))), arguments=(w.Slot(index=0),)
)
_TEXT = column("t")
DIGITS = r"[\x{30}-\x{39}]+"
EXPRESSIONS: dict[type[words.Expression], tuple[words.Expression, ...]] = {
    words.Column: tuple(column(name) for name in ("f", "g", "i", "j", "b", "s", "t", "d", "n")),
    words.Constant: (words.Constant(value=2.5), words.Constant(value=None), words.Constant(value="x")),
    words.Instant: (binary("lt", column("d"), words.Instant(micros=10**14)),),
    words.Unary: tuple(
        words.Unary(operator=operator, operand=column("b" if operator == "not" else name))
        for operator in typing.get_args(words.UnaryOperator)
        for name in ("g", "i")
    ),
    words.Binary: tuple(_binary(operator) for operator in typing.get_args(words.BinaryOperator))
    + tuple(binary(operator, column("j"), column("i")) for operator in ("add", "mul", "floordiv", "mod", "eq")),
    words.IsIn: (
        words.IsIn(operand=column("s"), values=("x", "unknown")),
        words.IsIn(operand=column("g"), values=(0,)),
    ),
    words.Choose: (words.Choose(condition=column("b"), then=column("f"), otherwise=column("i")),),
    words.Coalesce: (words.Coalesce(operand=column("g"), fallback=column("f")),),
    words.Clamp: (_clamped(operand=column("g")), _clamped(operand=column("j"))),
    words.Cast: tuple(
        words.Cast(operand=column(name), to=target)
        for target in typing.get_args(words.CastTarget)
        for name in {"float": "ti", "int": "tg", "bool": "ti", "str": "ib", "datetime": "t"}[target]
    ),
    words.Recode: (words.Recode(operand=column("s"), keys=("x", "unknown"), values=(1, 2)),),
    words.Text: tuple(words.Text(operator=operator, operand=_TEXT) for operator in typing.get_args(words.TextOperator)),
    words.TextHas: tuple(
        words.TextHas(test=test, operand=_TEXT, needle="a") for test in typing.get_args(words.TextTest)
    ),
    words.Concat: (words.Concat(left=_TEXT, right=column("s")),),
    words.Replace: (words.Replace(operand=_TEXT, old="a", new="bb"),),
    words.Slice: (words.Slice(operand=_TEXT, start=-2, stop=None),),
    words.Piece: (
        words.Piece(operand=_TEXT, separator=",", index=-1),
        words.Piece(operand=_TEXT, separator=None, index=0),
    ),
    words.Match: (words.Match(operand=_TEXT, pattern=DIGITS),),
    words.Extract: (words.Extract(operand=_TEXT, pattern=f"({DIGITS})", group=1),),
    words.Substitute: (words.Substitute(operand=_TEXT, pattern=DIGITS, replacement=""),),
    words.Mapped: (
        _mapped("str", w.Method(name="title", owner=w.Slot(index=0)), "t"),
        _mapped("int", w.Operate(operator="floordiv", left=w.Literally(value=7), right=w.Slot(index=0)), "i"),
        _mapped("bool", w.Pick(condition=w.Slot(index=0), then=_ENDLESS, otherwise=w.Literally(value=True)), "b"),
        _mapped("float", w.Operate(operator="add", left=w.Slot(index=0), right=w.Slot(index=1)), "f", "n"),
        _mapped("int", w.Field(name="year", owner=w.Slot(index=0)), "d"),
        _mapped("bool", w.Operate(operator="is", left=_SOUGHT, right=w.Literally(value=None)), "t"),
    ),
    words.DatePart: tuple(
        words.DatePart(operand=column("d"), field=field) for field in typing.get_args(words.DateField)
    ),
}
"""Each word over columns of ``neighbours.ROWS``."""


def computed(kind: type[words.Expression], relation: Relation = VISITS) -> Project:
    """All expressions of a word as columns; numbers that have no bounds get some, so that they can be summed."""
    names = tuple(f"o{number}" for number in range(len(EXPRESSIONS[kind])))
    plain = Project(relation=relation, names=names, expressions=EXPRESSIONS[kind])
    found = schema(plain, catalog())
    assert isinstance(found, Space), found
    free = {name for name, space in found.columns.items() if space.kind in ("float", "int") and space.bounds is None}
    expressions = tuple(
        _clamped(operand=expression) if name in free else expression
        for name, expression in zip(names, EXPRESSIONS[kind], strict=True)
    )
    return Project(relation=relation, names=names, expressions=expressions)


AGGREGATES = typing.get_args(Aggregate)
HOWS = typing.get_args(How)
