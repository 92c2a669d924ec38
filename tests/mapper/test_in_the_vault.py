"""Programs in plans: what they give is looked up row by row, one unit moves what it declares, and a mapper that lies is no answer."""

import math
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ag_mapper import wire
from ag_mapper.serve import one
from ag_mapper.values import MOST_ITEMS
from ag_plan import programs as w
from ag_plan.codec import encode_plan
from ag_plan.expressions import Clamp, Code, Expression, Mapped
from ag_plan.frames import MAX_FRAME_BYTES, receive_frame, send_frame
from ag_plan.relations import Project
from ag_plan.releases import Count, Sum
from ag_vault.errors import MapperFailed, Refusal
from ag_vault.expressions.term import Lookup, identifier
from ag_vault.mapper import SocketMapper, at_once
from ag_vault.price import price
from tests.mapper.test_stateless import SLOW, add, after, literally, program, slot
from tests.vault import world
from tests.vault.world import ROWS, column

TEXT = w.Give(value=w.Call(function="join", arguments=(literally("<"), w.Shown(value=slot(0)), literally(">"))))


@contextmanager
def mapper(serve: Callable[[socket.socket], Any] | None = None) -> Iterator[SocketMapper]:
    """A mapper in a thread: the real one, or one that does as it is told."""
    ours, theirs = socket.socketpair()

    def work() -> None:
        with theirs:
            if serve is not None:
                serve(theirs)
                return
            while one(theirs):
                pass

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    made = SocketMapper(ours)
    try:
        yield made
    finally:
        made.close()
        thread.join(10)


def answered(expression: Expression, rows: list[dict[str, Any]], measure: Any = None) -> Any:
    """The exact integers of a sum over the expression."""
    relation = Project(relation=ROWS, names=("out",), expressions=(expression,))
    found = price(world.ask(measure or Sum(columns=("out",)), relation=relation), world.catalog())
    assert not isinstance(found, Refusal), found
    with mapper() as made:
        data = world.data(rows)
        data.mapper = made
        from ag_vault.evaluate import evaluate

        return evaluate(found, data).vectors[0, 0]


def clamped(body: Code, *operands: str, kind: Any = "int") -> Clamp:
    mapped = Mapped(operands=tuple(map(column, operands)), program=program(body), kind=kind)
    return Clamp(operand=mapped, lower=-10, upper=10)


def test_values_are_looked_up_and_equal_ones_are_one() -> None:
    rows = [{"t": text} for text in ("a", "bb", "a", None, "", "o'brien", "bb", "é\U0001f600")]
    length = w.Give(
        value=w.Pick(
            condition=w.Operate(operator="is", left=slot(0), right=literally(None)),
            then=literally(9),
            otherwise=w.Call(function="len", arguments=(slot(0),)),
        )
    )
    assert answered(clamped(length, "t"), rows) == (1 + 2 + 1 + 9 + 0 + 7 + 2 + 2,)


def test_two_columns_and_nulls_in_both() -> None:
    both = w.Define(arguments=2, variables=2, body=w.Give(value=add(slot(0), slot(1))))
    mapped = Mapped(operands=(column("f"), column("i")), program=w.Program(functions=(both,)), kind="float")
    rows = [{"f": 1.0, "i": 2}, {"f": 1.0, "i": 2}, {"f": None, "i": 2}, {"f": 2.0, "i": None}, {"f": None, "i": None}]
    counted = answered(Clamp(operand=mapped, lower=0, upper=5), rows, Count(columns=("out",)))
    assert counted == (2,)


def test_zeros_of_both_signs_are_one_value() -> None:
    sign = w.Give(value=w.Call(function="math.copysign", arguments=(literally(1.0), slot(0))))
    for rows in ([0.0, -0.0], [-0.0, 0.0], [-0.0]):
        assert answered(clamped(sign, "g", kind="float"), [{"g": value} for value in rows]) == answered(
            clamped(sign, "g", kind="float"), [{"g": 0.0}] * len(rows)
        )


NEIGHBOURS = [{"t": text} for text in ("a", "target", "bb", "a", "target")]


@pytest.mark.parametrize("name", [*SLOW, "raise", "another kind", "beyond the bounds"])
def test_a_row_that_does_harm_changes_no_other(name: str) -> None:
    bodies: dict[str, Code] = {
        "raise": w.Fail(error="ValueError"),
        "another kind": w.Give(value=literally("text")),
        "beyond the bounds": w.Give(value=literally(10**15)),
    }
    is_target = w.Operate(operator="eq", left=slot(0), right=literally("target"))
    harm, *more = (bodies[name],) if name in bodies else (SLOW[name].functions[0].body, *SLOW[name].functions[1:])  # type: ignore[attr-defined]
    body = after(w.Branch(condition=is_target, then=harm, otherwise=w.Give(value=literally(1))))
    mapped = Mapped(operands=(column("t"),), program=program(body, *more), kind="int")
    expression = Clamp(operand=mapped, lower=-10, upper=10)
    with_them = answered(expression, NEIGHBOURS)
    without = answered(expression, [row for row in NEIGHBOURS if row["t"] != "target"])
    target = 10 if name == "beyond the bounds" else 0
    assert (with_them[0] - 2 * target, without) == (3, (3,))


