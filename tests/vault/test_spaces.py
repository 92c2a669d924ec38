"""Whatever is put together of the plan's words stays in the space that its rules give it, and no rule leans on the last wall.

Nested at random, over rows at the edges of what conforming columns hold. A space that is too narrow makes others wrong, up to sensitivities.
"""

import math
import os
import random
import typing
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from sqlglot import exp

from ag_plan import expressions as words
from ag_plan.relations import Project
from ag_vault import ops
from ag_vault.errors import Refusal
from ag_vault.expressions import term
from ag_vault.ops.rows import select
from ag_vault.space import ColumnSpace
from tests.vault import world

DEPTH = int(os.environ.get("AG_PROOF_DEPTH", "1"))
"""How many times as many expressions as usual; ``make proof`` sets it."""
LEAST, MOST = -(2**63), 2**63 - 1
LONGEST = 300
SPACES = world.COLUMNS | {
    "e": ColumnSpace(kind="datetime"),
    "t": ColumnSpace(kind="str", longest=LONGEST),
    "h": ColumnSpace(kind="float", lower=-1e140, upper=1e140),
    "k": ColumnSpace(kind="int", lower=LEAST, upper=MOST),
    "i": ColumnSpace(kind="int", lower=-5, upper=7, nullable=False),
}
TEXTS = (
    "", " ", "12", "-9223372036854775808", "9223372036854775808", "1e400", "nan", "-inf", "-0", ".5", "1_0", "+3", "١٢", "true", "YES",
    "2020-02-30", "9999-12-31 23:59:59.9999999", "infinity", "epoch", "0001-01-01 (BC)", "294247-01-10 04:00:54.775806", "12:00",
    "ß", "İ", "ΑΣ", "e\u0301", "a,b,,c", "\u00a0x\u2028", "🤦🏼\u200d", "a\x00b", "\x00", "x" * LONGEST, "aaaa", "%_\\", "'", "\ufeff1", "\U0010ffff",
)  # fmt: skip
EDGES: Mapping[str, tuple[Any, ...]] = {
    "f": (None, -2.0, -0.0, 0.0, 0.5, 3.0, 5e-324, -5e-324),
    "g": (None, -1.7976931348623157e308, 1.7976931348623157e308, -0.0, 1e-300, 0.49999999999999994, 2**53 + 1.0, -(2.0**63), 709.9, -745.2),
    "h": (None, -1e140, 1e140, 0.0, 1e-300, 1.0),
    "i": (-5, -1, 0, 1, 7),
    "j": (None, LEAST, LEAST + 1, -7, -1, 0, 1, 3, 2**62, MOST),
    "k": (None, LEAST, MOST, 0, -1, 1),
    "n": (0, 1, 3),
    "b": (None, True, False),
    "s": (None, "x", "y", "z"),
    "t": (None, *TEXTS),
    "d": (None, 0, 1, 86_399_999_999, 10**15),
    "e": (None, LEAST, MOST, -62135596800000000, -62135596800000001, 253402300799999999, 253402300800000000, -1, 951782400000000),
}  # fmt: skip
NUMBERS = (0, 1, -1, 2, 0.5, -0.5, 1e308, -1e308, 5e-324, 2**62, MOST, LEAST, 7, 10, 0.1)
PATTERNS = (
    r"[\x{30}-\x{39}]+",
    r"\A(\x{61}*)\z",
    r"\x{61}??",
    r"(?:\x{61}|\x{62}){2,3}",
    r"[^\x{20}]",
    r"\b",
    r"\x{61}*",
)
Make = Callable[[str], words.Expression]


