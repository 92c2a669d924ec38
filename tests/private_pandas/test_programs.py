"""A function as a program gives what Python gives, on every value; through a real vault and mapper, what pandas gives."""

import datetime as dt
import math
import random
import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_mapper.errors import BadProgram
from ag_mapper.machine import RESULTS, Machine
from ag_mapper.patterns import PATTERN, Automaton
from ag_mapper.values import MOST_STEPS, Tank
from ag_plan.codec import decode_plan, encode_plan
from ag_plan.expressions import Column
from ag_plan.messages import ColumnSchema
from ag_plan.programs import Code
from op_pandas import PrivateDataset
from op_pandas.errors import Untranslatable
from op_pandas.programs import programmed
from op_pandas.programs.patterns import Unwritable, automaton
from op_pandas.rows import Term
from tests.private_pandas import program_cases as cases
from tests.private_pandas.test_end_to_end import EPS, folder, near, people, private, vault

__all__ = ["folder", "private", "vault"]

EPOCH = dt.datetime(1970, 1, 1)
TEXTS = [
    *(
        "",
        "a",
        "banana",
        "The cat of a house",
        "aab bcc",
        "12,x,7",
        "Anna",
        "été ß İ",
        "a1",
        "xxyyzz",
        "  padded  ",
        "zebra",
        "AAA",
    ),
    "x" * 60,
]
NUMBERS = [0.0, 1.0, -1.0, 0.5, 3.14159, 15.0, 19.999, 49.5, 1e6, -1e-5, 1e300, math.nan, 2.675]
MOMENTS = [dt.datetime(2020, 2, 29, 13, 5), dt.datetime(2024, 12, 31), dt.datetime(1969, 7, 20, 20, 17, 40), None]


def term(kind: str) -> Term:
    return Term(expression=Column(name="c"), schema=ColumnSchema(name="c", kind=kind))


def machine(function: Any, kind: str, result: str, *, short: bool = True) -> Machine:
    program, operands = programmed(function, term(kind))
    assert operands == (Column(name="c"),)
    return Machine(decode_plan(encode_plan(program), Code), [kind], result, short=short)


def python(function: Any, value: Any, result: str) -> Any:
    try:
        found = function(value)
        return RESULTS[result](found.item() if isinstance(found, np.generic) else found)
    except Exception:  # noqa: BLE001
        return None


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and (
        one == other or (isinstance(one, float) and math.isclose(one, other, rel_tol=1e-12))
    )


def check(function: Any, kind: str, result: str, values: list[Any]) -> None:
    sent = [None if value is None or value != value else value for value in values]
    if kind == "datetime":
        sent = [None if value is None else (value - EPOCH) // dt.timedelta(microseconds=1) for value in values]
    rows = [(value,) for value in sent]
    found = machine(function, kind, result).results(rows)
    expected = [
        python(
            function,
            value
            if kind != "datetime" or value is None
            else pd.Timestamp(value).to_pydatetime()
            if result == "datetime"
            else pd.Timestamp(value),
            result,
        )
        for value in values
    ]
    assert all(map(same, found, expected)), list(zip(values, found, expected, strict=True))
    assert machine(function, kind, result, short=False).results(rows) == found
    assert machine(function, kind, result).results(rows[::-1]) == found[::-1]


@pytest.mark.parametrize("number", range(len(cases.TEXTS)))
def test_functions_of_texts(number: int) -> None:
    check(cases.TEXTS[number][0], "str", cases.TEXTS[number][1], [*TEXTS, None])


@pytest.mark.parametrize("number", range(len(cases.FLOATS)))
def test_functions_of_numbers(number: int) -> None:
    check(cases.FLOATS[number][0], "float", cases.FLOATS[number][1], NUMBERS)


@pytest.mark.parametrize("number", range(len(cases.DATES)))
def test_functions_of_dates(number: int) -> None:
    check(cases.DATES[number][0], "datetime", cases.DATES[number][1], MOMENTS[:-1])


@cache
def machines() -> list[tuple[Any, str, Machine]]:
    """Every function of texts, made once for all texts."""
    return [(function, result, machine(function, "str", result)) for function, result in cases.TEXTS]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=20))
def test_functions_of_any_text(text: str) -> None:
    for function, result, made in machines():
        assert made.results([(text,)]) == [python(function, text, result)], (function.__name__, text)


def a_pattern(draw: random.Random, depth: int) -> str:
    """A pattern of everything that has steps."""
    kind = draw.randrange(11 if depth else 5)
    if kind < 5:
        return draw.choice(
            ["a", "b", "K", "1", r"\n", ".", r"\w", r"\D", "[^a]", r"[a-c\s]", "[A-Zß]", "^", "$", r"\b", r"\B"]
        )
    inner = a_pattern(draw, depth - 1)
    if kind == 5:
        return f"({inner})"
    if kind == 6:
        return f"{inner}|{a_pattern(draw, depth - 1)}"
    if kind < 9:
        return f"(?:{inner}){draw.choice(['*', '+', '?', '{2}', '{1,3}', '{0,2}'])}{draw.choice(['', '?'])}"
    return inner + a_pattern(draw, depth - 1)