def test_programs_of_programs_in_filters_are_asked_in_order() -> None:
    inner = clamped(w.Give(value=w.Call(function="len", arguments=(slot(0),))), "t")
    outer = Mapped(operands=(inner,), program=program(w.Give(value=add(slot(0), literally(1)))), kind="int")
    assert answered(Clamp(operand=outer, lower=0, upper=100), [{"t": "ab"}, {"t": "abc"}, {"t": None}]) == (3 + 4,)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        (Mapped(operands=(), program=program(TEXT), kind="str"), "one to 16 values"),
        (Mapped(operands=(column("t"), column("i")), program=program(TEXT), kind="str"), "as many values"),
        (Mapped(operands=(column("t"),), program=w.Block(), kind="str"), "functions"),
    ],
)
def test_a_program_without_a_meaning_is_refused_by_its_price(expression: Mapped, why: str) -> None:
    refusal = world.schema(Project(relation=ROWS, names=("out",), expressions=(expression,)), world.catalog())
    assert isinstance(refusal, Refusal)
    assert why in refusal.why


def test_a_plan_has_a_few_programs_at_most() -> None:
    several = tuple(
        Mapped(operands=(column("t"),), program=program(w.Give(value=literally(number))), kind="int")
        for number in range(12)
    )
    relation = Project(relation=ROWS, names=tuple(f"o{n}" for n in range(12)), expressions=several)
    refusal = world.schema(relation, world.catalog())
    assert isinstance(refusal, Refusal)
    assert refusal.code == "too_much_work"


def test_what_a_program_gives_has_neither_bounds_nor_categories() -> None:
    relation = Project(
        relation=ROWS, names=("out",), expressions=(Mapped(operands=(column("t"),), program=program(TEXT), kind="str"),)
    )
    space = world.schema(relation, world.catalog())
    assert not isinstance(space, Refusal)
    assert (space.columns["out"].bounds, space.columns["out"].categories, space.columns["out"].nullable) == (
        None,
        None,
        True,
    )


# A mapper that lies ---------------------------------------------------------------------------------------


def lying(reply: Callable[[list[Any]], bytes | None]) -> Callable[[socket.socket], None]:
    def serve(stream: socket.socket) -> None:
        receive_frame(stream)
        rows = wire.rows(receive_frame(stream) or b"")
        said = reply(rows)
        if said is not None:
            send_frame(stream, said)
            receive_frame(stream)

    return serve


def lookup(kind: Any = "float") -> Lookup:
    return Lookup(
        table="m", keys=(identifier("c0"),), kinds=("float",), program=encode_plan(program(TEXT)), kind=kind, name="v0"
    )


LIES: dict[str, Callable[[list[Any]], bytes | None]] = {
    "more results than rows": lambda rows: wire.encoded([1.0] * (len(rows) + 1)),
    "fewer": lambda _: wire.encoded([]),
    "another kind": lambda rows: wire.encoded(["text"] * len(rows)),
    "a map": lambda _: wire.encoded({"a": 1}),
    "no bytes of ours": lambda _: b"\xc1\xff",
    "nothing": lambda _: None,
}


@pytest.mark.parametrize("name", LIES)
def test_what_is_no_result_is_no_answer_and_the_last_one(name: str) -> None:
    with mapper(lying(LIES[name])) as made:
        with pytest.raises(MapperFailed) as caught:
            list(made.mapped(lookup(), [(1.5,), (2.5,)]))
        assert "1.5" not in str(caught.value)
        assert not made.is_there
        with pytest.raises(MapperFailed):
            list(made.mapped(lookup(), [(1.5,)]))


@pytest.mark.parametrize("texts", [1, 2, 16])
def test_however_long_all_texts_are_they_fit(texts: int) -> None:
    """Else texts of one row could make the frame too long for an answer."""
    longest = "\U0001f600" * MOST_ITEMS
    kinds = ("str",) * texts
    assert at_once(kinds) * texts * (len(longest.encode()) + 5) < MAX_FRAME_BYTES // 2
    body = w.Give(value=w.Call(function="len", arguments=(slot(0),)))
    wide = w.Program(functions=(w.Define(arguments=texts, variables=texts, body=body),))
    lookup = Lookup(
        table="t", keys=(identifier("k"),) * texts, kinds=kinds, program=encode_plan(wide), kind="int", name="v"
    )
    many = MAX_FRAME_BYTES // (texts * len(longest.encode())) + 1
    with mapper() as made:
        found = [result for _, part in made.mapped(lookup, [(longest,) * texts] * many) for result in part]
    assert found == [MOST_ITEMS] * many


def test_results_that_no_column_holds_are_null() -> None:
    with mapper(lying(lambda _: wire.encoded([math.nan, math.inf, 2.0]))) as made:
        ((_, found),) = made.mapped(lookup(), [(1.0,), (2.0,), (3.0,)])
        assert found == [None, None, 2.0]
    with mapper(lying(lambda _: wire.encoded(["a\x00", "x" * 10**5, "b"]))) as made:
        ((_, found),) = made.mapped(lookup("str"), [(1.0,), (2.0,), (3.0,)])
        assert found == [None, None, "b"]


def test_tables_of_lookups_are_gone_after_the_answer() -> None:
    answered(clamped(w.Give(value=literally(1)), "t"), [{"t": "a"}])
    names = {name for (name,) in world.engine().execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert not [name for name in names if name.startswith(("map", "asked"))]
