"""Groups whose keys are found: what neighbours may differ in, what is told, and what is refused before a row is read."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_plan import expressions as words
from ag_plan.relations import Project, Relation
from ag_plan.releases import (
    Count,
    Delta,
    Describe,
    GroupKey,
    Histogram,
    Mean,
    Measure,
    Nunique,
    Quantile,
    Release,
    Rho,
    Size,
    Std,
    Sum,
    Var,
)
from ag_vault.account import Cap
from ag_vault.answer import Answer, answer
from ag_vault.catalog import Budget, Catalog, Table
from ag_vault.errors import Refusal
from ag_vault.evaluate import DuckData, Exact, evaluate
from ag_vault.finding import CALLS, Finding
from ag_vault.ledger import Receipt
from ag_vault.mechanisms import gaussian, nested
from ag_vault.mechanisms.threshold import Sum as Added
from ag_vault.mechanisms.threshold import tail_of
from ag_vault.noise import OpenDPNoise
from ag_vault.parts import Noised, Ranks
from ag_vault.perturb import perturb
from ag_vault.price import Priced, preview, price
from ag_vault.space import ColumnSpace
from tests.vault import relational, world
from tests.vault.world import ROWS, Frozen, binary, column

DELTA = Delta(numerator=1, denominator=10**6)
MEASURES: dict[str, Measure] = {
    "size": Size(),
    "count": Count(columns=("f", "n")),
    "nunique": Nunique(columns=("i",)),
    "sum": Sum(columns=("f", "i")),
    "mean": Mean(columns=("f",)),
    "var": Var(columns=("i", "f")),
    "std": Std(columns=("n",)),
    "quantile": Quantile(columns=("f",), probabilities=(0.5, 1.0)),
    "describe": Describe(columns=("n",)),
    "histogram": Histogram(column="f", edges=(-2.0, 0.0, 3.0)),
    "mean of many": Mean(columns=("f", "i", "n", "b")),
}
GROUPINGS: dict[str, tuple[GroupKey, ...]] = {
    "text": (GroupKey(column="t", found=True),),
    "integers": (GroupKey(column="j", found=True),),
    "both, and a category": (GroupKey(column="j", found=True), GroupKey(column="s"), GroupKey(column="t", found=True)),
}
ROW = st.fixed_dictionaries(
    {
        "f": st.none() | st.floats(-2, 3),
        "i": st.none() | st.integers(-5, 7),
        "j": st.none() | st.integers(0, 1),
        "b": st.none() | st.booleans(),
        "s": st.none() | st.sampled_from(["x", "y", "z"]),
        "t": st.none() | st.sampled_from(["", "é", "it's"]),
        "n": st.integers(0, 3),
    }
)


def ask(measure: Measure, *by: GroupKey, relation: Relation = ROWS, eps: Fraction | int = 1, **more: Any) -> Release:
    asked = world.ask(measure, relation=relation, by=by or GROUPINGS["text"], eps=eps)
    return msgspec.structs.replace(asked, **{"delta": DELTA} | more)


def finding_of(plan: Priced) -> Finding:
    assert plan.finding is not None
    return plan.finding


def by_key(plan: Priced, exact: Exact) -> dict[Any, tuple[list[Any], int]]:
    """Of each candidate key: its groups' numbers, and its rows."""
    cells = plan.groups
    return {
        key: (list(range(number * cells, (number + 1) * cells)), rows) for number, (key, rows) in enumerate(exact.keys)
    }


def counted(plan: Priced, exact: Exact, groups: list[int], rows: int) -> int:
    """What passes the gate without noise."""
    parts = finding_of(plan).parts
    return sum(sum(exact.vectors[part, group]) for part in parts for group in groups) if parts else rows


def check_neighbours(plan: Priced, less: Exact, more: Exact, rows_of: Counter[Any], stability: int) -> None:
    """Candidates of both differ by ε at most, all together; a new one counts for no more than the proof says; none is lost."""
    few, many = by_key(plan, less), by_key(plan, more)
    finding = finding_of(plan)
    assert few.keys() <= many.keys()
    loss = Fraction(0)
    for key, (groups, rows) in many.items():
        if key not in few:
            weight = sum(_weight(plan.parts[part]) for part in finding.parts) or 1
            assert counted(plan, more, groups, rows) <= (finding.gate.least - 1 + rows_of[key]) * weight
            continue
        old, before = few[key]
        if not finding.parts:
            loss += Fraction(rows - before) / Fraction(finding.scale)
        for number, part in enumerate(plan.parts):
            for one, other in zip(old, groups, strict=True):
                if isinstance(part, Noised):
                    pairs = zip(less.vectors[number, one], more.vectors[number, other], strict=True)
                    loss += Fraction(sum(abs(a - b) for a, b in pairs)) / Fraction(plan.scales[number])
                elif isinstance(part, Ranks):
                    moved = int(more.tallies[number, other].counts.sum()) - int(less.tallies[number, one].counts.sum())
                    loss += abs(moved) * plan.epsilon(number)
    assert loss <= plan.release.spend.fraction
    assert sum(rows_of.values()) <= stability