class Author:
    """Makes expressions of a kind: ``number``, ``bool``, ``text`` or ``moment``."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def make(self, kind: str, depth: int) -> words.Expression:
        """One at most so deep; in time it comes down to columns and constants."""
        if depth <= 0 or self.random.random() < 0.15:
            return self.random.choice(self._leaves()[kind])
        deeper = partial(self.make, depth=depth - 1)
        return self.random.choice(self._words(deeper)[kind])()

    def pick(self, choices: Any) -> Any:
        return self.random.choice(tuple(choices))

    def _leaves(self) -> dict[str, tuple[words.Expression, ...]]:
        texts = [words.Constant(value=text) for text in TEXTS if "\x00" not in text]
        return {
            "number": (*map(world.column, "fghijknb"), words.Constant(value=self.pick(NUMBERS))),
            "bool": (world.column("b"), words.Constant(value=self.pick((True, False, None)))),
            "text": (world.column("t"), world.column("t"), world.column("s"), self.pick(texts)),
            "moment": (world.column("d"), world.column("e"), words.Instant(micros=self.pick((0, LEAST, MOST, 10**15)))),
        }

    def _words(self, make: Make) -> dict[str, list[Callable[[], words.Expression]]]:
        pick = self.pick
        kinds = ("number", "text", "moment", "bool")

        def binary(names: Any, left: str, right: str) -> words.Expression:
            return words.Binary(operator=pick(names), left=make(left), right=make(right))

        def either(kind: str) -> words.Expression:
            return words.Choose(condition=make("bool"), then=make(kind), otherwise=make(kind))

        def clamped(kind: str) -> words.Expression:
            low, high = sorted((pick((-10, -0.5, 0, LEAST)), pick((0, 0.5, 10**15, 2**62))))
            return words.Clamp(operand=make(kind), lower=low, upper=high)

        def recoded() -> words.Expression:
            values = pick(((1, 2, 3), (0.5, None, -1e300), (None, MOST, LEAST)))
            return words.Recode(operand=make("number"), keys=(0, 1, 7), values=values)

        arithmetic = ("add", "sub", "mul", "div", "floordiv", "mod", "pow", "least", "greatest", "fmod")
        unary = [name for name in typing.get_args(words.UnaryOperator) if name not in ("not", "is_null")]
        whole, ends = (0, 1, -1, MOST, LEAST, 5), (None, 0, 1, -1, 5, MOST, LEAST)
        return {
            "number": [
                lambda: binary(arithmetic, "number", "number"),
                lambda: binary(arithmetic, "number", "number"),
                lambda: words.Unary(operator=pick(unary), operand=make("number")),
                lambda: clamped("number"),
                lambda: words.Cast(operand=make(pick(kinds)), to=pick(("int", "float"))),
                lambda: words.Text(operator="length", operand=make("text")),
                lambda: words.DatePart(operand=make("moment"), field=pick(typing.get_args(words.DateField))),
                lambda: either("number"),
                lambda: words.Coalesce(operand=make("number"), fallback=make("number")),
                lambda: binary(("sub",), "moment", "moment"),
                recoded,
            ],
            "bool": [
                lambda: words.Unary(operator="not", operand=make("bool")),
                lambda: words.Unary(operator="is_null", operand=make(pick(kinds))),
                lambda: binary(("eq", "lt", "le"), kind := pick(("number", "moment")), kind),
                lambda: binary(("eq", "ne"), "text", "text"),
                lambda: binary(("and", "or", "xor"), "bool", "bool"),
                lambda: words.TextHas(test=pick(typing.get_args(words.TextTest)), operand=make("text"), needle=pick(("", "a"))),
                lambda: words.Match(operand=make("text"), pattern=pick(PATTERNS)),
                lambda: words.IsIn(operand=make("number"), values=(0, 1, 2.5)),
                lambda: words.Cast(operand=make(pick(("number", "text"))), to="bool"),
            ],
            "text": [
                lambda: words.Text(operator=pick(("lower", "upper", "strip", "rstrip")), operand=make("text")),
                lambda: words.Concat(left=make("text"), right=make("text")),
                lambda: words.Replace(operand=make("text"), old=pick(("a", "ab")), new=pick(("", "bb", "🤦🤦🤦"))),
                lambda: words.Slice(operand=make("text"), start=pick(whole), stop=pick(ends)),
                lambda: words.Piece(operand=make("text"), separator=pick((",", None, "a")), index=pick(whole)),
                lambda: words.Extract(operand=make("text"), pattern=pick(PATTERNS), group=0),
                lambda: words.Substitute(operand=make("text"), pattern=pick(PATTERNS), replacement=pick(("", "\\1", "xyz"))),
                lambda: words.Cast(operand=make(pick(("number", "bool"))), to="str"),
                lambda: either("text"),
                lambda: words.Coalesce(operand=make("text"), fallback=make("text")),
            ],
            "moment": [
                lambda: words.Cast(operand=make(pick(("number", "text"))), to="datetime"),
                lambda: binary(("add", "sub"), "moment", "number"),
                lambda: clamped("moment"),
                lambda: either("moment"),
                lambda: binary(("least", "greatest"), "moment", "moment"),
            ],
        }  # fmt: skip


def outside(space: ColumnSpace, value: Any) -> bool:
    """Whether a value is none of a space. A bound of floats may be off by a rounding, as two mathematical libraries are."""
    if value is None:
        return not space.nullable
    if space.categories is not None and value not in space.categories:
        return True
    if isinstance(value, str):
        return len(value) > space.characters
    if isinstance(value, float) and not math.isfinite(value):
        return True
    slack = 1e-9 * max(1.0, abs(value)) if isinstance(value, float) else 0
    return space.bounds is not None and not space.bounds[0] - slack <= value <= space.bounds[1] + slack


@pytest.mark.parametrize("walled", [True, False])
def test_no_value_of_any_expression_is_outside_its_space_and_none_fails(
    monkeypatch: pytest.MonkeyPatch, *, walled: bool
) -> None:
    if not walled:
        monkeypatch.setattr(term, "total", lambda sql: sql)
    author, catalog = Author(int(walled)), world.catalog(SPACES)
    rows = [{name: author.pick(values) for name, values in EDGES.items()} for _ in range(60)]
    data, computed = world.data(rows, SPACES), 0
    for _ in range(200 * DEPTH):
        expression = author.make(author.pick(("number", "number", "bool", "text", "moment")), author.pick((1, 2, 3)))
        found = ops.rows_of(Project(relation=world.ROWS, names=("o",), expressions=(expression,)), catalog)
        if not isinstance(found, Refusal):
            made = found.columns["o"]
            values = data.rows(select(found.stages, exp.select(made.sql)).sql("duckdb"))
            assert not [value for (value,) in values if outside(made.space, value)], (expression, made.space)
            computed += 1
    assert computed > 120 * DEPTH
