"""Places that the loader stores: they are what the engine would compute, at the same sensitivity, wherever they are used; and what has none is computed."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ag_plan import expressions as words
from ag_plan.relations import Filter, Project, Relation
from ag_plan.releases import Corr, Cov, Describe, GroupKey, Mean, Measure, Quantile, Std, Sum, Var
from ag_vault.catalog import FILE_NAME, place_of, read_dataset
from ag_vault.errors import BadData
from ag_vault.evaluate import evaluate
from ag_vault.exact import PLACES, UnitGrid
from ag_vault.expressions.term import Stored, Term, identifier
from ag_vault.ops.grids import stored_place
from ag_vault.space import ColumnSpace
from tests.vault import world
from tests.vault.owners import COLUMNS, GOOD_ROW, asked, load, metadata, stored, write_csv
from tests.vault.world import ROWS, binary, column

SPACES = {
    "f": ColumnSpace(kind="float", lower=-2.0, upper=3.0),
    "h": ColumnSpace(kind="float", lower=-2.0, upper=3.0),
    "i": ColumnSpace(kind="int", lower=-5, upper=7),
    "b": ColumnSpace(kind="bool"),
    "t": ColumnSpace(kind="str"),
}
ROW = st.fixed_dictionaries(
    {
        "f": st.none() | st.floats(-2, 3),
        "h": st.none() | st.floats(-2, 3),
        "i": st.none() | st.integers(-5, 7),
        "b": st.none() | st.booleans(),
        "t": st.none() | st.sampled_from(["a", "b"]),
    }
)
TABLES = st.lists(ROW, max_size=8)
SAME: dict[str, Measure] = {
    "std": Std(columns=("f", "h")),
    "var": Var(columns=("f",), ddof=0),
    "cov of two": Cov(columns=("f", "h")),
    "corr, one of them computed": Corr(columns=("f", "i")),
    "cov of three": Cov(columns=("f", "h", "i")),
    "quantile": Quantile(columns=("f",), probabilities=(0.5,)),
}
RELATIONS: dict[str, Relation] = {
    "a table": ROWS,
    "filtered": Filter(relation=ROWS, predicate=binary("gt", column("f"), 0.5)),
    "chosen": Project(relation=ROWS, names=("h", "f", "i"), expressions=(column("h"), column("f"), column("i"))),
    "swapped": Project(relation=ROWS, names=("h", "f", "i"), expressions=(column("f"), column("h"), column("i"))),
    "clipped": Project(
        relation=ROWS,
        names=("h", "f", "i"),
        expressions=(column("h"), words.Clamp(operand=column("f"), lower=-1, upper=1), column("i")),
    ),
}


def vectors(measure: Measure, rows: list[Any], *, placed: bool, relation: Relation = ROWS, **more: Any) -> Any:
    plan = world.priced(world.ask(measure, relation=relation, **more), SPACES, placed=placed)
    return evaluate(plan, world.data(rows, SPACES, placed=placed))


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("measure", SAME)
@settings(max_examples=4, deadline=None, derandomize=True)
@given(rows=TABLES)
def test_stored_places_give_the_same_integers_as_computed_ones(measure: str, relation: str, rows: list[Any]) -> None:
    one, other = (vectors(SAME[measure], rows, placed=each, relation=RELATIONS[relation]) for each in (True, False))
    assert one.vectors == other.vectors
    assert [tally.counts.tolist() for tally in one.tallies.values()] == [
        t.counts.tolist() for t in other.tallies.values()
    ]


@settings(max_examples=8, deadline=None, derandomize=True)
@given(rows=TABLES)
def test_sums_and_means_of_stored_places_are_off_by_no_more_than_is_said(rows: list[Any]) -> None:
    """A row by 2^-32 of the width; both sums are rounded down to their steps."""
    for name in ("f", "h"):
        values = [Fraction(row[name]) for row in rows if row[name] is not None]
        low, high = (Fraction(bound) for bound in SPACES[name].bounds or ())
        plan = world.priced(world.ask(Sum(columns=(name,))), SPACES, placed=True)
        ((total,),) = vectors(Sum(columns=(name,)), rows, placed=True).vectors.values()
        step = Fraction(getattr(plan.parts[0], "grid").step)  # noqa: B009 - which only sums have
        assert abs(total * step - sum(values)) <= step + len(rows) * (high - low) / 2**32
        ((below, above),) = vectors(Mean(columns=(name,)), rows, placed=True).vectors.values()
        places = sum((value - low) / (high - low) for value in values)
        assert abs(Fraction(above, 2**32) - places) <= Fraction(1 + len(rows), 2**32)
        assert 0 <= len(values) * 2**32 - above - below <= 1


def test_what_has_places_reads_nothing_else_of_the_column_and_no_clamp() -> None:
    for measure in (Sum(columns=("f",)), Mean(columns=("f",)), Std(columns=("f",)), Cov(columns=("f", "h"))):
        sql = world.priced(world.ask(measure), SPACES, placed=True).sums_sql
        assert sql is not None
        assert '"f"' not in sql
        assert "CASE" not in sql
        assert place_of("f") in sql


def test_rows_without_one_of_the_values_count_for_nothing_in_a_covariance_by_keys_too() -> None:
    rows = [
        {"f": 1.0, "h": 1e-3, "b": True, "t": "a"},
        {"f": None, "h": 1e-3, "b": True, "t": "a"},
        {"f": 2.0, "b": False, "t": "b"},
    ]
    for by in ((GroupKey(column="b"),), (GroupKey(column="b"), GroupKey(column="i"))):
        one, other = (vectors(Cov(columns=("f", "h")), rows, placed=each, by=by).vectors for each in (True, False))
        assert one == other
    whole, first = (vectors(Cov(columns=("f", "h")), each, placed=True).vectors[0, 0] for each in (rows, rows[:1]))
    assert whole == first


def test_places_between_other_bounds_are_not_used() -> None:
    stored = Stored(sql=identifier("p"), lower=0.0, upper=1.0)
    term = Term(space=ColumnSpace(kind="float", lower=0.0, upper=1.0), sql=identifier("c"), stored=stored)
    assert stored_place(term, 0.0, 1.0) is not None
    assert stored_place(term, 0.0, 2.0) is None
    assert stored_place(term, -1.0, 1.0) is None


def test_describe_takes_moments_of_places_and_quantiles_of_values() -> None:
    plan = world.priced(world.ask(Describe(columns=("f",))), SPACES, placed=True)
    assert place_of("f") in str(plan.sums_sql)
    assert place_of("f") not in str(plan.tallies_sql())


@settings(max_examples=5, deadline=None, derandomize=True)
@given(rows=TABLES)
def test_means_and_sums_of_booleans_are_those_of_zeros_and_ones(rows: list[Any]) -> None:
    held = [row["b"] for row in rows if row["b"] is not None]
    ones = sum(held)
    for by in ((), (GroupKey(column="t", values=("a", "b")),)):
        totals = vectors(Sum(columns=("b",)), rows, placed=True, by=by).vectors
        parts = vectors(Mean(columns=("b",)), rows, placed=True, by=by).vectors
        if not by:
            assert totals[0, 0] == (ones,)
            assert parts[0, 0] == ((len(held) - ones) << 32, ones << 32)
        assert all(above == total << 32 for (_, above), (total,) in zip(parts.values(), totals.values(), strict=True))


# The loader ------------------------------------------------------------------------------------------------------


def test_the_loader_stores_the_place_of_what_conforms(tmp_path: Path) -> None:
    rows = [GOOD_ROW.replace("170.5", raw) for raw in ("0", "250", "-7", "9999", "125", "1e-9")] + [
        "41,,m,T,2026-01-01"
    ]
    load(tmp_path, metadata(), write_csv(tmp_path, *([GOOD_ROW] * 20), *rows))
    table = read_dataset(tmp_path / "out").tables["train"]
    assert table.placed == {name for name, entry in COLUMNS.items() if entry["type"] == "float"} == {"height"}
    low, high = (float(COLUMNS["height"][end]) for end in ("lower", "upper"))
    grid = UnitGrid.over(low, high, PLACES)
    assert grid is not None
    found = stored(tmp_path, f'height, "{place_of("height")}"')
    assert len(found) == 27
    assert {place for _, place in found} >= {None, 0, PLACES}
    for value, place in found:
        assert place == (None if value is None else int((value - low) * grid.factor + 0.5))


def test_a_column_can_t_be_named_as_places_are(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="not possible"):
        load(tmp_path, metadata({"__Place x": {"type": "int"}}), write_csv(tmp_path, "1", header="__Place x"))


def test_a_table_of_units_has_places_too_and_its_mock(tmp_path: Path) -> None:
    told = metadata({"height": COLUMNS["height"]})
    told["tables"]["train"]["unit"] = {"id": ["who"], "space": "people", "max_rows": 2}
    load(tmp_path, told, write_csv(tmp_path, *(f"{n % 7},{170 + n}.25" for n in range(40)), header="who,height"))
    name = place_of("height")
    for file in ("train.duckdb", "mock/train.duckdb"):
        found = asked(tmp_path / "out" / file, f'SELECT height, "{name}" FROM rows')
        assert any(place for _, place in found)
        assert all((value is None) == (place is None) for value, place in found)
        assert all(abs(value * PLACES / 250 - place) <= 0.5 + 1e-6 for value, place in found if value is not None)
    assert len(stored(tmp_path)) == 14


def test_a_data_set_that_was_loaded_before_there_were_places_still_opens(tmp_path: Path) -> None:
    load(tmp_path, metadata(), write_csv(tmp_path, *([GOOD_ROW] * 3)))
    file = tmp_path / "out" / FILE_NAME
    record = json.loads(file.read_text())
    for entry in record["tables"]["train"]["columns"]:
        del entry["placed"]
    file.write_text(json.dumps(record))
    assert read_dataset(tmp_path / "out").tables["train"].placed == frozenset()