def check_rho(plan: Priced, less: Exact, more: Exact) -> None:
    """As ``check_neighbours``, of a release in ρ: what candidates of both differ by costs ρ at most."""
    few, many = by_key(plan, less), by_key(plan, more)
    finding, loss = finding_of(plan), Fraction(0)
    for key in few:
        (old, before), (groups, rows) = few[key], many[key]
        if not finding.parts:
            loss += Fraction(rows - before) ** 2 / (2 * Fraction(finding.scale) ** 2)
        for number, part in enumerate(plan.parts):
            for one, other in zip(old, groups, strict=True):
                if isinstance(part, Noised):
                    pairs = zip(less.vectors[number, one], more.vectors[number, other], strict=True)
                    loss += Fraction(sum((a - b) ** 2 for a, b in pairs)) / (2 * Fraction(plan.scales[number]) ** 2)
                elif isinstance(part, Ranks):
                    moved = int(more.tallies[number, other].counts.sum()) - int(less.tallies[number, one].counts.sum())
                    loss += nested.rho(part.probabilities, abs(moved) * plan.epsilon(number)) if moved else 0
    assert loss <= plan.release.spend.fraction


def _weight(part: Any) -> int:
    found: int = part.weight
    return found


@pytest.mark.parametrize("grouping", GROUPINGS)
@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=4, deadline=None, derandomize=True)
@given(rows=st.lists(ROW, max_size=7), extra=ROW)
def test_a_row_moves_candidates_by_what_is_declared_and_makes_at_most_one(
    measure: str, grouping: str, rows: list[Any], extra: Any
) -> None:
    by = GROUPINGS[grouping]
    plan = world.priced(ask(MEASURES[measure], *by, eps=40))
    assert finding_of(plan).gate.least == 2
    key = tuple(extra[each.column] for each in by if each.found)
    less, more = evaluate(plan, world.data(rows)), evaluate(plan, world.data([*rows, extra]))
    check_neighbours(plan, less, more, Counter({key: 1}), 1)
    in_rho = world.priced(ask(MEASURES[measure], *by, spend=Rho(numerator=400, denominator=1)))
    if finding_of(in_rho).gate.least == 2:
        check_rho(in_rho, less, more)


PATIENTS = GroupKey(column="x", found=True)


@pytest.mark.parametrize(
    "measure", [Size(), Mean(columns=("x",)), Quantile(columns=("x",), probabilities=(0.5,))], ids=repr
)
def test_a_unit_of_several_rows_moves_candidates_by_what_is_declared(measure: Measure) -> None:
    found = price(ask(measure, PATIENTS, relation=relational.A, eps=40), relational.catalog())
    assert isinstance(found, Priced)
    for database in relational.databases({relational.A.table: [(0,), (1,), (None,)]}, 4):
        more = evaluate(found, relational.put(database))
        for unit in {unit for _, unit, _ in database}:
            gone = Counter((row[0],) for _, owner, row in database if owner == unit)
            less = evaluate(found, relational.put(tuple(row for row in database if row[1] != unit)))
            check_neighbours(found, less, more, gone, relational.CAP)


def test_the_gate_knows_how_many_rows_a_unit_has() -> None:
    plan = price(ask(Size(), PATIENTS, relation=relational.A), relational.catalog())
    assert isinstance(plan, Priced)
    scale, gate = float(relational.CAP), finding_of(plan).gate
    tail, above = tail_of(1, scale), gate.floor - gate.least + 1
    assert max(tail(above - 2), 2 * tail(above - 1)) <= Fraction(1, 10**6) < max(tail(above - 3), 2 * tail(above - 2))


# What is told --------------------------------------------------------------------------------------------------


def answered(release: Release, rows: list[Any], shift: int = 0, catalog: Catalog | None = None) -> Answer:
    got = answer(
        release,
        catalog=catalog or world.catalog(),
        charge=lambda priced: Receipt(sequence=1, event=priced.event),
        data=world.data(rows),
        noise=Frozen(shift=shift),
    )
    assert isinstance(got, Answer), got
    return got


