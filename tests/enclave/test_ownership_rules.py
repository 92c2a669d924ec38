"""Whose a data set becomes and stays, on either database: accounts shared, restorations, and orders that were overtaken."""

import asyncio
import dataclasses
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ag_enclave.accounts import Accounts
from ag_enclave.budgets import Budgets, Change
from ag_enclave.catalog import FORMAT, Catalog
from ag_enclave.competitions import Competitions, competitions
from ag_enclave.database import Database
from ag_enclave.decisions import Acceptance, Decisions, Denial
from ag_enclave.errors import Conflict, Missing, Refusal, Unfit
from ag_enclave.ownership import EVERYONE, Ownership, check_of, close, of_account, settle_new
from ag_enclave.requests import Limits, Requests
from ag_enclave.review import Ended, Input, Submission, subject_of
from ag_enclave.reviewing import Approval, Reviewing, digest_of
from ag_enclave.reviews import Reviews
from ag_enclave.turn import BUDGETS, Turn
from tests.enclave.conftest import put_catalogue

CUP = json.dumps(
    {
        "name": "Cup",
        "dataset": "visits",
        "label": {"column": "c", "type": "bool"},
        "metric": "accuracy",
        "rows": 2,
        "epsilon": 1.0,
        "budget": {"epsilon": 1},
        "opens": "2026-01-01T00:00:00Z",
        "closes": "2027-01-01T00:00:00Z",
    }
)


def held_by(database: Database, folder: Path, who: str) -> set[str]:
    return set(Ownership(database, Catalog(folder), Competitions(database)).held(who))


def test_data_sets_of_one_account_have_the_same_owners_on_either_database(database: Database, tmp_path: Path) -> None:
    accounts = Accounts(database)
    for who in ("olga", "otto"):
        accounts.add(who, "owner", "h", by="test")
    space = {"columns": [], "unit": {"name": "person", "space": "villagers", "max_rows": 1}}
    for variable in ("visits", "people"):
        (tmp_path / variable / "1").mkdir(parents=True)
        public = {"name": variable, "views": [], "tables": {"t": space}, "format": FORMAT}
        (tmp_path / variable / "1" / "catalog.json").write_text(json.dumps(public))
    catalog = Catalog(tmp_path)
    visits, people = catalog.named("visits"), catalog.named("people")
    with database.transaction() as connection:
        assert settle_new(connection, visits, "olga", (), known=False) == {"olga"}
        with pytest.raises(Conflict, match="other owners"):
            settle_new(connection, people, "otto", (), known=True)
        with pytest.raises(Conflict, match="other owners"):  # also where another enclave on this database has it
            settle_new(connection, people, "otto", (), known=False)
        with pytest.raises(Conflict, match="owners already"):
            settle_new(connection, people, "", ("otto",), known=True)
        assert settle_new(connection, people, "", (), known=True) == {"olga"}
    with database.transaction() as connection:
        connection.execute(sa.insert(competitions).values(name="Cup", rules=CUP, scored="[0]"))
    owned = Ownership(database, catalog, Competitions(database))
    owned.hand_over("visits", ["otto"], by="test", reason="x")
    assert (held_by(database, tmp_path, "olga"), held_by(database, tmp_path, "otto")) == (
        set(),
        {"visits", "people", "Labels of Cup"},
    )
    with pytest.raises(Refusal, match="other owners"):  # it was handed over while she waited for her turn
        owned.hand_over("visits", ["olga"], by="olga", reason="x", holder="olga")
    assert owned.of(visits) == ("otto",)
    owned.hand_over("visits", ["otto", "olga"], by="otto", reason="both", holder="otto")
    for to in (["olga"], ["*"]):  # nobody takes it from who shares it
        with pytest.raises(Refusal, match="is also otto's"):
            owned.hand_over("visits", to, by="olga", reason="x", holder="olga")
    assert owned.of(visits) == ("olga", "otto")
    owned.hand_over("visits", ["otto"], by="olga", reason="enough", holder="olga")
    assert owned.of(visits) == ("otto",)
    for to, problem in ((["nobody"], Missing), ([], Unfit)):
        with pytest.raises(problem):
            owned.hand_over("visits", to, by="test", reason="x")


