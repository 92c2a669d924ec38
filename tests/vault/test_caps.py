"""Caps that owners set bind the next charge, windows and lifted bounds say what they are, and the log has every question in words."""

import json
import sqlite3
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ag_plan.expressions import Binary, Column, Constant
from ag_plan.relations import Filter, Project, Source
from ag_plan.releases import Epsilon, GroupKey, Mean, Release
from ag_vault.account import Cap, Event
from ag_vault.errors import Refusal
from ag_vault.ledger import Ledger, Reading, Receipt, refused
from ag_vault.ledger.connect import engine_at, file_engine
from ag_vault.ledger.register import Filter as Which
from ag_vault.ledger.register import Place, Register
from ag_vault.ledger.revisions import REVISIONS
from ag_vault.ledger.schema import BALANCES, EVENTS
from ag_vault.ledger.verdict import lasting
from ag_vault.wording import LONGEST, worded
from tests.vault.ledgers import budget, charge, claim

DAY = 86_400
SECOND = 10**9


class Books:
    """A ledger and its register on one database, at a time that the test says."""

    def __init__(self, place: str | Path) -> None:
        self.now = 1_000 * DAY * SECOND
        self.register = Register(engine_at(place), clock=lambda: self.now)
        self.register.open()
        self.ledger = Ledger(engine_at(place), clock=lambda: self.now)

    def cap(self, kind: Any, epsilon: str | None, *, who: str = "", seconds: int = 0, dataset: str = "Clinic") -> None:
        place = Place(kind=kind, dataset=dataset, who=who, seconds=seconds)
        self.register.set_cap(place, epsilon, "1e-6", actor="olga", reason="because")

    def charged(self, epsilon: Fraction | int, **changes: Any) -> bool:
        return isinstance(charge(self.ledger, epsilon, **changes), Receipt)

    def left(self, analyst: str = "ann") -> float:
        reading = self.ledger.reading("Clinic", analyst, budget())
        assert isinstance(reading, Reading)
        return reading.epsilon_left

    def log(self, **which: Any) -> list[dict[str, Any]]:
        return self.register.history(Which(limit=1000, **which))


@pytest.fixture
def books(place: str) -> Iterator[Books]:
    opened = Books(place)
    yield opened
    opened.register.verify()
    opened.ledger.close()
    opened.register.close()


def test_a_raised_cap_admits_more_and_the_odometer_shows_it(books: Books) -> None:
    assert books.charged(10)
    assert books.charged(10)
    assert not books.charged(1)
    books.cap("analyst", "25", who="ann")
    assert books.left() == 5
    assert books.charged(5)
    assert not books.charged(1)


def test_a_cap_below_what_is_spent_closes_the_tap_and_lowers_nothing(books: Books) -> None:
    assert books.charged(8)
    books.cap("everyone", "5")
    assert books.left() == books.left("bob") == 0
    assert not books.charged(Fraction(1, 1000), analyst="bob")
    books.register.drop_cap(Place(kind="everyone", dataset="Clinic"), actor="olga", reason="again")
    assert books.left() == 12


def test_an_analysts_own_cap_goes_before_that_of_each(books: Books) -> None:
    books.cap("analyst", "0")
    books.cap("analyst", "3", who="ann")
    assert not books.charged(1, analyst="bob")
    assert books.charged(3)
    assert not books.charged(1)


def test_a_cap_per_call_is_set_too(books: Books) -> None:
    books.cap("call", "2")
    refusal = charge(books.ledger, 3)
    assert isinstance(refusal, Refusal)
    assert "Per query limits are eps : 2 " in refusal.why
    assert books.charged(2)


def test_what_reads_two_data_sets_keeps_within_the_caps_of_both(books: Books) -> None:
    both = {"Clinic": budget()["Clinic"], "Visits": budget()["Clinic"]}
    books.cap("everyone", "5", dataset="Visits")
    assert not books.charged(6, within=both)
    assert books.charged(5, within=both)
    assert not books.charged(1, within=both)
    assert books.charged(1)


def test_a_window_bounds_every_span_and_the_bound_over_all_time_stays(books: Books) -> None:
    books.cap("everyone", "4", seconds=7 * DAY)
    for _ in range(6):
        assert books.charged(3)
        assert not books.charged(2, analyst="bob")
        assert books.left("bob") == 1
        books.now += 4 * DAY * SECOND
        assert not books.charged(2)
        books.now += 3 * DAY * SECOND
    assert books.left() == 2


