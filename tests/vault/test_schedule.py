"""Replies of charged releases leave at slot ends that public things choose, whatever the rows made of the work."""

import logging

import pytest

from ag_vault.schedule import FIRST_SLOT, Slots, planned_seconds, slot


class Time:
    """A clock that only moves when someone sleeps or works."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def left_at(*worked: float, numbers: int = 1, rows: int | None = None) -> float:
    """When the last reply leaves after so much work for each, counted from its request."""
    time = Time()
    schedule = Slots(clock=time.clock, sleep=time.sleep)
    started = 0.0
    for each in worked:
        started = schedule.now()
        time.now += each
        schedule.hold(started, numbers=numbers, rows=rows)
    return time.now - started


@pytest.mark.parametrize("worked", [0.0, 0.001, 0.01, 0.0249])
def test_fast_or_slow_work_within_the_slot_leaves_at_one_time(worked: float) -> None:
    assert left_at(worked) == pytest.approx(FIRST_SLOT)


@pytest.mark.parametrize(("worked", "end"), [(0.026, 0.05), (0.06, 0.1), (0.3, 0.4), (50, 51.2)])
def test_an_overrun_takes_the_next_coarser_slot_and_is_logged(
    worked: float, end: float, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert left_at(worked) == pytest.approx(end)
    assert "slot" in caplog.text


def test_after_an_overrun_fast_and_slow_work_leave_at_one_time_again() -> None:
    assert left_at(0.3, 0.0) == left_at(0.3, 0.39) == pytest.approx(0.4)
    assert left_at(0.3, 0.5, 0.0) == pytest.approx(0.8)


def test_an_overrun_of_small_releases_says_nothing_of_large_ones() -> None:
    time = Time()
    schedule = Slots(clock=time.clock, sleep=time.sleep)
    for worked, numbers, end in ((0.3, 1, 0.4), (0.0, 1000, 0.05), (0.0, 1, 0.4)):
        started = schedule.now()
        time.now += worked
        schedule.hold(started, numbers=numbers, rows=None)
        assert time.now - started == pytest.approx(end)


def test_a_large_public_size_plans_a_later_slot_from_the_start() -> None:
    assert left_at(0.0, rows=10**7) == pytest.approx(slot(planned_seconds(1, 10**7)))
    assert left_at(0.0, rows=10**7) > 0.5


def test_many_numbers_plan_a_later_slot_from_the_start(caplog: pytest.LogCaptureFixture) -> None:
    assert left_at(0.0, numbers=10_000) == pytest.approx(0.4)
    assert caplog.text == ""


def test_slots_double() -> None:
    ends = [slot(seconds) for seconds in (0, 0.025, 0.0251, 0.05, 0.9, 1.7)]
    assert ends == [0.025, 0.025, 0.05, 0.05, 1.6, 3.2]


def test_a_release_with_programs_is_planned_for_the_rows_there_may_be_and_not_for_those_there_are() -> None:
    assert slot(planned_seconds(1, None, programs=1)) == 0.1
    assert (
        slot(planned_seconds(1, 10**5, programs=1))
        > slot(planned_seconds(1, 10**4, programs=1))
        > slot(planned_seconds(1, 10**5))
    )
