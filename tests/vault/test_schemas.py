"""A schema is what the rules of a relation's words say, whatever was worked out before; what is kept is bounded and public."""

from collections.abc import Iterator

import pytest
from sqlglot import exp

from ag_plan.codec import decode_plan, encode_plan
from ag_plan.expressions import Constant, Expression, IsIn
from ag_plan.expressions import Constant as Value
from ag_plan.messages import ColumnSchema
from ag_plan.relations import Filter, Project, Relation, Source
from ag_vault import schemas as module
from ag_vault.catalog import Catalog, Table
from ag_vault.errors import Refusal
from ag_vault.schemas import Schemas
from ag_vault.space import ColumnSpace
from tests.vault import cases, neighbours, test_work, world
from tests.vault.world import ROWS, binary, column

Answer = tuple[ColumnSchema, ...] | Refusal


def by_the_rules(relation: Relation, catalog: Catalog) -> Answer:
    found = world.schema(relation, catalog)
    if isinstance(found, Refusal):
        return found
    return tuple(
        ColumnSchema(
            name=name,
            kind=space.kind,
            nullable=space.nullable,
            lower=space.lower,
            upper=space.upper,
            categories=space.categories,
        )
        for name, space in found.columns.items()
    )


def asked(schemas: Schemas, relation: Relation, catalog: Catalog) -> Answer:
    """As a session asks: each time of nodes that were decoded anew."""
    plan = encode_plan(relation)
    return schemas.of(decode_plan(plan, Relation), catalog, length=len(plan))


def where(relation: Relation, *predicates: Expression) -> Relation:
    for predicate in predicates:
        relation = Filter(relation=relation, predicate=predicate)
    return relation


def computed(relation: Relation, **columns: Expression) -> Project:
    return Project(relation=relation, names=tuple(columns), expressions=tuple(columns.values()))


def plans() -> Iterator[Relation]:
    """Every word of relations, filtered and computed with; every word of expressions as a filter and as a column; and plans that are refused."""
    null = Constant(value=None)
    for base in cases.RELATIONS.values():
        name = next(iter(base.names)) if isinstance(base, Project) else "f"
        test = cases.words.Unary(operator="is_null", operand=column(name))
        yield from (base, where(base, test), computed(where(base, test, test), one=column(name), nothing=null))
    for expressions in cases.EXPRESSIONS.values():
        for each in expressions:
            yield from (where(neighbours.VISITS, each), computed(where(neighbours.VISITS, column("b")), o=each))
            yield where(
                computed(neighbours.VISITS, o=each, b=column("b")), column("b"), binary("eq", column("o"), each)
            )
    yield from (where(ROWS, column("b")), where(neighbours.VISITS, column("pid")), computed(neighbours.ROWS))
    yield where(neighbours.ROWS, column("b"), column("gone"), column("f"))


def test_a_schema_is_what_the_rules_say_the_first_time_and_every_other_time() -> None:
    schemas, catalog = Schemas(), neighbours.catalog()
    refused = 0
    for relation in plans():
        wanted = by_the_rules(relation, catalog)
        assert [asked(schemas, relation, catalog) for _ in range(2)] == [wanted, wanted]
        refused += isinstance(wanted, Refusal)
    assert refused > 20


GROWN = cases.looked_up("left", 1000, left=neighbours.ROWS)


def shared(number: int) -> Expression:
    """A condition with a part that is used twice, and so has a name of its own."""
    part = binary("gt", column("f"), number)
    return binary("or", part, part)