def test_a_pattern_finds_what_python_finds() -> None:
    draw, compared = random.Random(7), 0
    flags = (0, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.ASCII)
    for _ in range(2000):
        text, flag = a_pattern(draw, 4), draw.choice(flags)
        pattern = re.compile(text, flag)
        try:
            made = Automaton(automaton(pattern))
        except (Unwritable, BadProgram):
            continue
        value = "".join(draw.choice("abkBA1 _\nßKſ") for _ in range(draw.randrange(9)))
        for name in ("search", "match", "fullmatch"):
            found, expected = PATTERN[name](Tank(), made, value), getattr(pattern, name)(value)
            assert (found is None) is (expected is None), (name, text, flag, value)
            if found is not None:
                spans = [found.span(group) for group in range(pattern.groups + 1)]
                assert spans == [expected.span(group) for group in range(pattern.groups + 1)], (name, text, flag, value)
        assert PATTERN["findall"](Tank(), made, value) == pattern.findall(value)
        assert PATTERN["split"](Tank(), made, value) == pattern.split(value)
        assert PATTERN["sub"](Tank(), made, ("<", 0, ">"), value) == pattern.sub(r"<\g<0>>", value)
        compared += 1
    assert compared > 1000


def test_a_pattern_takes_steps_in_proportion_to_its_text() -> None:
    made, tank = Automaton(automaton("(?:(?:a|aa)+)+b")), Tank()
    assert PATTERN["search"](tank, made, "a" * 500) is None
    assert 500 < MOST_STEPS - tank.left <= len(made.steps) * 501


def test_functions_of_a_row() -> None:
    def scored(row):
        total = 0
        while total < row["f"]:
            total += 1 + len(row.t)
        return total if row.get("t") != "a" else None

    program, operands = programmed(scored, {"f": term("float"), "g": term("float"), "t": term("str")})
    assert len(operands) == 2
    found = Machine(program, ["float", "str"], "int").results([(5.0, "ab"), (1.0, "a"), (None, "x")])
    assert found == [6, None, 0]


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda t: print(t), "print"),
        (lambda t: open(t), "open"),
        (lambda t: re_.search("a", t), "re_|search"),
        (lambda t: re.search(r"(a)\1", t).group(1), "groupref in a pattern"),
        (lambda t: re.sub(r"(?=a)b", "", t), "assert in a pattern"),
        (lambda t: re.sub("a", lambda m: m.group(), t), "re.sub with a function"),
        (lambda t: pd.to_datetime(t), "to_datetime.. of a private value"),
        (lambda t: pd.Timestamp("soon"), "of what is no date"),
        (lambda t: [x for x in t].sort, "sort"),
        (lambda t: (lambda y: y)(t), "calling this"),
        (lambda t: t.__class__, "__class__"),
        (lambda t: unknown_name + t, "unknown_name"),
        (lambda t: id(t), "id"),
        (lambda t: hash(t), "hash"),
        (lambda t: (yield t), "yield"),
        (lambda t: f"{t!r}", "!r"),
        (len, "len"),
    ],
)
def test_what_has_no_word_is_refused_in_one_sentence(function: Any, sentence: str) -> None:
    with pytest.raises(Untranslatable, match=sentence):
        programmed(function, term("str"))


def writes_a_global(t):
    global COUNT
    COUNT = t
    return t


def writes_an_attribute(t):
    writes_an_attribute.seen = t
    return t


def remembers(t, seen=[]):
    seen.append(t)
    return len(seen)


CACHE: dict[str, int] = {}


def caches(t):
    CACHE[t] = 1
    return len(CACHE)


def test_what_outlives_a_call_has_no_word_or_no_effect() -> None:
    for function in (writes_a_global, writes_an_attribute):
        with pytest.raises(Untranslatable):
            programmed(function, term("str"))
    for function in (remembers, caches):
        assert machine(function, "str", "int").results([("a",), ("b",), ("a",)]) == [None] * 3
    assert CACHE == {}


def halvings_of(frame: Any) -> Any:
    return frame["weight"].map(cases.halvings, output_bounds=(0, 10))


def test_a_program_means_the_same_through_a_real_vault_and_mapper(private: PrivateDataset) -> None:
    rows = people()
    near(halvings_of(private).sum(eps=EPS), float(rows["weight"].map(cases.halvings).clip(0, 10).sum()))
    shown = private["weight"].map(cases.binned, output_categories=["bin 2", "bin 1"])
    assert shown.categorical_metadata == ["bin 2", "bin 1"]
    near(shown.count(eps=EPS), int(rows["weight"].map(cases.binned).notna().sum()))
    note = private["note"].map(cases.unknown, output_categories=["missing", "Seen Twice"])
    counted = rows["note"].map(cases.unknown).value_counts()
    near((note == "missing").sum(eps=EPS), int(counted["missing"]))


def test_programs_of_programs_and_conditions(private: PrivateDataset) -> None:
    rows = people()
    near(private["age"][lambda a: a > 3].count(eps=EPS), len(rows))
    twice = halvings_of(private).map(lambda n: len(str(n * 1.5)), output_bounds=(0, 9))
    near(twice.sum(eps=EPS), float(rows["weight"].map(cases.halvings).map(lambda n: len(str(n * 1.5))).sum()))
    frame = private.copy()
    frame["n"] = halvings_of(private)
    kept = frame[
        frame.apply(lambda row: cases.halvings(row["weight"]) + row["n"] > 12, axis=1, output_categories=[True, False])
    ]
    truth = rows["weight"].map(lambda w: cases.halvings(w) * 2 > 12).sum()
    near(kept["age"].count(eps=EPS), int(truth))


def test_without_limits_nobody_can_say_what_comes(private: PrivateDataset) -> None:
    with pytest.raises(Untranslatable, match="give output_bounds"):
        private["weight"].map(cases.halvings)