def test_keys_come_in_their_order_with_all_public_keys_beside_them() -> None:
    rows = [{"t": t, "s": s, "n": 1} for t, s in (("b", "z"), ("a", "x"), ("B", "y"), ("é", "x")) for _ in range(40)]
    got = answered(ask(Size(), GroupKey(column="t", found=True), GroupKey(column="s")), rows)
    assert got.index == tuple((t, s) for t in ("B", "a", "b", "é") for s in ("x", "y", "z"))
    assert [value for (value,) in got.values] == [0, 40, 0, 40, 0, 0, 0, 0, 40, 40, 0, 0]
    swapped = answered(ask(Size(), GroupKey(column="s"), GroupKey(column="t", found=True)), rows)
    assert swapped.index == tuple((s, t) for s in ("x", "y", "z") for t in ("B", "a", "b", "é"))


def test_a_key_below_the_floor_is_told_only_with_luck_and_one_below_least_never() -> None:
    plan = world.priced(ask(Size()))
    gate = finding_of(plan).gate
    rows = [
        {"t": name}
        for name, count in (("few", gate.least - 1), ("some", gate.least), ("many", 90))
        for _ in range(count)
    ]
    assert answered(ask(Size()), rows).index == (("many",),)
    assert answered(ask(Size()), rows, shift=gate.floor).index == (("many",), ("some",))
    assert answered(ask(Size()), rows, shift=-90).index == ()


def test_a_key_is_a_candidate_by_its_rows_of_all_public_keys_together() -> None:
    by = GroupKey(column="t", found=True), GroupKey(column="s")
    least = finding_of(world.priced(ask(Size(), *by))).gate.least
    rows = [{"t": "a", "s": "xyz"[number % 3]} for number in range(least)]
    rows += [{"t": "b", "s": "x"}] * (least - 1) + [{"t": "b", "s": None}] * least
    plan = world.priced(ask(Size(), *by))
    assert evaluate(plan, world.data(rows)).keys == [(("a",), least)]


def test_rows_are_passed_over_once_for_candidates_and_sums() -> None:
    """Each pass over the rows would cost as much again."""
    rows = [{"t": t, "s": "x", "f": 1.0} for t in "ab" for _ in range(90)]
    for by in GROUPINGS.values():
        asked: list[str] = []
        world.data(rows)

        class Heard(DuckData):
            def rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
                asked.append(sql)  # noqa: B023 - called in this turn
                return super().rows(sql)

        evaluate(world.priced(ask(Mean(columns=("f",)), *by)), Heard(world.engine()))
        assert len(asked) == 1
        assert asked[0].count(world.KEY) == 1


def test_no_key_at_all_is_an_empty_answer_of_the_same_shape() -> None:
    for measure in MEASURES.values():
        got = answered(ask(measure), [])
        assert got.index == got.values == ()
        assert got.columns == answered(ask(measure), [{"t": "a", "f": 1.0, "i": 1, "n": 1, "b": True}] * 200).columns
        assert got.scale > 0


def test_nulls_of_a_key_are_no_key() -> None:
    got = answered(
        ask(Size(), *GROUPINGS["both, and a category"]), [{"t": "a", "j": None, "s": "x"}, {"t": None, "j": 1}] * 90
    )
    assert got.index == ()


def test_a_computed_text_is_a_key_like_any_other() -> None:
    """Whatever a function makes of a row's secrets, enough rows must share it."""
    crafted = words.Concat(left=words.Cast(operand=column("j"), to="str"), right=column("t"))
    relation = Project(relation=ROWS, names=("key",), expressions=(crafted,))
    rows = [{"j": 10**15 + n, "t": "secret"} for n in range(300)] + [{"j": 7, "t": "shared"}] * 80
    asked = ask(Size(), GroupKey(column="key", found=True), relation=relation)
    assert answered(asked, rows).index == (("7shared",),)


@pytest.mark.parametrize("value", [-64, "c1"])
def test_a_constant_is_a_key_like_any_other(value: int | str) -> None:
    relation = Project(relation=ROWS, names=("key", "f"), expressions=(words.Constant(value=value), column("f")))
    asked = ask(Mean(columns=("f",)), GroupKey(column="key", found=True), relation=relation)
    assert answered(asked, [{"f": 1.0, "t": "a"}] * 90).index == ((value,),)


