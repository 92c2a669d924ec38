"""Words on texts, tables and dates: what Python means by them, total on every text, categories that hold every value."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_plan import expressions as words
from ag_vault.errors import Refusal
from ag_vault.expressions.pattern import problem
from ag_vault.expressions.text import BLANKS
from tests.vault.test_expressions import computed, inside
from tests.vault.world import column, engine

TEXT, CATEGORY = column("t"), column("s")
NASTY = [
    None,
    "",
    " ",
    "a",
    "A,b,,c",
    "ß",
    "İΣσς",
    "\x00x".strip("\x00"),
    "é\u0301",
    "👨‍👩‍👧",
    "x" * 70_000,
    "\u2003a\u00a0",
    "'; DROP TABLE",
    "\\1 $&",
    "\n",
]
WORDS: list[tuple[words.Expression, Any]] = [
    (words.Text(operator="strip", operand=TEXT), str.strip),
    (words.Text(operator="lstrip", operand=TEXT), str.lstrip),
    (words.Text(operator="rstrip", operand=TEXT), str.rstrip),
    (words.Text(operator="length", operand=TEXT), len),
    (words.TextHas(test="contains", operand=TEXT, needle=","), lambda t: "," in t),
    (words.TextHas(test="startswith", operand=TEXT, needle="A"), lambda t: t.startswith("A")),
    (words.TextHas(test="endswith", operand=TEXT, needle="σς"), lambda t: t.endswith("σς")),
    (words.Replace(operand=TEXT, old=",", new=""), lambda t: t.replace(",", "")),
    (words.Piece(operand=TEXT, separator=",", index=0), lambda t: t.split(",")[0]),
    (words.Piece(operand=TEXT, separator=",", index=-1), lambda t: t.split(",")[-1]),
    *[(words.Slice(operand=TEXT, start=a, stop=b), lambda t, a=a, b=b: t[a:b]) for a in (0, 1, -2, 9, -(2**63)) for b in (None, 0, 2, -1, 2**63 - 1)],
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(WORDS)))
def test_a_word_on_texts_means_what_python_means(number: int) -> None:
    word, meaning = WORDS[number]
    outcome = computed(word, [{"t": text} for text in NASTY])
    assert not isinstance(outcome, Refusal)
    assert outcome[1] == [None if text is None else meaning(text) for text in NASTY]


def test_cases_of_letters_are_pythons_or_null_on_every_character() -> None:
    for operator, meaning in (("lower", str.lower), ("upper", str.upper)):
        outcome = computed(words.Text(operator=operator, operand=TEXT), [])  # type: ignore[arg-type]
        assert not isinstance(outcome, Refusal)
        engine().execute('DELETE FROM "demo/rows"')
        points = "range(1, 1114112) r(p) WHERE p NOT BETWEEN 55296 AND 57343"
        engine().execute(f"INSERT INTO \"demo/rows\" (t) SELECT chr(p::INT) || 'A' FROM {points}")
        made = engine().execute(_query(operator)).fetchall()
        wrong = [text for text, found in made if found is not None and found != meaning(text)]
        assert wrong == []
        assert sum(found is None for _, found in made) < 400


def _query(operator: str) -> str:
    from sqlglot import exp

    from ag_vault.expressions.term import Scope, Steps, Term
    from ag_vault.expressions.text import rule
    from ag_vault.space import ColumnSpace

    term = Term(space=ColumnSpace(kind="str"), sql=exp.column("t", quoted=True))
    found = rule(words.Text(operator=operator, operand=TEXT), (term,), Scope(columns={}, steps=Steps()))  # type: ignore[arg-type]
    assert isinstance(found, Term)
    return exp.select(exp.column("t"), found.sql).from_('"demo/rows"').sql("duckdb")


def test_categories_hold_every_value_that_a_word_makes_of_them() -> None:
    rows = [{"s": text} for text in ("x", "y", "z", None)]
    made: list[words.Expression] = [
        words.Text(operator="upper", operand=CATEGORY),
        words.Concat(left=CATEGORY, right=words.Constant(value="!")),
        words.Concat(left=CATEGORY, right=CATEGORY),
        words.Recode(operand=CATEGORY, keys=("x", "y", "q"), values=("one", "two", "never")),
        words.Replace(operand=CATEGORY, old="x", new="y"),
        words.Slice(operand=CATEGORY, start=1, stop=None),
    ]
    for word in made:
        outcome = computed(word, rows)
        assert not isinstance(outcome, Refusal)
        space, found = outcome
        assert space.categories is not None
        assert all(inside(space, value) for value in found)
    recoded = computed(made[3], rows)
    assert not isinstance(recoded, Refusal)
    assert recoded[0].categories == ("one", "two")


def test_no_plan_makes_texts_grow_without_end() -> None:
    grown: words.Expression = TEXT
    for _ in range(14):
        grown = words.Concat(left=grown, right=grown)
    outcome = computed(grown, [{"t": "ab"}])
    assert not isinstance(outcome, Refusal)
    assert outcome[1] == [None]
    for _ in range(46):
        grown = words.Concat(left=grown, right=grown)
    assert isinstance(computed(grown, [{"t": "ab"}]), Refusal)
    swollen: words.Expression = TEXT
    for _ in range(8):
        swollen = words.Replace(operand=swollen, old="a", new="aaaaaaaa")
    outcome = computed(swollen, [{"t": "a"}])
    assert not isinstance(outcome, Refusal)
    assert outcome[1] == [None] or len(str(outcome[1][0])) <= 1 << 16


@pytest.mark.parametrize("micros", [None, -(2**63), -(10**17), -1, 0, 10**15, 253402300799999999, 2**63 - 1])
def test_fields_of_a_date_are_defined_on_every_integer(micros: int | None) -> None:
    from datetime import datetime, timedelta

    wide = words.Cast(operand=words.Cast(operand=column("j"), to="int"), to="datetime")
    for field in words.DateField.__args__:
        outcome = computed(words.DatePart(operand=wide, field=field), [{"j": micros}])
        assert not isinstance(outcome, Refusal)
        space, (found,) = outcome
        assert inside(space, found)
        if micros is not None and abs(micros) < 10**17 and field in ("year", "month", "hour", "microsecond"):
            assert found == getattr(datetime(1970, 1, 1) + timedelta(microseconds=micros), field)  # noqa: DTZ001


PARTS = st.sampled_from(
    [
        r"\x{61}",
        r"[\x{61}-\x{7a}]",
        r"[^\x{a}]",
        "(",
        "(?:",
        ")",
        "|",
        "*",
        "+",
        "?",
        "{2}",
        "{3,}",
        "{2,9}",
        r"\A",
        r"\z",
        r"\b",
        "a",
        "\\",
        "(?=",
        "]",
    ]
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(parts=st.lists(PARTS, max_size=8))
def test_a_pattern_that_is_admitted_never_fails_in_the_engine(parts: list[str]) -> None:
    pattern = "".join(parts)
    if problem(pattern) is None:
        engine().execute(
            "SELECT regexp_matches('abc', ?), regexp_extract('abc', ?), regexp_replace('abc', ?, 'x', 'g')",
            [pattern] * 3,
        ).fetchall()


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "a",
        r"\x{0}",
        r"\x{d800}",
        r"\x{110000}",
        r"[\x{7a}-\x{61}]",
        r"(?:\x{61}{99}){99}",
        r"\x{61}**",
        "(?P<n>)",
        r"\x{61}{9,2}",
        "x" * 5000,
    ],
)
def test_a_pattern_outside_the_small_language_is_refused(pattern: str) -> None:
    for word in (
        words.Match(operand=TEXT, pattern=pattern),
        words.Extract(operand=TEXT, pattern=pattern),
        words.Substitute(operand=TEXT, pattern=pattern, replacement=""),
    ):
        assert isinstance(computed(word, []), Refusal)


def test_wrong_kinds_and_texts_are_refused_by_name() -> None:
    wrong: list[words.Expression] = [
        words.Text(operator="lower", operand=column("f")),
        words.DatePart(operand=TEXT, field="year"),
        words.Concat(left=TEXT, right=column("i")),
        words.Recode(operand=CATEGORY, keys=("x", "y"), values=("a", 1)),
        words.Recode(operand=CATEGORY, keys=("\x00",), values=(1,)),
        words.TextHas(test="contains", operand=TEXT, needle="\x00"),
        words.Unary(operator="log2", operand=TEXT),
        words.Extract(operand=TEXT, pattern=r"(\x{61})", group=2),
    ]
    assert [word for word in wrong if not isinstance(computed(word, []), Refusal)] == []


def test_blanks_are_pythons() -> None:
    assert {chr(code) for code in range(0x110000) if chr(code).isspace()} == set(BLANKS)