def test_a_refusal_names_the_cap_in_the_way_and_when_its_window_gives_again(books: Books) -> None:
    books.cap("everyone", "4", seconds=7 * DAY)
    assert books.charged(3)
    refused = charge(books.ledger, 2, analyst="bob")
    assert isinstance(refused, Refusal)
    assert "the one of everyone together, of eps 4 within 7 days" in refused.instead
    assert "session.request_budget(" in refused.instead
    assert refused.instead.endswith("It begins to give again at 1972-10-04 00:00:01 UTC.")
    books.now = 1_007 * DAY * SECOND + SECOND
    assert books.charged(2, analyst="bob"), "the time that was said is right"
    books.cap("analyst", "1/2")
    closed = charge(books.ledger, Fraction(1, 10))
    assert isinstance(closed, Refusal)
    assert closed.instead.startswith("Ask the owner for more budget with session.request_budget(")
    assert closed.instead.endswith("The cap in the way is your own, of eps 0.5 over all time.")


def test_the_odometer_lists_windows_by_name(books: Books) -> None:
    books.cap("everyone", "4", seconds=7 * DAY)
    books.cap("analyst", "2", seconds=3600)
    assert books.charged(1, analyst="bob")
    reading = books.ledger.reading("Clinic", "ann", budget())
    assert isinstance(reading, Reading)
    found = {(each.kind, lasting(each.seconds)): each for each in reading.windows}
    assert found.keys() == {("everyone", "7 days"), ("analyst", "an hour")}
    assert found["everyone", "7 days"].refreshes == "1972-10-04 00:00:01 UTC"
    assert found["analyst", "an hour"].refreshes == ""


def test_a_bound_over_all_time_is_lifted_only_where_a_window_stands_in_for_it(books: Books) -> None:
    with pytest.raises(ValueError, match="only where a window"):
        books.cap("everyone", None)
    for kind in ("everyone", "analyst"):
        books.cap(kind, "10", seconds=DAY)
        books.cap(kind, None)
    for _ in range(30):
        assert books.charged(10)
        assert not books.charged(Fraction(1, 100))
        books.now += DAY * SECOND
    with pytest.raises(ValueError, match="last window stays"):
        books.register.drop_cap(Place(kind="analyst", dataset="Clinic", seconds=DAY), actor="olga", reason="r")


def test_charges_of_a_large_epsilon_are_admitted_by_a_window_and_shown(books: Books) -> None:
    """Their ρ together is more than the database's sums can hold."""
    for kind in ("everyone", "analyst", "call"):
        books.cap(kind, "1000000")
    books.cap("everyone", "1000000", seconds=DAY)
    for left in (996_000, 992_000, 988_000):
        assert books.charged(4000)
        assert books.left() == left
    assert not books.charged(990_000)


def test_no_sum_outgrows_what_the_database_can_hold(books: Books) -> None:
    """Where a bound over all time was lifted, and is set again."""
    for kind in ("everyone", "analyst"):
        books.cap(kind, "1000000", seconds=1)
        books.cap(kind, None)
    books.cap("call", "1000000")
    assert books.charged(1)
    with books.register.writing() as connection:
        connection.execute(sa.update(BALANCES).values(epsilon=2**63 - 10**12))
    assert books.charged(10_000)
    books.cap("everyone", "1000000")
    assert not books.charged(1)
    with books.register.writing() as connection:
        sums = sa.select(sa.func.sum(EVENTS.c.epsilon)).scalar_subquery()
        connection.execute(sa.update(BALANCES).values(epsilon=sums))  # as the books' own check wants them


def test_a_clock_that_goes_back_opens_no_window(books: Books) -> None:
    books.cap("analyst", "4", seconds=DAY)
    assert books.charged(4)
    books.now -= 10 * DAY * SECOND
    assert not books.charged(1)
    assert books.charged(1, analyst="bob")
    books.now += 10 * DAY * SECOND
    assert not books.charged(4, analyst="bob")


