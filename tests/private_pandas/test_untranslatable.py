"""What can't be translated is refused in one sentence; what a function would do besides giving a value never happens."""

import functools
import linecache
import math
import random
import time
from types import FunctionType
from typing import Any

import pytest

from ag_plan.expressions import Column
from ag_plan.messages import ColumnSchema
from op_pandas.errors import Untranslatable
from op_pandas.rows import Term
from op_pandas.translation import translated

TEXT = Term(expression=Column(name="t"), schema=ColumnSchema(name="t", kind="str", nullable=False))
NUMBER = Term(expression=Column(name="f"), schema=ColumnSchema(name="f", kind="float", lower=0.0, upper=10.0))

HAPPENED: list[str] = []
SEEN: dict[str, int] = {}


class Odd:
    """A value whose methods are code."""

    def __eq__(self, other: object) -> bool:
        HAPPENED.append("compared")
        return True

    __hash__ = None

    def __call__(self, value: Any) -> Any:
        HAPPENED.append("called")
        return value


ODD = Odd()


def export(value: Any, name: str) -> None:
    HAPPENED.append(name)


def prints(x):
    print(x)
    return x


def exports(x):
    if x == 3.5:
        export(x, "stolen")
    return x


def sleeps(x):
    if x == 3.5:
        time.sleep(10)
    return x


def counts_global(x):
    global COUNT
    COUNT = x
    return x


def counts_in_dict(x):
    SEEN["n"] = SEEN.get("n", 0) + 1
    return x


def counts_in_list(x, kept=[]):  # noqa: B006
    kept.append(x)
    return x


def counts_on_itself(x):
    counts_on_itself.calls = 1
    return x


def recurses(x):
    return recurses(x - 1) if x > 0 else 0


def one(x):
    return other(x)


def other(x):
    return one(x) + 1


def spins(x):
    while x > 0:
        x = x - 1
    return x


def imports(x):
    import os

    return os.getpid() + x


def allocates(x):
    return [0] * 10**9 and x


def allocates_text(x):
    return "a" * 10**12


def allocates_number(x):
    return 10**10**9 + x


def loops_long(x):
    for k in range(10**6):
        x += k
    return x


def loops_over_characters(t):
    n = 0
    for letter in t:
        n += 1 if letter == "a" else 0
    return n


def yields(x):
    yield x


def odd(x):
    return x == ODD


def calls_odd(x):
    return ODD(x)


def deletes(x):
    y = x
    del y
    return x


def outer_counter():
    n = 0

    def count(x):
        nonlocal n
        n += 1
        return x

    return count