def test_what_is_every_owner_s_is_joined_by_nobody_unawares_and_what_was_lost_is_nobody_s(
    database: Database, tmp_path: Path
) -> None:
    Accounts(database).add("olga", "owner", "h", by="test")
    put_catalogue(tmp_path, "old", "Old")
    folder = tmp_path / "datasets"
    old = Catalog(folder).named("Old")
    assert held_by(database, folder, "olga") == {"Old"}  # of an earlier release
    with database.transaction() as connection:
        assert of_account(connection, "Old") == {EVERYONE}
        with pytest.raises(Conflict, match="other owners"):
            settle_new(connection, old, "olga", (), known=True)
        close(connection)
        assert of_account(connection, "Old") == frozenset()
        with pytest.raises(Conflict, match="other owners"):
            settle_new(connection, old, "olga", (), known=True)
    assert held_by(database, folder, "olga") == set()
    with pytest.raises(Refusal, match="no owner in common"):
        Ownership(database, Catalog(folder), Competitions(database)).check_common(["Old"])


def test_who_is_no_owner_any_more_has_nothing_and_an_order_that_waited_meanwhile_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    accounts = Accounts(database)
    for who in ("olga", "otto"):
        accounts.add(who, "owner", "h", by="test")
    put_catalogue(tmp_path, "old", "Old")
    put_catalogue(tmp_path, "new", "New")
    catalog = Catalog(tmp_path / "datasets")
    owned = Ownership(database, catalog, Competitions(database))
    owned.hand_over("Old", ["olga"], by="test", reason="hers")
    for shut_out in (
        lambda: accounts.disable("olga", by="test"),
        lambda: (accounts.enable("olga", by="test"), accounts.change_role("olga", "auditor", by="test")),
    ):
        shut_out()
        for order in (
            lambda: owned.held("olga"),
            lambda: owned.check("olga", "Old"),
            lambda: owned.hand_over("Old", ["otto"], by="olga", reason="x", holder="olga"),
            lambda: ordered(database, lambda connection: check_of(connection, "olga", catalog.named("Old"))),
            lambda: ordered(
                database, lambda connection: settle_new(connection, catalog.named("New"), "olga", (), known=False)
            ),
        ):
            with pytest.raises(Refusal, match="no owner's any more"):
                order()
    assert owned.of(catalog.named("Old")) == ("olga",)


def ordered(database: Database, order: Callable[[sa.Connection], object]) -> None:
    with database.transaction() as connection:
        order(connection)


def test_the_log_names_data_sets_apart_also_where_their_names_are_long() -> None:
    def named(*names: str) -> str:
        return subject_of([Input(argument="a", dataset=name, table="t", digest="0") for name in names])

    long = ("A" * 100, "B" * 97)
    assert named("B", "A", "B") == "A, B"
    assert named(*long, "Hers") != named(*long, "His")
    assert {len(named(*long, name)) for name in ("Hers", "His")} == {200}


def test_what_the_log_knows_from_before_a_restoration_is_taken_by_no_owner(database: Database, tmp_path: Path) -> None:
    accounts = Accounts(database)
    for who in ("olga", "mallory"):
        accounts.add(who, "owner", "h", by="test")
    put_catalogue(tmp_path, "clinic", "Clinic")
    clinic = Catalog(tmp_path / "datasets").named("Clinic")
    elsewhere = dataclasses.replace(clinic, account="space:elsewhere")
    other = dataclasses.replace(clinic, name="Other", account="Other")
    with database.transaction() as connection:
        close(connection, {"Clinic", "space:villagers"})
        assert of_account(connection, "Clinic") == frozenset()
        for lost in (clinic, elsewhere, dataclasses.replace(other, account="space:villagers")):
            with pytest.raises(Conflict, match="whose it was is lost"):
                settle_new(connection, lost, "mallory", (), known=False)
        assert settle_new(connection, other, "mallory", (), known=False) == {"mallory"}
        assert settle_new(connection, clinic, "", ("olga",), known=False) == {"olga"}
        assert of_account(connection, "Clinic") == {"olga"}


