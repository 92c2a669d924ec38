"""Privacy units end to end: ids at the loader's door, caps, releases whose noise covers a whole unit, accounts of an id-space."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_plan.codec import encode_plan
from ag_plan.expressions import Unary
from ag_plan.messages import AskOdometer, AskSchema, Refused, Released
from ag_plan.relations import Append, Distinct, Filter, GroupUnit, Join, Project, Relation, Source, Truncate
from ag_plan.releases import Count, Describe, GroupKey, Histogram, Mean, Measure, Quantile, Size, Sum, Var
from ag_vault.account import Cap
from ag_vault.answer import Answer, answer
from ag_vault.catalog import read_dataset
from ag_vault.errors import BadData, Refusal
from ag_vault.evaluate import evaluate
from ag_vault.ledger import Receipt
from ag_vault.ledger.caps import InForce
from ag_vault.loading.build import Order, build
from ag_vault.loading.metadata import Metadata
from ag_vault.parts import Noised, Ranks
from ag_vault.price import Priced, price
from tests.vault import doors, relational, world
from tests.vault.owners import asked
from tests.vault.relational import CAP, PUBLIC, A, B
from tests.vault.world import Frozen, binary, column

KEY = bytes(range(32))
METADATA: dict[str, Any] = {
    "budget": {"epsilon": 10, "per_analyst": {"epsilon": 10}},
    "tables": {
        "visits": {
            "unit": {"id": ["pid"], "space": "patients", "max_rows": 2},
            "columns": {
                "x": {"type": "float", "lower": 0, "upper": 10},
                "s": {"type": "str", "categories": ["a", "b"]},
            },
        }
    },
}


def loaded(folder: Path, text: str, content: Any = METADATA, *, key: bytes = KEY, name: str = "out") -> Any:
    """The data set of one table of visits in ``folder/name``, from CSV text; the loader's report."""
    (folder / "m.yaml").write_text(yaml.safe_dump(content))
    (folder / "visits.csv").write_text(text)
    order = Order(
        name="Clinic",
        metadata=Metadata.read(folder / "m.yaml"),
        tables={"visits": folder / "visits.csv"},
        unit_key=key,
    )
    return build(order, folder / name, lambda _line: None)


def rows_in(folder: Path, name: str = "out") -> Counter[tuple[Any, ...]]:
    return Counter(asked(folder / name / "visits.duckdb", "SELECT x, s, __unit, __order FROM rows"))


def units_in(folder: Path, name: str = "out") -> Counter[Any]:
    return Counter(row[-2] for row in rows_in(folder, name).elements())


def test_rows_without_an_id_go_and_are_not_one_unit(tmp_path: Path) -> None:
    report = loaded(tmp_path, "pid,x,s\n1,1,a\n,2,a\nNaN,3,b\nnull,4,b\n  ,5,b\n2,6,a\n")
    assert sorted(units_in(tmp_path).values()) == [1, 1]
    assert report["visits"]["pid"] == {"no id": 4}


def test_no_unit_keeps_more_rows_than_its_cap(tmp_path: Path) -> None:
    report = loaded(tmp_path, "pid,x,s\n" + "".join(f"heavy,{i / 100},a\n" for i in range(900)) + "light,1,b\n")
    assert sorted(units_in(tmp_path).values()) == [1, 2]
    assert report["visits"]["pid"] == {"beyond max_rows": 898}
    assert {row[-1] for row in rows_in(tmp_path)} == {1, 2}


def test_the_rows_that_a_unit_keeps_do_not_depend_on_anybody_else_or_on_their_place(tmp_path: Path) -> None:
    own = [f"u,{i},a" for i in range(9)]
    others = [f"v{i % 3},{i},b" for i in range(20)]
    loaded(tmp_path, "\n".join(["pid,x,s", *own, *others]) + "\n", name="all")
    loaded(tmp_path, "\n".join(["pid,x,s", *reversed(own)]) + "\n", name="alone")
    (unit,) = units_in(tmp_path, "alone")
    kept = Counter({row: count for row, count in rows_in(tmp_path, "all").items() if row[-2] == unit})
    assert kept == rows_in(tmp_path, "alone")


