"""ε is parsed once, to exactly what was written; anything else is refused with one sentence, before a question is asked."""

from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from op_pandas.epsilon import parse_epsilon
from tests.private_pandas import clinic


class Lie(float):
    """A float that says it is another."""

    def __repr__(self) -> str:
        return "0.001"

    def __gt__(self, other: object) -> bool:
        return True


class Level(IntEnum):
    HIGH = 3


class LookAlike:
    def __float__(self) -> float:
        return 1.0

    def __fraction__(self) -> Fraction:
        return Fraction(1)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (1, Fraction(1)),
        (0.1, Fraction(1, 10)),
        (1e-05, Fraction(1, 100_000)),
        (Decimal("0.30"), Fraction(3, 10)),
        (Fraction(2, 7), Fraction(2, 7)),
        (np.float64(0.1), Fraction(1, 10)),
        (np.float32(0.1), Fraction(1, 10)),
        (np.float16(0.5), Fraction(1, 2)),
        (np.int64(3), Fraction(3)),
        (np.uint8(3), Fraction(3)),
    ],
)
def test_a_number_is_taken_as_it_is_written(written: Any, meant: Fraction) -> None:
    assert parse_epsilon(written, "mean").fraction == meant


REFUSED: list[Any] = [
    0, -1, -0.0, float("nan"), float("inf"), float("-inf"), 1e300, 1e-300, Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"),
    Decimal("1e999999"), Decimal("1e-999999"), Fraction(-1, 3), True, np.bool_(True), "1", "x", b"1", Lie(1.0), Level.HIGH, LookAlike(),
    1 + 0j, [1], np.array(1.0), np.array([1.0]), 2**64,
]  # fmt: skip


@pytest.mark.parametrize("written", [*REFUSED, None], ids=lambda written: repr(written).partition(" object at ")[0])
def test_anything_else_is_refused_before_a_question_is_asked(written: Any) -> None:
    frame = clinic.private()
    vault: Any = frame.rows.vault
    asked = len(vault.asked)
    with pytest.raises((TypeError, ValueError), match=r"eps") as caught:
        frame.mean(eps=written)
    with pytest.raises((TypeError, ValueError)):
        frame["age"].sum(written)
    with pytest.raises((TypeError, ValueError)):
        frame.groupby("sex").mean(written)
    assert "\n" not in str(caught.value)
    assert len(vault.asked) == asked


@given(st.floats(min_value=1e-17, max_value=1e17))
def test_a_float_is_its_shortest_decimal_never_rounded_up(eps: float) -> None:
    exact, parsed = Fraction(repr(eps)), parse_epsilon(eps, "mean").fraction
    assert 0 <= exact - parsed < Fraction(1, 10**18)
    if exact.denominator < 2**63:
        assert parsed == exact


@pytest.mark.parametrize("word", ["rho", "accuracy"])
def test_other_ways_to_say_what_to_spend_are_not_ignored(word: str) -> None:
    with pytest.raises(TypeError, match=word):
        clinic.private().mean(eps=1, **{word: 1})


def test_eps_may_be_the_first_argument() -> None:
    assert clinic.private()["age"].mean(0.25).ag.epsilon == Fraction(1, 4)