def test_what_the_bench_gives_goes_to_who_has_the_data_set_then(database: Database, tmp_path: Path) -> None:
    accounts, reviews = Accounts(database), Reviews(database)
    for who in ("olga", "mallory"):
        accounts.add(who, "owner", "h", by="test")
    put_catalogue(tmp_path, "clinic", "Clinic")
    catalog = Catalog(tmp_path / "datasets")
    owned = Ownership(database, catalog, Competitions(database))
    bound = Input(argument="a", dataset="Clinic", table="t", digest=digest_of(catalog.named("Clinic")))
    facts = {"analyst": "ann", "project": "", "function": "f", "source": "def f(a): ...", "reader": "ann"}
    tried = Ended(outcome="result", seconds=0.0, value=b"x")
    wanted = Submission(**facts, inputs=(bound,), runs_allowed=1)
    code = reviews.submit(wanted, tried, most_open=9, most_daily=9).request_id

    class Bench:
        async def run(self, *_given: Any) -> Ended:
            owned.hand_over("Clinic", ["olga"], by="test", reason="meanwhile")
            return tried

        look = run

    parts: dict[str, Any] = {"projects": None, "sessions": None, "bench": Bench(), "accounts": accounts}
    reviewing = Reviewing(reviews=reviews, catalog=catalog, ownership=owned, **parts)
    for order in (
        lambda: reviewing.run(code, "mallory", "data"),
        lambda: reviewing.approve(code, "mallory", Approval(value="eA==")),
    ):
        owned.hand_over("Clinic", ["mallory"], by="test", reason="before")
        with pytest.raises(Missing):
            asyncio.run(order())
    assert reviews.find(code, None).state == "open"
    assert [each.outcome for each in reviews.runs_of(code)] == ["result", "result"]


def test_no_cap_and_no_request_is_decided_by_who_had_the_data_set_before(database: Database, tmp_path: Path) -> None:
    """An order that waits for its turn while the data set is handed over changes nothing; and none gets in between."""
    accounts = Accounts(database)
    for who in ("olga", "otto"):
        accounts.add(who, "owner", "h", by="test")
    put_catalogue(tmp_path, "clinic", "Clinic")
    (tmp_path / "none").mkdir()
    catalog, caps = Catalog(tmp_path / "datasets"), []
    owned = Ownership(database, catalog, Competitions(database))
    owned.hand_over("Clinic", ["olga"], by="test", reason="hers")

    class Books:
        async def set_cap(self, **cap: Any) -> None:
            handing.start()
            handing.join(0.3)
            assert handing.is_alive()  # it waits for the turn that this cap has
            caps.append(cap["actor"])

        async def caps(self, *_dataset: str) -> list[Any]:
            return []

        async def amounts(self, of: list[Any]) -> list[Any]:
            return [{} for _ in of]

        totals = caps

    handing = threading.Thread(target=owned.hand_over, args=("Clinic", ["otto"]), kwargs={"by": "test", "reason": "x"})
    clerk: Any = Books()
    sessions: Any = None
    budgets = Budgets(catalog, clerk, Catalog(tmp_path / "none"), turn=Turn(database, BUDGETS), ownership=owned)
    requests = Requests(database)
    decisions = Decisions(requests=requests, budgets=budgets, ownership=owned, clerk=clerk, sessions=sessions)
    asked, _ = requests.ask("ann", "Clinic", "1", "why", limits=Limits(open=9, daily=9))
    cap = Change(kind="everyone", reason="r", epsilon="9")
    asyncio.run(budgets.change("olga", "Clinic", cap, holder="olga"))
    handing.join(20)
    with pytest.raises(Refusal, match="belongs to other owners"):
        asyncio.run(budgets.change("olga", "Clinic", cap, holder="olga"))
    for order in (
        decisions.accept(asked.request_id, "olga", Acceptance()),
        decisions.deny(asked.request_id, "olga", Denial(reason="r")),
    ):
        with pytest.raises(Missing):
            asyncio.run(order)
    assert caps == ["olga"]
    assert requests.find(asked.request_id, None).state == "open"