def test_which_rows_stay_is_a_matter_of_the_key(tmp_path: Path) -> None:
    text = "pid,x,s\n" + "".join(f"u,{i / 10},a\n" for i in range(90))
    kept = set()
    for number in range(4):
        loaded(tmp_path, text, key=bytes([number]) * 32, name=f"out{number}")
        kept.add(frozenset(row[:2] for row in rows_in(tmp_path, f"out{number}")))
    assert len(kept) > 1


def test_one_id_is_one_unit_however_it_is_written_and_differs_by_key_and_space(tmp_path: Path) -> None:
    loaded(tmp_path, "pid,x,s\n7,1,a\n7.0,2,a\n", name="out1")
    (unit,) = units_in(tmp_path, "out1")
    loaded(tmp_path, "pid,x,s\n 7 ,1,a\n", name="again")
    loaded(tmp_path, "pid,x,s\n7,1,a\n", key=bytes(32), name="key")
    other = yaml.safe_load(yaml.safe_dump(METADATA).replace("patients", "doctors"))
    loaded(tmp_path, "pid,x,s\n7,1,a\n", other, name="space")
    assert unit in units_in(tmp_path, "again")
    assert unit not in units_in(tmp_path, "key")
    assert unit not in units_in(tmp_path, "space")


def test_several_id_columns_are_one_id_and_parts_do_not_run_together(tmp_path: Path) -> None:
    content = yaml.safe_load(yaml.safe_dump(METADATA).replace("- pid", "- ward\n      - number"))
    loaded(tmp_path, "ward,number,x,s\n1,11,1,a\n11,1,2,a\n1,,3,b\n,1,4,b\n1,11,5,b\n", content)
    assert sorted(units_in(tmp_path).values()) == [1, 2]
    assert next(iter(read_dataset(tmp_path / "out").tables["visits"].columns)) == "ward_number"


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no id": ({"id": []}, "needs one id column"),
    "twice": ({"id": ["pid", "pid"]}, "several different ones"),
    "a described id": ({"id": ["x"]}, "isn't described"),
    "no rows": ({"max_rows": 0}, "max_rows between"),
    "a strange space": ({"space": "a b"}, "letters, digits"),
    "a file without it": ({"id": ["who"]}, "lacks the column 'who'"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_unit_that_can_not_be_is_one_sentence(tmp_path: Path, name: str) -> None:
    change, sentence = BAD[name]
    content = yaml.safe_load(yaml.safe_dump(METADATA))
    content["tables"]["visits"]["unit"] |= change
    with pytest.raises(BadData, match=sentence):
        loaded(tmp_path, "pid,x,s\n7,1,a\n", content)


def test_a_data_set_of_an_id_space_is_charged_there(tmp_path: Path) -> None:
    loaded(tmp_path, "pid,x,s\n7,1,a\n")
    dataset = read_dataset(tmp_path / "out")
    assert dataset.account == dataset.tables["visits"].account == "space:patients"


def test_what_is_asked_of_two_data_sets_keeps_within_the_caps_of_both() -> None:
    loose, tight = Cap(epsilon=Fraction(9), delta=Fraction(1, 10**9)), Cap(epsilon=Fraction(2), delta=Fraction(1, 100))
    both = InForce(everyone=loose, analyst=tight, call=loose) & InForce(everyone=tight, analyst=loose, call=loose)
    assert both.everyone == both.analyst == Cap(epsilon=Fraction(2), delta=Fraction(1, 10**9))
    assert both.call == loose


MEASURES: dict[str, Measure] = {
    "size": Size(),
    "count": Count(columns=("pid", "x")),
    "sum": Sum(columns=("x",)),
    "mean": Mean(columns=("x",)),
    "var": Var(columns=("x",)),
    "quantile": Quantile(columns=("x",), probabilities=(0.5, 0.9)),
    "describe": Describe(columns=("x",)),
    "histogram": Histogram(column="x", edges=(0.0, 0.5, 1.0)),
}
GROUPS: dict[str, tuple[GroupKey, ...]] = {"whole": (), "by value": (GroupKey(column="x"),)}
DATABASE = st.lists(
    st.tuples(st.sampled_from([A.table, B.table]), st.integers(1, 3), st.tuples(st.none() | st.integers(0, 1))),
    max_size=9,
).map(lambda rows: tuple(row for i, row in enumerate(rows) if sum(other[:2] == row[:2] for other in rows[:i]) < CAP))


def of(measure: Measure, relation: Relation = A, by: tuple[GroupKey, ...] = ()) -> Priced:
    found = price(world.ask(measure, relation=relation, by=by, eps=Fraction(1, 3)), relational.catalog())
    assert isinstance(found, Priced), found
    return found


def loss(plan: Priced, one: Any, other: Any) -> Fraction:
    """The ε that telling two databases apart is worth, at most: by what their exact integers are apart, in units of the noise."""
    spent = Fraction(0)
    for number, part in enumerate(plan.parts):
        for group in range(plan.groups):
            key = number, group
            if isinstance(part, Noised):
                moved = sum(abs(a - b) for a, b in zip(one.vectors[key], other.vectors[key], strict=True))
                spent += Fraction(moved) / Fraction(plan.scales[number])
            elif isinstance(part, Ranks):
                tallies = [
                    dict(zip(t.positions.tolist(), t.counts.tolist(), strict=True))
                    for t in (one.tallies[key], other.tallies[key])
                ]
                places = tallies[0].keys() | tallies[1].keys()
                rows = sum(abs(tallies[0].get(place, 0) - tallies[1].get(place, 0)) for place in places)
                spent += rows * plan.epsilons[number]
    return spent


@pytest.mark.parametrize("grouping", GROUPS)
@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(database=DATABASE)
def test_a_whole_unit_is_worth_no_more_than_epsilon(measure: str, grouping: str, database: Any) -> None:
    plan = of(MEASURES[measure], by=GROUPS[grouping])
    whole = evaluate(plan, relational.put(database))
    for other in relational.neighbours(database):
        assert loss(plan, whole, evaluate(plan, relational.put(other))) <= Fraction(1, 3)


SPENDING: dict[str, Relation] = {
    "sums of each unit": GroupUnit(relation=A, by=("pid",), names=("x",), functions=("sum",), columns=("x",)),
    "means of each unit": GroupUnit(relation=A, by=("pid",), names=("x",), functions=("mean",), columns=("x",)),
    "two tables": Append(
        left=A, right=Project(relation=B, names=("pid", "x"), expressions=(column("pid"), column("y")))
    ),
    "side by side": Join(left=A, right=B, left_on=("pid",), right_on=("pid",), how="outer"),
    "looked up": Join(left=A, right=PUBLIC, left_on=("x",), right_on=("k",), how="outer", matches=2),
    "distinct": Distinct(relation=A, columns=("x",)),
}


@pytest.mark.parametrize("name", SPENDING)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(database=DATABASE, measure=st.sampled_from(sorted(MEASURES)), grouping=st.sampled_from(sorted(GROUPS)))
def test_after_every_word_a_whole_unit_is_worth_no_more_than_epsilon(
    name: str, database: Any, measure: str, grouping: str
) -> None:
    relation = SPENDING[name]
    words = MEASURES[measure]
    if isinstance(words, Count):
        words = Count(columns=("x",))
    if isinstance(price(world.ask(words, relation=relation, by=GROUPS[grouping]), relational.catalog()), Refusal):
        grouping = "whole"  # means of a unit are no keys
    plan = of(words, relation, GROUPS[grouping])
    whole = evaluate(plan, relational.put(database))
    for other in relational.neighbours(database):
        assert loss(plan, whole, evaluate(plan, relational.put(other))) <= Fraction(1, 3)


@pytest.mark.parametrize("name", SPENDING)
@settings(max_examples=6, deadline=None, derandomize=True)
@given(database=DATABASE, other=DATABASE, measure=st.sampled_from(sorted(MEASURES)))
def test_with_noise_frozen_nothing_but_numbers_depends_on_rows(
    name: str, database: Any, other: Any, measure: str
) -> None:
    words = MEASURES[measure]
    release = world.ask(Count(columns=("x",)) if isinstance(words, Count) else words, relation=SPENDING[name])
    noises, seen = (Frozen(), Frozen()), []
    for rows, noise in zip((database, other), noises, strict=True):
        found = answer(
            release,
            catalog=relational.catalog(),
            charge=lambda plan: Receipt(sequence=1, event=plan.event),
            data=relational.put(rows),
            noise=noise,
        )
        assert isinstance(found, Answer)
        seen.append(replace(found, values=(), half_widths=()))
    assert seen[0] == seen[1]
    assert noises[0].asked == noises[1].asked


@pytest.mark.parametrize("relation", [A, Truncate(relation=A, rows=1)])
@pytest.mark.parametrize("measure", ["size", "sum", "mean", "var", "histogram", "quantile"])
def test_the_noise_is_for_a_whole_unit_and_for_no_more(measure: str, relation: Relation) -> None:
    plan = of(MEASURES[measure], relation)
    heavy = tuple((A.table, 1, (1,)) for _ in range(CAP))
    spent = loss(plan, evaluate(plan, relational.put(heavy)), evaluate(plan, relational.put(())))
    assert Fraction(99, 100) * Fraction(1, 3) <= spent <= Fraction(1, 3)


def test_a_tighter_cap_makes_less_noise() -> None:
    assert of(Size()).scales[0] == pytest.approx(CAP * 3)
    assert of(Size(), Truncate(relation=A, rows=1)).scales[0] == pytest.approx(3)


def test_groups_share_a_unit_and_the_noise_is_the_same_in_each() -> None:
    plan = of(Size(), by=(GroupKey(column="x"),))
    spread = ((A.table, 1, (0,)), (A.table, 1, (1,)))
    spent = loss(plan, evaluate(plan, relational.put(spread)), evaluate(plan, relational.put(())))
    assert spent <= Fraction(1, 3) < spent * Fraction(101, 100)


def test_an_id_is_counted_and_never_computed_with() -> None:
    assert of(Count(columns=("pid",))).scales[0] == pytest.approx(CAP * 3)
    expressions = (
        binary("eq", column("pid"), "7"),
        binary("add", column("pid"), 1),
        Unary(operator="neg", operand=column("pid")),
    )
    for expression in expressions:
        for relation in (
            Filter(relation=A, predicate=expression),
            Project(relation=A, names=("p",), expressions=(expression,)),
        ):
            found = price(world.ask(Size(), relation=relation), relational.catalog())
            assert isinstance(found, Refusal)
            assert found.error == "TypeError"
    for measure in (
        Sum(columns=("pid",)),
        Histogram(column="pid", edges=(0.0, 1.0)),
        Quantile(columns=("pid",), probabilities=(0.5,)),
    ):
        assert isinstance(price(world.ask(measure, relation=A), relational.catalog()), Refusal)
    assert isinstance(price(world.ask(Size(), relation=A, by=(GroupKey(column="pid"),)), relational.catalog()), Refusal)


def test_data_sets_of_one_id_space_share_one_account_and_each_keeps_its_own_caps(tmp_path: Path) -> None:
    tight = METADATA | {"budget": {"epsilon": 2, "per_analyst": {"epsilon": 2}}}
    for name, content in (("clinic", METADATA), ("lab", tight)):
        (tmp_path / name).mkdir()
        (tmp_path / "m.yaml").write_text(yaml.safe_dump(content))
        (tmp_path / "visits.csv").write_text("pid,x,s\n7,1,a\n8,2,b\n")
        metadata = Metadata.read(tmp_path / "m.yaml")
        order = Order(name=name, metadata=metadata, tables={"visits": tmp_path / "visits.csv"}, unit_key=KEY)
        build(order, tmp_path / name / "1", lambda _line: None)
    places = [{"name": name, "path": str(tmp_path / name / "1")} for name in ("clinic", "lab")]
    with doors.served(tmp_path, tmp_path / "ledger.sqlite", datasets=places) as served:

        def spent() -> dict[str, float]:
            return {each.dataset: each.epsilon_spent for each in served.ask(AskOdometer(id=1)).balances}

        assert isinstance(served.release(Size(), table="clinic/visits"), Released)
        assert spent() == {"clinic": 1, "lab": 1}
        assert isinstance(served.release(Sum(columns=("x",)), 2, table="lab/visits"), Refused)
        assert isinstance(served.release(Sum(columns=("x",)), 1, table="lab/visits"), Released)
        assert spent() == {"clinic": 2, "lab": 2}
        assert isinstance(served.release(Mean(columns=("x",)), 1, table="clinic/visits"), Released)
        schema = served.ask(AskSchema(id=2, relation=encode_plan(Source(table="lab/visits"))))
        assert {each.name: each.kind for each in schema.columns} == {"pid": "id", "x": "float", "s": "str"}