def test_only_so_many_keys_are_told_those_with_the_largest_noisy_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ag_vault.finding.MOST_GROUPS", 3)
    monkeypatch.setattr("ag_vault.finding.FEWEST", 1)
    rows = [{"t": f"{count:03}"} for count in (50, 90, 60, 80, 70) for _ in range(count)]
    assert answered(ask(Size()), rows).index == (("070",), ("080",), ("090",))


def test_a_key_passes_as_often_as_its_distribution_says() -> None:
    """Real noise, 4,000 draws; a false alarm has a probability below 1e-7 (5.4 deviations)."""
    plan = world.priced(ask(Mean(columns=("n",)), eps=2))
    gate, many = finding_of(plan).gate, 4000
    rows = gate.floor // (1 << 32)
    exact = evaluate(plan, world.data([{"t": "a", "n": k % 4} for k in range(rows)]))
    short = gate.floor - sum(exact.vectors[0, 0])
    p = float(tail_of(2, plan.scales[0])(short))
    assert 0.1 < p < 0.9
    noise = OpenDPNoise()
    passed = sum(len(perturb(plan, exact, noise).groups) for _ in range(many))
    assert abs(passed - many * p) <= 5.4 * (many * p * (1 - p)) ** 0.5


# What it costs, and what is refused ----------------------------------------------------------------------------


def budgeted(delta: Fraction) -> Catalog:
    cap = Cap(epsilon=Fraction(10), delta=delta)
    return Catalog(tables=world.catalog().tables, scratch=Budget(everyone=cap, per_analyst=cap, per_call=cap))


def test_the_default_delta_is_a_public_share_of_what_the_caps_leave() -> None:
    catalog = budgeted(Fraction(1, 10**6))
    plan = price(ask(Size(), delta=None), catalog)
    assert isinstance(plan, Priced)
    assert plan.event.delta == Fraction(1, 10**7) / CALLS
    assert plan.event.epsilon == 1
    assert plan.event.mechanism == "discrete Laplace + threshold"


def test_a_count_of_its_own_is_paid_in_both_currencies() -> None:
    plan = world.priced(ask(MEASURES["quantile"]))
    assert finding_of(plan).parts == ()
    assert sum(plan.measured.shares) == Fraction(3, 5)
    assert plan.event.epsilon == 1
    assert plan.event.concentrated > Fraction(4, 25) / 2


@pytest.mark.parametrize("measure", MEASURES)
def test_a_call_in_rho_costs_that_rho_and_a_delta_and_its_gate_is_made_for_its_noise(measure: str) -> None:
    total = Rho(numerator=1, denominator=8)
    plan = world.priced(ask(MEASURES[measure], spend=total))
    assert (plan.event.epsilon, plan.event.rho, plan.event.delta) == (None, total.fraction, DELTA.fraction)
    assert plan.event.mechanism.endswith("threshold")
    finding = finding_of(plan)
    weight = sum(_weight(plan.parts[part]) for part in finding.parts) or 1
    counting = [plan.parts[number] for number in finding.parts]
    draws = sum(part.size for part in counting if isinstance(part, Noised)) or 1
    tail = gaussian.tail_of(draws, finding.scale)
    above = finding.gate.floor - finding.gate.least * weight
    assert Fraction(tail(above)) <= DELTA.fraction < Fraction(tail(above - 1))


def test_keys_are_told_in_rho_too_those_that_enough_rows_have() -> None:
    rows = [{"t": name, "n": 2} for name, count in (("few", 5), ("many", 200)) for _ in range(count)]
    for measure in (Size(), Mean(columns=("n",)), Quantile(columns=("n",), probabilities=(0.5,))):
        told = answered(ask(measure, spend=Rho(numerator=1, denominator=8)), rows).index
        assert [key[0] for key in told] == ["many"]


def in_table(measure: Measure, most: int, longest: int = 256) -> Finding:
    """How keys of a text column are found in a table of so many rows at most."""
    columns = world.COLUMNS | {"t": ColumnSpace(kind="str", longest=longest)}
    table = Table(key=world.KEY, dataset="demo", columns=columns, max_rows=most)
    found = price(ask(measure), Catalog(tables={table.key: table}))
    assert isinstance(found, Priced)
    return finding_of(found)


def test_keys_of_large_tables_need_more_rows_and_the_floor_rises_by_as_many() -> None:
    small, large = (in_table(Size(), most).gate for most in (10**6, 10**7))
    assert (small.least, large.least) == (2, 20)
    assert large.floor - small.floor == 18