REFUSED: list[tuple[Any, Term, str]] = [
    (prints, NUMBER, r"print\(…\) on line 2 of prints .*; a function of private values may only give a value back"),
    (exports, NUMBER, r"the variable HAPPENED|changing|append"),
    (sleeps, NUMBER, r"sleep\(…\) on line 3 of sleeps"),
    (counts_global, NUMBER, "global on line 2"),
    (counts_in_dict, NUMBER, "changing an item or an attribute on line 2"),
    (counts_in_list, NUMBER, r"changing a list, set or dict with .append\(…\) on line 2"),
    (counts_on_itself, NUMBER, "changing an item or an attribute"),
    (outer_counter(), NUMBER, "nonlocal on line 2 of count"),
    (recurses, NUMBER, "recursion .*write a loop over a range"),
    (one, NUMBER, "recursion"),
    (spins, NUMBER, "a while loop on line 2 of spins .*for i in range"),
    (imports, NUMBER, "an import inside a function"),
    (allocates, NUMBER, "a number or text this large"),
    (allocates_text, NUMBER, "a number or text this large"),
    (allocates_number, NUMBER, "a number or text this large"),
    (loops_long, NUMBER, "a range this long"),
    (loops_over_characters, TEXT, "going through this"),
    (yields, NUMBER, "yield"),
    (odd, NUMBER, "the variable ODD, a Odd, on line 2"),
    (calls_odd, NUMBER, "the variable ODD, a Odd, on line 2"),
    (ODD, NUMBER, r"Odd\(…\)"),
    (deletes, NUMBER, "del on line 3"),
    (lambda x: random.random() + x, NUMBER, r"random\(…\)"),
    (lambda x: open("/etc/passwd").read(), NUMBER, r"open\(…\)"),
    (lambda x: eval("x"), NUMBER, r"eval\(…\)"),
    (lambda x: [x, x], NUMBER, "a result that is a display"),
    (lambda x: (1, 2), NUMBER, "a result that is a tuple"),
    (lambda x: "a" if x > 1 else 2, NUMBER, "a result that is (int|str) on some rows and (int|str) on others"),
    (lambda x: str(x), NUMBER, "the text of a float"),
    (lambda t: 0 if type(t) is float else 1, TEXT, r"type\(…\) .*ask pd.isna\(x\) for a missing value"),
    (lambda x: x - math.inf, NUMBER, "an infinity that is more than compared on line 1 .*use a large number"),
    (lambda t: t < "m", TEXT, "the order of texts"),
    (lambda t: t[::-1], TEXT, "a slice with a step"),
    (lambda t: t.swapcase(), TEXT, r"the text method .swapcase\(…\)"),
    (lambda x: undefined_name + x, NUMBER, "the name undefined_name"),  # noqa: F821
    (lambda x: math.gamma(x), NUMBER, r"gamma\(…\)"),
    (functools.partial(max, 3), NUMBER, r"partial\(…\)"),
    (lambda *a: 1, NUMBER, r"\* or \*\* arguments"),
    (lambda x, y: x, NUMBER, "without y"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_a_refusal_says_what_where_and_what_instead(number: int) -> None:
    function, term, sentence = REFUSED[number]
    HAPPENED.clear()
    with pytest.raises(Untranslatable, match=sentence) as caught:
        translated(function, term)
    text = str(caught.value)
    assert "\n" not in text
    assert "; " in text
    assert not HAPPENED
    assert SEEN == {}
    assert not hasattr(counts_on_itself, "calls")


PATTERNS = [r"(?=a)b", r"(a)\1", r"(?<!x)y", r"a*+", r"(?:a|b*)*", "a$b", r"\Bx", "(?i:a)b"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_that_engines_might_read_otherwise_is_refused(pattern: str) -> None:
    import re

    with pytest.raises(Untranslatable, match="pattern"):
        translated(lambda t: bool(re.search(pattern, t)), TEXT)


def test_captured_values_are_those_of_the_call() -> None:
    limit = 1.0
    first = translated(lambda x: x > limit, NUMBER)
    limit = 2.0
    second = translated(lambda x: x > limit, NUMBER)
    assert first != second
    table = {"a": 1}
    before = translated(table.get, TEXT)
    table["b"] = 2
    assert before != translated(table.get, TEXT)


# Finding the text -----------------------------------------------------------------------------------------


def cell(text: str, name: str, number: int = 900) -> Any:
    """A function defined by a cell, as the kernel runs one."""
    filename = f"Cell In[{number}]"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    code = compile(text, filename, "exec")
    names: dict[str, Any] = {"__name__": "__main__", "functools": functools}
    for instruction in [code]:
        FunctionType(instruction, names)()
    return names[name]


def same(found: Any, text: str, term: Term = NUMBER) -> None:
    wanted = cell(f"wanted = {text}\n", "wanted", 901)
    assert translated(found, term) == translated(wanted, term)


def test_lambdas_on_one_line_are_told_apart() -> None:
    pair = cell("pair = (lambda x: x + 1, lambda x: x + 2, lambda x: (lambda x: x + 3)(x))\n", "pair")
    same(pair[0], "lambda x: x + 1")
    same(pair[1], "lambda x: x + 2")
    same(pair[2], "lambda x: x + 3")


def test_lambdas_over_several_lines_and_in_calls_are_found() -> None:
    found = cell(
        "def given(f, **k): return f\nf = given(\n    lambda x: (\n        x\n        + 1\n    ),\n    eps=1,\n)\n", "f"
    )
    same(found, "lambda x: x + 1")
    nested = cell("def make(k):\n    def inner(x, k=k):\n        return x + k\n    return inner\nf = make(1)\n", "f")
    same(nested, "lambda x: x + 1")


def test_a_decorated_function_is_what_the_decorator_made_of_it() -> None:
    text = "def plain(f):\n    return f\n@plain\n@plain\ndef f(x):\n    'says so'\n    return x + 1\n"
    same(cell(text, "f"), "lambda x: x + 1")
    wrapped = "def twice(f):\n    def inner(x):\n        return f(f(x))\n    return inner\n@twice\ndef f(x):\n    return x + 1\n"
    same(cell(wrapped, "f"), "lambda x: (x + 1) + 1")


def test_a_name_defined_twice_in_a_cell_is_the_one_that_was_given() -> None:
    text = "def f(x):\n    return x + 1\ng = f\ndef f(x):\n    return x + 2\n"
    same(cell(text, "g"), "lambda x: x + 1")
    same(cell(text, "f"), "lambda x: x + 2")


def test_a_text_that_is_not_the_functions_any_more_is_refused() -> None:
    found = cell("def f(x):\n    return abs(x)\n", "f", 902)
    cell("def f(x):\n    return x + 2\n", "f", 902)
    with pytest.raises(Untranslatable, match="the text of f isn't known"):
        translated(found, NUMBER)
    del linecache.cache["Cell In[902]"]
    with pytest.raises(Untranslatable, match="the text of f isn't known"):
        translated(found, NUMBER)


def test_attributes_that_the_cells_compiler_guards_are_no_hindrance() -> None:
    found = cell("def f(t):\n    return t.strip().query if False else len(t)\n", "f")
    same(found, "lambda t: len(t)", TEXT)