def test_a_cap_that_is_set_while_a_charge_waits_binds_it(tmp_path: Path) -> None:
    """The charge reads its caps after it has locked the ledger, not before."""
    books = Books(tmp_path / "ledger.sqlite")
    begun: list[bool] = []

    def lower() -> None:
        if not begun:
            begun.append(True)
            blocked = sqlite3.connect(tmp_path / "ledger.sqlite", timeout=0)
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                blocked.execute("INSERT INTO caps VALUES ('everyone', 'Clinic', '', 0, '0', '0')")
            blocked.close()

    from ag_vault.ledger import caps

    original = caps.in_force

    def reading(*arguments: Any) -> Any:
        lower()
        return original(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(caps, "in_force", reading)
        assert books.charged(1)
    assert begun


def test_every_question_is_in_the_log_with_its_plan_cost_and_outcome(books: Books) -> None:
    books.charged(2, wording="mean(age) of clinic/people")
    books.charged(30, wording="size() of clinic/people")
    latest, first = books.log(actor="ann")
    assert (first["details"]["plan"], first["details"]["epsilon"], first["details"]["outcome"]) == (
        "mean(age) of clinic/people", 2, "charged",
    )  # fmt: skip
    assert (latest["details"]["plan"], latest["details"]["outcome"], latest["event"]) == (
        "size() of clinic/people", "refused", 0,
    )  # fmt: skip


def test_a_flood_of_refusals_is_not_written_down_and_the_next_hour_is_new(books: Books) -> None:
    for _ in range(refused.MOST_PER_HOUR + 20):
        assert not books.charged(30)
    assert len(books.log()) == refused.MOST_PER_HOUR
    assert "more" in books.log()[0]["details"]
    assert not books.charged(30, analyst="bob")
    books.now += 3600 * SECOND
    assert not books.charged(30)
    assert len(books.log()) == refused.MOST_PER_HOUR + 2


def test_a_cap_s_change_is_in_the_log_with_who_why_and_what_was_before(books: Books) -> None:
    books.cap("everyone", "5")
    books.cap("everyone", "7")
    entry = books.log()[0]
    assert (entry["actor"], entry["action"], entry["subject"]) == ("olga", "cap", "Clinic")
    assert entry["details"]["reason"] == "because"
    assert entry["details"]["before"] == {"epsilon": "5", "delta": "1e-6"}
    assert entry["details"]["cap"] == {"epsilon": "7", "delta": "1e-6"}


def test_a_ledger_of_the_release_before_gets_its_log_and_vouches_for_what_was(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ag_vault.ledger.revisions.REVISIONS", REVISIONS[:2])
        register = Register(file_engine(path))
        with register.writing() as connection:
            from ag_vault.ledger.revisions import upgrade

            assert upgrade(connection)
            row = {
                **dict.fromkeys(("version", "session", "library", "plan", "mechanism"), ""),
                **dict.fromkeys(("rho", "delta", "impure"), 0),
                "sequence": 1, "at": 7, "dataset": "Clinic", "analyst": "ann", "epsilon": 10**9, "previous": "0" * 64,
            }  # fmt: skip
            from ag_vault.ledger.chain import link

            row["hash"] = link(row)
            connection.execute(sa.insert(EVENTS), row)
            connection.exec_driver_sql("UPDATE head SET sequence = 1, hash = ?", (row["hash"],))
            for kind, who in (("everyone", ""), ("analyst", "ann")):
                connection.exec_driver_sql(
                    "INSERT INTO balances VALUES (?, 'Clinic', ?, 1000000000, 0, 0, 0, 0)", (kind, who)
                )
        register.close()
    ledger = Ledger.at(path)
    assert isinstance(charge(ledger, 1), Receipt)
    assert ledger.verify() == 2
    ledger.close()


def test_a_plan_reads_as_a_line_of_public_words() -> None:
    kept = Project(
        relation=Source(table="clinic/people"),
        names=("age", "bmi"),
        expressions=(
            Column(name="age"),
            Binary(operator="div", left=Column(name="weight"), right=Column(name="the height")),
        ),
    )
    older = Filter(relation=kept, predicate=Binary(operator="gt", left=Column(name="age"), right=Constant(value=30)))
    asked = Release(
        relation=older,
        measure=Mean(columns=("age", "bmi")),
        spend=Epsilon(numerator=1, denominator=2),
        by=(GroupKey(column="sex"),),
    )
    assert worded(asked) == (
        'mean(age, bmi) by sex of clinic/people with bmi = (weight / "the height") where (age > 30)'
    )


@pytest.mark.parametrize("text", ["\n\0\x1b[31m", "</script>", "\ud800", "x" * 10**6])
def test_a_hostile_name_stays_one_short_printable_line(text: str) -> None:
    asked = Release(
        relation=Source(table="t"), measure=Mean(columns=(text,) * 50), spend=Epsilon(numerator=1, denominator=1)
    )
    line = worded(asked)
    assert len(line) <= LONGEST
    assert line.isprintable()
    assert json.loads(json.dumps(line)) == line


def test_the_caps_of_metadata_are_in_force_where_owners_set_none(books: Books) -> None:
    from ag_vault.ledger import caps

    with books.register.reading() as connection:
        answers = [connection.execute(*question).all() for question in caps.questions(budget(), "ann")]
    force = caps.in_force(budget(), answers)
    assert (force.everyone, force.call) == (budget()["Clinic"].everyone, budget()["Clinic"].per_call)
    assert isinstance(books.ledger.charge(Event(mechanism="m", epsilon=Fraction(1)), claim(), budget()), Receipt)
    assert force.analyst == Cap(epsilon=Fraction(20), delta=Fraction(1, 10**6))
