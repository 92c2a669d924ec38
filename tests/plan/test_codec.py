"""Plan bytes decode to exactly the plan that was encoded, and anything else is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ag_plan.codec import MAX_DEPTH, decode_message, decode_plan, encode_message, encode_plan
from ag_plan.errors import MalformedPlan
from ag_plan.expressions import Binary, Column, Constant, Expression
from ag_plan.messages import REPLIES, REQUESTS, AskRelease, Refused
from ag_plan.relations import Filter, Project, Relation, Source
from ag_plan.releases import Epsilon, GroupKey, Mean, Release


def plan() -> Release:
    age = Column(name="age")
    adult = Binary(operator="ge", left=age, right=Constant(value=18))
    kept = Filter(relation=Source(table="clinic/patients"), predicate=adult)
    doubled = Binary(operator="add", left=age, right=age)
    projected = Project(relation=kept, names=("age", "twice"), expressions=(age, doubled))
    return Release(
        relation=projected,
        measure=Mean(columns=("age", "twice")),
        spend=Epsilon(numerator=1, denominator=2),
        by=(GroupKey(column="age", values=(1, 2)),),
    )


def test_a_plan_survives_the_round_trip() -> None:
    assert decode_plan(encode_plan(plan()), Release) == plan()


def test_a_shared_part_travels_once() -> None:
    expression: Expression = Column(name="x")
    for _ in range(16):
        expression = Binary(operator="add", left=expression, right=expression)
    with pytest.raises(MalformedPlan, match="nested"):
        decode_plan(encode_plan(expression) * 1, Expression)
    assert len(encode_plan(expression)) < 2000


def test_depth_is_bounded() -> None:
    relation: Relation = Source(table="t")
    for _ in range(MAX_DEPTH):
        relation = Filter(relation=relation, predicate=Constant(value=True))
    with pytest.raises(MalformedPlan):
        decode_plan(encode_plan(relation), Relation)


@pytest.mark.parametrize("change", [{"unheard": 1}, {"relation": -1}, {"relation": 99}, {"type": "unheard"}], ids=str)
def test_a_record_with_a_word_too_many_or_a_reference_to_nowhere_is_no_plan(change: dict[str, object]) -> None:
    records = msgspec.msgpack.decode(encode_plan(plan()))
    assert isinstance(decode_plan(msgspec.msgpack.encode(records), Release), Release)
    records[-1] |= change
    with pytest.raises(MalformedPlan):
        decode_plan(msgspec.msgpack.encode(records), Release)


def test_no_word_of_a_plan_may_bring_a_field_that_nobody_knows() -> None:
    for number in range(len(msgspec.msgpack.decode(encode_plan(plan())))):
        records = msgspec.msgpack.decode(encode_plan(plan()))
        records[number] |= {"unheard": 1}
        with pytest.raises(MalformedPlan):
            decode_plan(msgspec.msgpack.encode(records), Release)


def test_what_no_constructor_takes_is_no_plan_either() -> None:
    for value in (float("nan"), float("inf"), 2**63, b"bytes", [1]):
        with pytest.raises(MalformedPlan):
            decode_plan(msgspec.msgpack.encode([{"type": "constant", "value": value}]), Expression)


def test_a_key_listed_twice_has_no_constructor() -> None:
    with pytest.raises(ValueError, match="distinct"):
        GroupKey(column="age", values=(1, 2, 1))


def test_the_root_must_be_of_the_expected_family() -> None:
    with pytest.raises(MalformedPlan, match="family"):
        decode_plan(encode_plan(Column(name="x")), Release)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**63, -(2**63) - 1])
def test_a_literal_no_column_can_hold_has_no_constructor(value: float) -> None:
    with pytest.raises(ValueError):
        Constant(value=value)


@pytest.mark.parametrize("parts", [(0, 1), (-1, 1), (1, 0), (2**63, 1)])
def test_an_epsilon_that_is_not_positive_has_no_constructor(parts: tuple[int, int]) -> None:
    with pytest.raises(ValueError):
        Epsilon(numerator=parts[0], denominator=parts[1])


@given(st.binary(max_size=300))
def test_any_other_bytes_are_refused_and_never_crash(data: bytes) -> None:
    for decode in (lambda d: decode_plan(d, Release), lambda d: decode_message(d, REQUESTS)):
        try:
            decode(data)
        except MalformedPlan:
            continue


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=1))
def test_a_damaged_plan_is_refused_or_is_another_plan(position: int, byte: bytes) -> None:
    data = bytearray(encode_plan(plan()))
    data[position % len(data)] = byte[0]
    try:
        decode_plan(bytes(data), Release)
    except MalformedPlan as reason:
        assert len(str(reason)) < 200


def test_nested_bytes_are_refused() -> None:
    with pytest.raises(MalformedPlan):
        decode_plan(b"\x91" * 100_000 + b"\xc0", Release)


def test_a_reply_is_not_a_request() -> None:
    refusal = encode_message(Refused(id=1, code="no", why="no"))
    with pytest.raises(MalformedPlan, match="side"):
        decode_message(refusal, REQUESTS)
    assert decode_message(refusal, REPLIES) == Refused(id=1, code="no", why="no")


def test_a_message_survives_the_round_trip() -> None:
    message = AskRelease(id=7, release=encode_plan(plan()))
    assert decode_message(encode_message(message), REQUESTS) == message
