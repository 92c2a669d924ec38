"""A plan has a public limit of work per row: else one row could be made to keep the engine busy for a time that everybody sees."""

import time
from typing import Any

import pytest

from ag_plan import expressions as words
from ag_plan.codec import decode_plan, encode_plan
from ag_plan.relations import Filter, Project, Relation
from ag_plan.releases import Count
from ag_vault.errors import Refusal
from ag_vault.expressions.pattern import problem
from ag_vault.price import Priced, schema
from tests.vault import world
from tests.vault.world import ROWS, column

LONG = "ab" * 4000
THOUSAND = words.Recode(
    operand=column("j"), keys=tuple(range(0, 10_000, 10)), values=tuple(f"v{i}" for i in range(1000))
)


def pattern(number: int, atoms: int = 60, count: int = 1) -> str:
    return "".join(rf"[^\x{{{200 + number:x}}}]{{{count}}}" for _ in range(atoms))


def table(*expressions: words.Expression, relation: Relation = ROWS) -> Project:
    names = tuple(f"o{number}" for number in range(len(expressions)))
    return Project(relation=relation, names=names, expressions=expressions)


def only_where_b(text: words.Expression) -> words.Expression:
    """A long text on the rows where b is true, and a short one elsewhere; no list of categories says so."""
    long = words.Concat(left=text, right=words.Constant(value=LONG))
    return words.Concat(left=words.Choose(condition=column("b"), then=long, otherwise=text), right=text)


def chained() -> Relation:
    relation: Relation = ROWS
    for number in range(60):
        match = words.Match(operand=column("t"), pattern=pattern(number))
        relation = Filter(relation=relation, predicate=match)
    return relation


HEAVY: dict[str, Relation] = {
    "many patterns": table(*(words.Match(operand=only_where_b(column("t")), pattern=pattern(i)) for i in range(60))),
    "many patterns in many filters": chained(),
    "many long texts": table(
        *(words.Replace(operand=only_where_b(column("t")), old="q", new=chr(65 + i % 26)) for i in range(1000))
    ),
    "many words over many categories": table(*(words.Slice(operand=THOUSAND, start=0, stop=i) for i in range(50, 150))),
    "many large tables": table(
        *(words.Recode(operand=column("j"), keys=tuple(range(0, 50_000, 10)), values=(i,) * 5000) for i in range(20))
    ),
}


@pytest.mark.parametrize("name", HEAVY)
def test_a_plan_of_too_much_work_per_row_is_refused_soon_and_before_a_row_is_read(name: str) -> None:
    started = time.process_time()
    refusal = schema(HEAVY[name], world.catalog())
    assert isinstance(refusal, Refusal)
    assert refusal.code == "too_much_work"
    assert time.process_time() - started < 20


@pytest.mark.parametrize("text", [pattern(0, atoms=20, count=30), rf"(?:{pattern(0, atoms=30)}){{20}}"])
def test_a_pattern_that_unrolls_to_very_much_is_refused(text: str) -> None:
    assert problem(text) == "the pattern repeats too much"


def test_the_heaviest_patterns_that_are_admitted_take_no_time_that_one_row_could_show() -> None:
    text = only_where_b(column("t"))
    relation = table(*(words.Match(operand=text, pattern=pattern(i)) for i in range(7)))
    release = world.ask(Count(columns=("o0", "o1", "o2", "o3", "o4", "o5", "o6")), relation=relation)
    plan = world.priced(decode_plan(encode_plan(release), type(release)))
    assert isinstance(plan, Priced)
    taken: list[float] = []
    for slow in (False, True):
        row: dict[str, Any] = {**dict.fromkeys(world.COLUMNS), "n": 0, "t": "ab", "b": slow}
        data = world.data([row])
        started = time.process_time()
        data.rows(plan.sums_sql or "")
        taken.append(time.process_time() - started)
    assert taken[1] - taken[0] < 0.5


def test_ordinary_plans_are_far_below_the_limit() -> None:
    named = words.Recode(operand=column("i"), keys=tuple(range(100)), values=tuple(f"name {i}" for i in range(100)))
    cleaned = words.Text(operator="lower", operand=words.Text(operator="strip", operand=column("t")))
    found = words.Match(operand=cleaned, pattern=r"\A[\x{30}-\x{39}]{1,10}(?:\x{2e}[\x{30}-\x{39}]+)?\z")
    relation = table(*(words.Choose(condition=found, then=named, otherwise=cleaned) for _ in range(50)))
    assert not isinstance(schema(relation, world.catalog()), Refusal)