TOO_MUCH: dict[str, Relation] = {
    "columns over a join": computed(GROWN, **{f"o{n}": binary("add", column("f"), n) for n in range(150)}),
    "filters over a join": where(GROWN, *map(shared, range(150))),
    "patterns in columns": test_work.HEAVY["many patterns"],
    "patterns in filters": test_work.HEAVY["many patterns in many filters"],
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_plan_that_is_too_much_is_refused_over_a_base_that_was_admitted(name: str) -> None:
    schemas = Schemas()
    catalog = neighbours.catalog().with_table(world.catalog().tables[world.KEY])
    for base in (ROWS, GROWN):
        assert not isinstance(asked(schemas, base, catalog), Refusal)
    refusal = asked(schemas, TOO_MUCH[name], catalog)
    assert isinstance(refusal, Refusal)
    assert refusal == by_the_rules(TOO_MUCH[name], catalog)


def test_bases_that_python_takes_for_equal_are_not_each_other_s() -> None:
    schemas, catalog = Schemas(), world.catalog()
    kinds = []
    for value in (1, 1.0, True):
        found = asked(schemas, where(computed(ROWS, o=Value(value=value)), binary("eq", column("o"), 1)), catalog)
        assert not isinstance(found, Refusal)
        kinds.append(found[0].kind)
    assert kinds == ["int", "float", "bool"]


def test_filters_over_one_base_have_it_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bases: list[Relation] = []
    real = module.ops.rows_of
    monkeypatch.setattr(module.ops, "rows_of", lambda base, catalog: (bases.append(base), real(base, catalog))[1])
    schemas, catalog = Schemas(), neighbours.catalog()
    for number in range(5):
        for base in (neighbours.VISITS, cases.RELATIONS["left join"]):
            asked(schemas, where(base, binary("gt", column("f"), number / 7)), catalog)
    assert bases == [neighbours.VISITS, cases.RELATIONS["left join"]]
    schemas.forget()
    asked(schemas, neighbours.VISITS, catalog)
    assert len(bases) == 3


def test_what_is_kept_of_a_base_holds_nothing_of_the_plans_over_it() -> None:
    schemas, catalog = Schemas(), neighbours.catalog()
    for relation in plans():
        asked(schemas, relation, catalog)
    columns = [term.sql for base in schemas._kept.values() for term in base.columns.values()]
    assert len(columns) > 100
    assert {(type(each), each.parent, each.this.parent is each) for each in columns} == {(exp.Column, None, True)}


def test_a_refusal_is_not_kept() -> None:
    schemas, catalog = Schemas(), world.catalog()
    new = Table(key="scratch/1", dataset="scratch", columns={"x": ColumnSpace(kind="int")})
    assert isinstance(asked(schemas, Source(table=new.key), catalog), Refusal)
    assert not isinstance(asked(schemas, Source(table=new.key), catalog.with_table(new)), Refusal)


def kept(schemas: Schemas, bases: list[Relation], catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Which of the bases, asked about from the last on, are not worked out again."""
    worked_out: list[Relation] = []
    real = module.ops.rows_of
    with monkeypatch.context() as patch:
        patch.setattr(module.ops, "rows_of", lambda base, known: (worked_out.append(base), real(base, known))[1])
        found = []
        for base in reversed(bases):
            before = len(worked_out)
            asked(schemas, base, catalog)
            found.append(len(worked_out) == before)
    return found[::-1]


def test_a_guest_can_make_the_vault_keep_a_few_thousand_columns_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = {f"c{number}": ColumnSpace(kind="float") for number in range(200)}
    schemas, catalog = Schemas(), world.catalog(wide)
    bases: list[Relation] = [where(computed(ROWS, o=Value(value=number)), Value(value=True)) for number in range(3)]
    many = [
        Project(relation=ROWS, names=("o", *wide), expressions=(Value(value=n), *map(column, wide))) for n in range(99)
    ]
    over: list[Relation] = [Filter(relation=base, predicate=Value(value=True)) for base in many]
    for base in (*bases, *over):
        asked(schemas, base, catalog)
    found = kept(schemas, over, catalog, monkeypatch)
    assert found == [False] * (99 - 81) + [True] * 81
    assert not any(kept(schemas, bases, catalog, monkeypatch))


def test_neither_a_long_plan_nor_one_of_very_many_categories_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    schemas, catalog = Schemas(), world.catalog()
    text = "x" * 20_000
    long = where(computed(ROWS, o=IsIn(operand=column("t"), values=(text,))), column("o"))
    categories = ColumnSpace(kind="str", categories=tuple(map(str, range(20_000))))
    many = world.catalog({"s": categories})
    texts = ColumnSpace(kind="str", categories=tuple(f"{number:020000}" for number in range(500)))
    few = world.catalog({"s": texts})
    for base, known in ((long, catalog), (where(ROWS, Value(value=True)), many), (where(ROWS, Value(value=True)), few)):
        for _ in range(2):
            assert not isinstance(asked(schemas, base, known), Refusal)
        assert kept(schemas, [base], known, monkeypatch) == [False]
        schemas.forget()