def test_keys_of_which_much_is_held_need_more_rows_so_that_memory_says_nothing_of_how_many_there_are() -> None:
    edges = tuple(float(edge) for edge in range(1001))
    usual, many, long = Size(), Histogram(column="f", edges=edges), 65_536
    assert in_table(usual, 10**6).gate.least == 2
    for measure, longest, numbers in ((many, 256, 1000), (usual, long, long // 8)):
        finding = in_table(measure, 10**6, longest)
        assert 10**6 / finding.gate.least * numbers <= 64 * 500_000
    assert in_table(many, 0).gate == in_table(many, 10_000).gate


def test_public_keys_cost_no_delta() -> None:
    plan = world.priced(ask(Size(), GroupKey(column="s")))
    assert plan.finding is None
    assert plan.event.delta == 0


REFUSED: list[tuple[Release, str]] = [
    (ask(Size(), delta=None), "no_delta"),
    (ask(Size(), GroupKey(column="f", found=True)), "not_categorical"),
    (ask(Size(), GroupKey(column="d", found=True)), "not_categorical"),
    (ask(Size(), GroupKey(column="b", found=True)), "not_categorical"),
    (ask(Size(), GroupKey(column="pid", found=True), relation=relational.A), "not_categorical"),
    (ask(Size(), GroupKey(column="nope", found=True)), "no_such_column"),
    (ask(Mean(columns=("g",))), "no_bounds"),
    (ask(Size(), eps=Fraction(1, 10**17)), "epsilon_too_small"),
    (ask(Mean(columns=("n",)), spend=Rho(numerator=1, denominator=2**62)), "epsilon_too_small"),
    (ask(Size(), GroupKey(column="t", found=True), GroupKey(column="n", values=tuple(range(600)))), "too_many_groups"),
]


@pytest.mark.parametrize(
    ("release", "code"), REFUSED, ids=[f"{number} {code}" for number, (_, code) in enumerate(REFUSED)]
)
def test_what_can_not_be_found_is_refused_by_its_price(release: Release, code: str) -> None:
    catalog = Catalog(tables=world.catalog().tables | relational.catalog().tables)
    found = price(release, catalog)
    assert isinstance(found, Refusal)
    assert found.code == code


def test_a_key_is_either_listed_or_found_and_a_delta_lies_between_0_and_1() -> None:
    with pytest.raises(ValueError, match="either listed or found"):
        GroupKey(column="t", values=("a",), found=True)
    for numerator, denominator in ((0, 1), (1, 1), (-1, 2), (2, 1), (1, 2**63)):
        with pytest.raises(ValueError, match="delta"):
            Delta(numerator=numerator, denominator=denominator)


def test_keys_show_in_no_preview_price_or_schema() -> None:
    world.data([{"t": "the secret key"}] * 500)
    seen = preview(ask(Size()), world.catalog())
    assert not isinstance(seen, Refusal)
    assert seen.index == ((None,),)
    assert seen.half_widths == answered(ask(Size()), [{"t": "a"}] * 90).half_widths
    assert "secret" not in repr((seen, world.priced(ask(Size())), world.schema(ROWS, world.catalog())))


def test_filtered_rows_give_no_key() -> None:
    relation = words_filter("even")
    rows = [{"t": name} for name in ("even", "odd") for _ in range(90)]
    assert answered(ask(Size(), relation=relation), rows).index == (("even",),)


def words_filter(name: str) -> Relation:
    from ag_plan.relations import Filter

    return Filter(relation=ROWS, predicate=binary("eq", column("t"), name))


def test_sums_and_means_have_no_more_noise_than_with_public_keys() -> None:
    """The count comes along: a sum from 0 up has the noise of a sum with public keys, a mean that of a mean."""
    for measure in (Sum(columns=("n",)), Mean(columns=("n",)), Std(columns=("n",))):
        rows = [{"t": "a", "s": "x", "n": k % 4} for k in range(200)]
        found = answered(ask(measure), rows).half_widths[0][0]
        known = answered(ask(measure, GroupKey(column="s", values=("x",))), rows).half_widths[0][0]
        assert found is not None
        assert known is not None
        assert found <= known * 1.000001


def test_a_sum_of_draws_is_what_the_gate_is_made_for() -> None:
    plan = world.priced(ask(Mean(columns=("f", "n")), *GROUPINGS["both, and a category"]))
    assert finding_of(plan).parts == (0, 1)
    added = Added(draws=2 * 2 * 3, scale=plan.scales[0], weight=2 << 32)
    gate = finding_of(plan).gate
    above = gate.floor - (gate.least - 1) * added.weight - added.weight
    tail = tail_of(added.draws, added.scale)
    assert Fraction(tail(above)) <= Fraction(1, 10**6) < Fraction(tail(above - 1))
