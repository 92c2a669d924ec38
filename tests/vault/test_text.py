"""The quick writer of SQL writes what sqlglot's generator writes, to the letter, for every measure, grouping and expression."""

import pytest
from hypothesis import HealthCheck, given, settings
from sqlglot import exp

from ag_plan import expressions as words
from ag_plan.relations import Filter, Project, Relation
from ag_plan.releases import Count, Measure
from ag_vault.errors import Refusal
from ag_vault.ops import queries
from ag_vault.ops.text import text
from ag_vault.parts import Ranks
from ag_vault.price import Priced, price
from tests.vault import test_sensitivity as sensitivity
from tests.vault import world
from tests.vault.test_expressions import NUMBERS, TRUTHS
from tests.vault.test_text_words import WORDS
from tests.vault.world import ROWS


class Watched:
    """Writes with both, and remembers what both wrote."""

    def __init__(self) -> None:
        self.written: list[tuple[str, str]] = []

    def __call__(self, query: exp.Select) -> str:
        self.written.append((text(query), query.sql(dialect="duckdb")))
        return self.written[-1][0]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    found = Watched()
    monkeypatch.setattr(queries, "text", found)
    return found


def same(watched: Watched) -> bool:
    return bool(watched.written) and all(quick == plain for quick, plain in watched.written)


@pytest.mark.parametrize("relation", [ROWS, sensitivity.DERIVED], ids=["table", "derived"])
@pytest.mark.parametrize("grouping", sensitivity.GROUPINGS)
@pytest.mark.parametrize("measure", sensitivity.MEASURES)
def test_queries_are_written_as_sqlglot_writes_them(
    measure: str, grouping: str, relation: Relation, watched: Watched
) -> None:
    asked: Measure = sensitivity.MEASURES[measure]
    release = world.ask(asked, relation=relation, by=sensitivity.GROUPINGS[grouping])
    plan = price(release, world.catalog(sensitivity.SPACES))  # anew: what other tests had priced is written already
    assert isinstance(plan, Priced)
    plan.tallies_sql()
    for part in plan.parts:
        if isinstance(part, Ranks):
            plan.places_sql(part, 1)
            plan.places_sql(part, 3)
    assert same(watched) or plan.counts is not None


def counted(relation: Relation) -> None:
    """Price the release that needs every column of a relation."""
    found = price(world.ask(Count(columns=("out",)), relation=relation), world.catalog())
    assert not isinstance(found, Refusal) or found.why


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(number=NUMBERS, truth=TRUTHS)
def test_expressions_are_written_as_sqlglot_writes_them(
    number: words.Expression, truth: words.Expression, watched: Watched
) -> None:
    watched.written.clear()
    counted(Filter(relation=Project(relation=ROWS, names=("out", "b"), expressions=(number, truth)), predicate=truth))
    counted(Project(relation=ROWS, names=("out",), expressions=(number,)))
    assert not watched.written or same(watched)


def test_words_about_texts_are_written_as_sqlglot_writes_them(watched: Watched) -> None:
    for word, _ in WORDS:
        counted(Project(relation=ROWS, names=("out",), expressions=(word,)))
    assert len(watched.written) == len(WORDS)
    assert same(watched)


@pytest.mark.parametrize("name", ['a"b', "a'b", "ä", ""])
def test_names_and_texts_are_quoted_as_sqlglot_quotes_them(name: str) -> None:
    for node in (exp.column(name, quoted=True), exp.column("c", table=name, quoted=True), exp.Literal.string(name)):
        assert text(node) == node.sql(dialect="duckdb")


def test_a_part_that_the_quick_writer_does_not_know_is_not_lost() -> None:
    for node in (
        exp.Count(this=exp.Distinct(expressions=[exp.column("a")])),
        exp.select("a").from_("t").limit(3),
        exp.select("a").distinct().from_("t"),
        exp.Cast(this=exp.column("a"), to=exp.DataType.build("DECIMAL(3, 2)")),
        exp.Column(this=exp.to_identifier("a"), table=exp.to_identifier("b"), db=exp.to_identifier("c")),
        exp.to_identifier("plain"),
        exp.select("a").from_("t").join("u", on="t.a = u.a"),
    ):
        assert text(node) == node.sql(dialect="duckdb")
