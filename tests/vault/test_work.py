"""A plan has a public limit of work per row: else one row could be made to keep the engine busy for a time that everybody sees."""

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import structs

from ag_plan import expressions as words
from ag_plan.codec import decode_plan, encode_plan
from ag_plan.relations import Append, Distinct, Filter, GroupUnit, Join, Project, Relation
from ag_plan.releases import Count, Cov, Delta, GroupKey, Mean, Quantile, Release, Size
from ag_vault.errors import Refusal
from ag_vault.expressions.pattern import problem
from ag_vault.price import Priced
from ag_vault.schedule import FIRST_SLOT
from ag_vault.space import USUAL_CHARACTERS, ColumnSpace
from tests.vault import neighbours, world
from tests.vault.cases import EXPRESSIONS
from tests.vault.world import ROWS, binary, column, schema

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
    "many searches in a long text": table(
        *(words.TextHas(test="contains", operand=column("o0"), needle="a" * 17 + f"b{i}") for i in range(1100)),
        relation=table(only_where_b(column("t"))),
    ),
    "many parts far into a long text": table(
        *(words.Slice(operand=column("o0"), start=8000 - i, stop=8001 - i) for i in range(1100)),
        relation=table(only_where_b(column("t"))),
    ),
    "a long text that is often read as a number": table(
        *(words.Cast(operand=column("o0"), to="int") for _ in range(1100)), relation=table(only_where_b(column("t")))
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
    text = Project(relation=ROWS, names=("text",), expressions=(only_where_b(column("t")),))
    relation = table(*(words.Match(operand=column("text"), pattern=pattern(i)) for i in range(4)), relation=text)
    release = world.ask(Count(columns=tuple(relation.names)), relation=relation)
    plan = world.priced(decode_plan(encode_plan(release), type(release)))
    assert isinstance(plan, Priced)
    taken: list[float] = []
    for slow in (False, True):
        row: dict[str, Any] = {**dict.fromkeys(world.COLUMNS), "n": 0, "t": "ab", "b": slow}
        data = world.data([row])
        started = time.process_time()
        data.rows(plan.sums_sql or "")
        taken.append(time.process_time() - started)
    assert taken[1] - taken[0] < 0.25


MANY_STATES = r"(?:\x{61}|\x{62})*\x{61}(?:\x{61}|\x{62}){60}\x{63}"
"""Of which an automaton has to remember the last sixty letters: nothing it has seen is seen again, so that it keeps none of its states."""
NOTES = {"t": ColumnSpace(kind="str", longest=16_000), "b": ColumnSpace(kind="bool")}


def notes() -> list[dict[str, Any]]:
    letters = random.Random(7)
    return [{"t": "".join(letters.choices("ab", k=16_000)), "b": True}, {"t": "a", "b": True}]


def seconds(relation: Relation, row: dict[str, Any]) -> float:
    """What a table of one row takes, at best."""
    plan = world.priced(world.ask(Size(), relation=relation), NOTES)
    data, taken = world.data([row], NOTES), list[float]()
    for _ in range(5):
        started = time.process_time()
        data.rows(plan.sums_sql or "")
        taken.append(time.process_time() - started)
    return min(taken)


def test_a_pattern_counts_for_what_it_takes_where_its_automaton_forgets_all_it_has_seen() -> None:
    """The whole of what a row may be asked for is within the first slot of the schedule on a processor of today; four of them here, as others may be at work."""
    relation = Filter(relation=ROWS, predicate=words.Match(operand=column("t"), pattern=MANY_STATES))
    assert not isinstance(schema(relation, world.catalog(NOTES)), Refusal)
    assert isinstance(schema(Filter(relation=relation, predicate=relation.predicate), world.catalog(NOTES)), Refusal)
    long, short = notes()
    assert seconds(relation, long) - seconds(relation, short) < 4 * FIRST_SLOT


def doubled(name: str, step: words.Expression, first: words.Expression, times: int = 14) -> Relation:
    """A column that is made of itself, and of itself again, so many times over."""
    kept = {each: column(each) for each in "bfn" if each != name}
    relation: Relation = Project(relation=ROWS, names=(name, *kept), expressions=(first, *kept.values()))
    for _ in range(times):
        relation = Project(relation=relation, names=(name, *kept), expressions=(step, *kept.values()))
    return relation


MARK = "found nowhere else"
SHORT = world.COLUMNS | {"t": ColumnSpace(kind="str", longest=50)}
SEARCHED = words.TextHas(test="contains", operand=column("t"), needle=MARK)
TWICE: dict[str, tuple[str, words.Expression, words.Expression]] = {
    "a truth": ("o", binary("xor", column("o"), binary("and", column("o"), column("b"))), SEARCHED),
    "a number": (
        "o",
        words.Choose(condition=binary("gt", column("o"), 0.5), then=column("o"), otherwise=column("f")),
        words.Choose(condition=SEARCHED, then=column("f"), otherwise=words.Constant(value=1.0)),
    ),
    "a text": (
        "o",
        words.Choose(condition=binary("eq", column("o"), "x"), then=column("o"), otherwise=words.Constant(value="y")),
        words.Choose(condition=SEARCHED, then=column("t"), otherwise=words.Constant(value="z")),
    ),
}


def read_by_conditions() -> Iterator[tuple[str, Release]]:
    """A value that is made of itself again and again, and then of each kind of condition that a plan has."""
    found = (GroupKey(column="o", found=True),)
    delta = Delta(numerator=1, denominator=10**6)
    for name, (column_of, step, first) in TWICE.items():
        relation = doubled(column_of, step, first)
        judged = {
            "a truth": column("o"),
            "a number": binary("gt", column("o"), 0.25),
            "a text": binary("eq", column("o"), "x"),
        }[name]
        yield f"{name}, filtered", world.ask(Size(), relation=Filter(relation=relation, predicate=judged))
        again = Filter(relation=Distinct(relation=relation, columns=("o",)), predicate=judged)
        yield f"{name}, filtered when sorted", world.ask(Size(), relation=again)
        if name == "a number":
            bounded = {each: words.Clamp(operand=column(each), lower=0, upper=1) for each in "of"}
            both = Project(relation=relation, names=tuple(bounded), expressions=tuple(bounded.values()))
            yield f"{name}, where it is there", world.ask(Cov(columns=("o", "f")), relation=both)
        if name == "a text":
            for measure in (Size(), Mean(columns=("f",)), Quantile(columns=("f",), probabilities=(0.5,))):
                yield (
                    f"{name}, found by {type(measure).__name__}",
                    Release(relation=relation, measure=measure, spend=world.epsilon(), by=found, delta=delta),
                )
            asked = structs.replace(EXPRESSIONS[words.Mapped][0], operands=(column("o"),))
            yield f"{name}, mapped", world.ask(Count(columns=("o0",)), relation=table(asked, relation=relation))


ASKED = dict(read_by_conditions())


@pytest.mark.parametrize("name", ASKED)
def test_a_value_that_is_made_of_itself_is_computed_once_whatever_condition_reads_it(name: str) -> None:
    """An engine that wrote out what a condition is on did so for each time that it was read: one row kept it busy for a minute."""
    plan = world.priced(decode_plan(encode_plan(ASKED[name]), Release), SHORT)
    queries = [plan.sums_sql, plan.tallies_sql(), plan.finding.sql if plan.finding else None]
    queries += [asking.sql for asking in plan.askings]
    data = world.data([{"f": f, "n": 1, "b": f > 1, "t": f"{MARK} {f}", "s": "x"} for f in (0.5, 1.5, 2.5)], SHORT)
    for asking in plan.askings:
        keys = ", ".join(f'"map key {n}" VARCHAR' for n in range(len(asking.lookup.keys)))
        data.rows(f'CREATE OR REPLACE TABLE "{asking.lookup.table}" ({keys}, "map value" VARCHAR)')
    for sql in filter(None, queries):
        ((_, planned),) = data.rows(f"EXPLAIN (FORMAT JSON) {sql}")
        # Where the engine computes it, it says its name; a condition into which it was written out says all of it.
        assert planned.count(MARK) <= 4


@pytest.mark.parametrize(("how", "times"), [("beside", 2), ("beside", 6), ("above", 3)])
def test_work_on_the_texts_of_all_sides_counts_and_so_often_as_rows_become_many(how: str, times: int) -> None:
    """Each side of a join has its own work on the rows of a unit: the most of them was no bound."""
    text = words.Match(operand=column("t"), pattern=pattern(0, atoms=1, count=120))
    keyed: Relation = Project(relation=neighbours.VISITS, names=("pid", "o"), expressions=(column("pid"), text))
    once: Relation = GroupUnit(relation=keyed, by=("pid",), names=("o",), functions=("max",), columns=("o",))
    catalog = neighbours.catalog()
    assert not isinstance(schema(once, catalog), Refusal)
    heavy = [
        Project(relation=once, names=("pid", f"o{n}"), expressions=(column("pid"), column("o"))) for n in range(times)
    ]
    relation: Relation = heavy[0]
    for n, other in enumerate(heavy[1:], start=1):
        if how == "beside":
            relation = Join(left=relation, right=other, left_on=("pid",), right_on=("pid",))
        else:
            same = Project(relation=other, names=("pid", "o0"), expressions=(column("pid"), column(f"o{n}")))
            relation = Append(left=relation, right=same)
    found = schema(relation, catalog)
    assert isinstance(found, Refusal) is (times > 2)
    assert not isinstance(found, Refusal) or found.code == "too_many_joins"


TEXT_TABLE = {f"t{number}": ColumnSpace(kind="str", longest=1000) for number in range(20)}
BESIDE = Project(relation=ROWS, names=tuple(TEXT_TABLE), expressions=tuple(column(f"t{i}") for i in range(20)))


def test_the_texts_of_a_row_and_what_is_made_of_them_have_a_public_limit() -> None:
    made = [words.Text(operator="strip", operand=column("t0")) for _ in range(200)]
    catalog = world.catalog(TEXT_TABLE)
    refusal = schema(table(*made), catalog)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "too_much_work"
    assert not isinstance(schema(table(*made[:100]), catalog), Refusal)
    short = [words.Slice(operand=each, start=0, stop=10) for each in made[:50]]
    assert not isinstance(schema(table(*short), catalog), Refusal)


def test_the_list_of_a_text_s_pieces_counts_beside_the_piece_that_is_taken_of_it() -> None:
    """Else a chunk of long texts that are all separators would take more than the engine has, and fail by what its rows hold."""
    for longest, refused in ((26_000, False), (27_000, True)):
        catalog = world.catalog({"t": ColumnSpace(kind="str", longest=longest)})
        for separator in (",", None):
            piece = words.Piece(operand=column("t"), separator=separator, index=0)
            assert isinstance(schema(table(piece), catalog), Refusal) is refused


def test_texts_that_a_mapper_makes_count_too() -> None:
    made = [EXPRESSIONS[words.Mapped][0]] * 7
    own = {**world.COLUMNS, "t": ColumnSpace(kind="str", longest=8192)}
    for longest, refused in ((65_000, False), (66_000, True)):
        catalog = world.catalog({**own, "note": ColumnSpace(kind="str", longest=longest)})
        assert isinstance(schema(table(*made), catalog), Refusal) is refused


def test_texts_count_again_each_time_that_rows_are_sorted_or_put_together() -> None:
    catalog = world.catalog(TEXT_TABLE)
    relation: Relation = ROWS
    for _ in range(5):
        relation = Distinct(relation=relation, columns=("t0",))
    assert not isinstance(schema(relation, catalog), Refusal)
    relation = Distinct(relation=relation, columns=("t0",))
    beside = Append(left=BESIDE, right=Append(left=ROWS, right=Append(left=ROWS, right=ROWS)))
    refused = schema(relation, catalog), schema(beside, catalog)
    assert [each.code for each in refused if isinstance(each, Refusal)] == ["too_much_text", "too_much_text"]
    one = Project(relation=ROWS, names=("t0",), expressions=(column("t0"),))
    for _ in range(5):
        one = Distinct(relation=one, columns=("t0",))  # type: ignore[assignment]
    assert not isinstance(schema(one, catalog), Refusal)


def test_how_long_a_text_may_be_follows_from_how_long_its_parts_may_be() -> None:
    t = column("t")
    lengths = {
        t: 100,
        words.Text(operator="upper", operand=t): 100,
        words.Slice(operand=t, start=2, stop=9): 7,
        words.Slice(operand=t, start=-9, stop=-2): 7,
        words.Slice(operand=t, start=-5, stop=None): 5,
        words.Slice(operand=t, start=-5, stop=3): 5,
        words.Slice(operand=t, start=90, stop=None): 100,
        words.Concat(left=t, right=t): 200,
        words.Replace(operand=t, old="ab", new="abc"): 200,
        words.Replace(operand=t, old="abc", new="x"): 100,
        words.Choose(condition=column("b"), then=words.Slice(operand=t, start=0, stop=3), otherwise=t): 100,
        words.Coalesce(operand=words.Slice(operand=t, start=0, stop=3), fallback=words.Constant(value="unknown")): 7,
        words.Cast(operand=column("j"), to="str"): 20,
        words.Piece(operand=t, separator=",", index=0): 100,
        words.Extract(operand=t, pattern=r"(\x{61})", group=1): 100,
        words.Substitute(operand=t, pattern=r"\x{61}", replacement="bb"): 302,
        words.Substitute(operand=t, pattern=r"\x{61}", replacement=""): 100,
        words.Substitute(operand=words.Slice(operand=t, stop=1), pattern=r"\b", replacement="xyz"): 7,
        words.Substitute(operand=words.Slice(operand=t, stop=0), pattern=r"\x{61}*", replacement="xyz"): 3,
    }
    catalog = world.catalog({**world.COLUMNS, "t": ColumnSpace(kind="str", longest=100)})
    for expression, longest in lengths.items():
        found = schema(table(expression, words.Text(operator="length", operand=expression)), catalog)
        assert not isinstance(found, Refusal)
        assert found.columns["o0"].characters == longest, expression
        assert found.columns["o1"].bounds == (0, longest), expression


def test_ordinary_plans_are_far_below_the_limit() -> None:
    named = words.Recode(operand=column("i"), keys=tuple(range(100)), values=tuple(f"name {i}" for i in range(100)))
    cleaned = words.Text(operator="lower", operand=words.Text(operator="strip", operand=column("t")))
    found = words.Match(operand=cleaned, pattern=r"\A[\x{30}-\x{39}]{1,10}(?:\x{2e}[\x{30}-\x{39}]+)?\z")
    relation = table(*(words.Choose(condition=found, then=named, otherwise=cleaned) for _ in range(50)))
    usual = {**world.COLUMNS, "t": ColumnSpace(kind="str", longest=USUAL_CHARACTERS)}
    assert not isinstance(schema(relation, world.catalog(usual)), Refusal)


@pytest.mark.parametrize(("matches", "refused"), [(1, False), (50, False), (100, True)])
def test_remainders_of_doubles_count_for_each_row_that_a_join_makes_of_one(matches: int, refused: bool) -> None:
    """Each takes ten microseconds where it is asked of numbers that are far apart: a hundred rows of two hundred of them were felt by a second."""
    joined = Join(left=neighbours.ROWS, right=neighbours.LOOKUP, left_on=("s",), right_on=("k",), matches=matches)
    rest = [
        words.Binary(operator="fmod", left=column("f"), right=words.Constant(value=n * 1e-300)) for n in range(1, 31)
    ]
    found = schema(table(*rest, relation=joined), neighbours.catalog())
    assert isinstance(found, Refusal) is refused
    whole = [words.Binary(operator="mod", left=column("i"), right=words.Constant(value=n)) for n in range(1, 31)]
    assert not isinstance(schema(table(*whole, relation=joined), neighbours.catalog()), Refusal)
