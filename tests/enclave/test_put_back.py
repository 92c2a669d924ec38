"""A copy that is put back, on either database, opens nothing that may have been closed since: no secret, no account, no run that was used up; and no budget."""

import asyncio
import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ag_enclave import deeds, put_back
from ag_enclave.accounts import Account, Accounts
from ag_enclave.deeds import Deeds
from ag_enclave.errors import BadState, Conflict
from ag_enclave.migrate import open_accounts
from ag_enclave.ownership import EVERYONE, of_account, owners
from ag_enclave.parcels import public_text
from ag_enclave.peers import Peers, peers
from ag_enclave.place import accounts_at, address, ledger_at, settle
from ag_enclave.requests import Limits, Requests
from ag_enclave.review import DATA, Ended, Input, Submission
from ag_enclave.reviews import Reviews
from ag_enclave.state import State, audit_key, open_state
from ag_vault.account import Event
from ag_vault.clerk.keeper import Keeper
from ag_vault.clerk.seal import Seal
from ag_vault.errors import BadLedger
from ag_vault.ledger import Ledger, Receipt
from ag_vault.ledger.connect import engine_at
from ag_vault.ledger.log import Entry
from ag_vault.ledger.register import Filter, Place, Register
from tests import cluster
from tests.enclave.test_audit import ask
from tests.enclave.test_clerk import TERMS
from tests.vault.ledgers import claim

CODE = Submission(
    analyst="ann",
    project="p",
    function="f",
    source="def f(t): ...",
    inputs=(Input(argument="t", dataset="Clinic", table="patients", digest="0"),),
    runs_allowed=1,
    reader="",
)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> State:
    """An enclave with an operator, an owner and two analysts, one of whom asks for budget and for a run; ε 4 is spent."""
    found = open_state(tmp_path / "state")
    if request.param == "PostgreSQL":
        settle(found, cluster.database())
    with accounts_of(found) as accounts:
        for name, role in (
            ("opal", "operator"),
            ("omar", "operator"),
            ("olga", "owner"),
            ("ann", "analyst"),
            ("bob", "analyst"),
        ):
            accounts.add(name, role, f"hash of {name}", by="test")
        accounts.disable("bob", by="test")
        Requests(accounts.database).ask("ann", "Clinic", "1", "why", limits=Limits(open=9, daily=9))
        Reviews(accounts.database).submit(CODE, Ended(outcome="result", seconds=0.0), most_open=9, most_daily=9)
        with accounts.database.transaction() as connection:
            for name in ("high", "left"):
                key = public_text(Ed25519PrivateKey.generate())
                connection.execute(sa.insert(peers).values(name=name, public_key=key, sent=1, taken=1))
    charge(found, 4)
    tell(found)
    return found


@contextlib.contextmanager
def accounts_of(state: State) -> Iterator[Accounts]:
    with contextlib.closing(open_accounts(accounts_at(state))) as accounts:
        yield accounts


def charge(state: State, epsilon: int) -> None:
    ledger = Ledger.at(ledger_at(state))
    event = Event(mechanism="discrete Laplace", epsilon=Fraction(epsilon))
    assert isinstance(ledger.charge(event, claim(plan=bytes([epsilon])), TERMS), Receipt)
    ledger.close()


def tell(state: State) -> None:
    """The log hears of everything, and its head is signed."""
    with kept(state) as (register, keeper), accounts_of(state) as accounts:

        class Clerk:
            async def append(self, actor: str, action: str, subject: str, details: Any) -> None:
                register.append(Entry(actor=actor, action=action, subject=subject, details=details))

        asyncio.run(Deeds(accounts.database, Clerk()).tell())
        keeper.advance()


@contextlib.contextmanager
def kept(state: State) -> Iterator[tuple[Register, Keeper]]:
    """The ledger's books and their signed head, as a clerk holds them."""
    register, audit = Register(engine_at(ledger_at(state))), state.folder("audit")
    keeper = Keeper(register, Seal(audit_key(state).read_bytes(), audit), audit)
    try:
        register.open()
        keeper.open()
        yield register, keeper
    finally:
        register.close()


def more(state: State) -> None:
    """What is done after the copy was made."""
    with accounts_of(state) as accounts:
        accounts.disable("omar", by="test")
        accounts.rotate("ann", "another hash", by="test")
        (waiting,) = Reviews(accounts.database).of(None)
        Reviews(accounts.database).begin(waiting.request_id, DATA, "olga")
        with accounts.database.transaction() as connection:
            deeds.note(connection, "test", "sync.import", "high", {"number": 7})
            deeds.note(connection, "test", "sync.forget", "left", {})
    charge(state, 3)
    tell(state)


def save(state: State) -> None:
    ask("backup", str(state.root / "backup"), "--state", str(state.root))
    if address(state):
        tool("pg_dump", state, "--format=custom", "--file", str(state.root / "dump"))


def lose_and_restore(state: State) -> str:
    """The accounts' file is lost, or the whole database is what it was."""
    if not address(state):
        state.accounts.unlink()
        return ask("restore", str(state.root / "backup"), "--state", str(state.root))
    tool("pg_restore", state, "--clean", "--if-exists", str(state.root / "dump"))
    return ask("restore", "--state", str(state.root))


def tool(name: str, state: State, *words: str) -> None:
    database, _, folder = address(state).partition("@/")[2].partition("?host=")
    (program,) = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))[-1:] or [Path(name)]
    command = [str(program), "--host", folder, "--username", "tests", "--dbname", database, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def everyone(state: State) -> dict[str, Account]:
    with accounts_of(state) as accounts:
        return {each.user_id: each for each in accounts.everyone()}


def spent(state: State) -> float:
    with kept(state) as (register, _):
        register.verify()
        found = {each["who"]: each["epsilon"] for each in register.totals("Clinic")}
    return float(found["ann"])


def owners_of(state: State, account: str) -> frozenset[str]:
    with accounts_of(state) as accounts, accounts.database.transaction() as connection:
        return of_account(connection, account)


def test_nothing_that_may_have_been_closed_since_is_open_and_nothing_spent_gets_less(state: State) -> None:
    save(state)
    more(state)
    said = lose_and_restore(state)
    assert "4 accounts are disabled and 2 open requests were denied" in said
    assert spent(state) == 7
    found = everyone(state)
    (left,) = (name for name, each in found.items() if not each.disabled)
    if not address(state):  # the log is whole, and knows who was disabled
        assert left == "opal"
    assert found[left].one_time
    assert found[left].secret_hash.startswith("$argon2")
    assert {each.generation for each in found.values()} == {2, 3}
    with accounts_of(state) as accounts:
        assert Requests(accounts.database).of("ann", state="open") == []
        reviews = Reviews(accounts.database)
        (waiting,) = reviews.of(None)
        with pytest.raises(Conflict):
            reviews.begin(waiting.request_id, DATA, "olga")
        sides = [(each.name, each.taken) for each in Peers(accounts.database, "test").everyone()]
        assert sides == ([] if address(state) else [("high", 7)])
    assert owners_of(state, "Clinic") == frozenset()
    with accounts_of(state) as accounts, accounts.database.transaction() as connection:
        assert ("Clinic", "") in connection.execute(sa.select(owners)).all()  # also where its folder is gone


def test_a_copy_that_the_log_knows_nothing_newer_than_is_as_it_was(state: State) -> None:
    save(state)
    before = everyone(state)
    assert "as they were" in lose_and_restore(state)
    # A copy doesn't know who logged out since: no token of before opens anything.
    assert everyone(state) == {name: replace(each, generation=each.generation + 1) for name, each in before.items()}
    assert owners_of(state, "Clinic") == {EVERYONE}
    with accounts_of(state) as accounts:
        assert len(Requests(accounts.database).of("ann", state="open")) == 1


@pytest.mark.parametrize("step", ["_settle", "_put"])
def test_a_restoration_that_was_cut_short_opens_nothing_when_it_is_done_again_and_is_not_served_before(
    state: State, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    if address(state) and step == "_put":
        pytest.skip("nothing is renamed on a server")
    save(state)
    more(state)
    if not address(state):  # both are lost, so that nothing but the head knows what was done since
        for path in (state.ledger, *state.ledger.parent.glob("ledger.sqlite-*")):
            path.unlink(missing_ok=True)
    with monkeypatch.context() as patched:
        patched.setattr(put_back, step, dies)
        with pytest.raises(BadState, match="the power is gone"):
            lose_and_restore(state)
    with accounts_of(state) as accounts, pytest.raises(BadState, match="restore` again"):
        asyncio.run(put_back.check_settled(Heard(state), accounts.database))  # type: ignore[arg-type]  # as much of a clerk as is asked
    words = [] if address(state) else [str(state.root / "backup")]
    assert "accounts are disabled" in ask("restore", *words, "--state", str(state.root))
    assert [each.one_time for each in everyone(state).values() if not each.disabled] == [True]
    with accounts_of(state) as accounts:
        asyncio.run(put_back.check_settled(Heard(state), accounts.database))  # type: ignore[arg-type]  # as much of a clerk as is asked


def dies(*_: object, **__: object) -> None:
    raise BadState("the power is gone")


class Heard:
    """As much of a clerk as tells of the log's newest entry of one kind."""

    def __init__(self, state: State) -> None:
        self.state = state

    async def history(self, **which: Any) -> list[dict[str, Any]]:
        with kept(self.state) as (register, _):
            return register.history(Filter(**which))

    async def newest_deed(self) -> dict[str, Any] | None:
        with kept(self.state) as (register, _):
            return register.newest_deed()


def one_later_than_its_copy(place: Path) -> State:
    """An enclave whose accounts have one more than its backup has."""
    state = open_state(place)
    with accounts_of(state) as accounts:
        accounts.add("opal", "operator", "h", by="test")
        tell(state)
        save(state)
        accounts.add("ann", "analyst", "h", by="test")
    return state


def test_accounts_in_place_that_are_older_than_the_log_are_closed_too(tmp_path: Path) -> None:
    state = one_later_than_its_copy(tmp_path / "state")
    old = state.accounts.read_bytes()
    with accounts_of(state) as accounts:
        accounts.disable("ann", by="test")
        tell(state)
    state.accounts.write_bytes(old)
    assert "1 accounts are disabled" in ask("restore", str(state.root / "backup"), "--state", str(state.root))
    assert everyone(state)["ann"].disabled


def settled_at_start(state: State) -> None:
    with accounts_of(state) as accounts:
        asyncio.run(put_back.check_settled(Heard(state), accounts.database))  # type: ignore[arg-type]  # as much of a clerk as is asked


@pytest.mark.parametrize("since", [0, 3])
def test_older_accounts_that_somebody_put_in_place_by_hand_are_not_served_until_they_are_closed(
    tmp_path: Path, since: int
) -> None:
    """``since``: deeds that the older ones have had of their own, so that they are not behind by their number."""
    state = one_later_than_its_copy(tmp_path / "state")
    old = state.accounts.read_bytes()
    with accounts_of(state) as accounts:
        accounts.disable("ann", by="test")
        tell(state)
    charge(state, 1)
    settled_at_start(state)
    for path in state.root.glob("accounts.sqlite*"):
        path.unlink()
    state.accounts.write_bytes(old)
    with accounts_of(state) as accounts:
        for number in range(since):
            accounts.add(f"mallory{number}", "operator", "h", by="mallory")
    with pytest.raises(BadState, match="older than the audit log"):
        settled_at_start(state)
    assert f"{1 + since} accounts are disabled" in ask("restore", "--state", str(state.root))
    assert everyone(state)["ann"].disabled
    settled_at_start(state)
    with accounts_of(state):
        tell(state)
    settled_at_start(state)
    assert "they stay" in ask("restore", "--state", str(state.root))


def test_what_was_closed_once_and_opened_by_name_stays_so_after_the_next_copy(state: State) -> None:
    save(state)
    more(state)
    lose_and_restore(state)
    with accounts_of(state) as accounts:
        accounts.enable("ann", by="test")
    tell(state)
    (state.root / "backup").unlink()
    save(state)
    assert "as they were" in lose_and_restore(state)
    assert not everyone(state)["ann"].disabled


def test_accounts_in_place_that_go_on_from_the_copy_stay(tmp_path: Path) -> None:
    state = one_later_than_its_copy(tmp_path / "state")
    assert "accounts in place are as new" in ask("restore", str(state.root / "backup"), "--state", str(state.root))
    assert set(everyone(state)) == {"opal", "ann"}


def test_a_ledger_on_a_server_is_brought_forward_once_and_its_caps_are_those_of_the_newest_head(tmp_path: Path) -> None:
    """Two enclaves share it: one whose head is old, and one that has lowered a cap since."""
    place = cluster.database()
    states = [open_state(tmp_path / name) for name in ("old", "new")]
    for each in states:
        settle(each, place)

    tool("pg_dump", states[0], "--format=custom", "--file", str(tmp_path / "dump"))
    for each, epsilon, cap in zip(states, (3, 4), ("9", "8"), strict=True):
        charge(each, epsilon)
        with kept(each) as (register, keeper):
            register.set_cap(Place(kind="everyone", dataset="Clinic"), cap, "1e-6", actor="olga", reason="r")
            keeper.advance()
    tool("pg_restore", states[0], "--clean", "--if-exists", str(tmp_path / "dump"))
    with cluster.connect(place) as connection:
        connection.execute("DROP SCHEMA IF EXISTS ag_ledger CASCADE")  # as it was when the copy was made: nothing yet
    for each in states:
        with pytest.raises(BadLedger, match="older than its signed head"), kept(each):
            pass
    for each in reversed(states):
        assert "brought forward" in ask("restore", "--state", str(each.root))
    assert spent(states[0]) == spent(states[1]) == 7
    with cluster.connect(place) as connection:
        assert connection.execute("SELECT epsilon FROM caps").fetchall() == [("8",)]
    assert "stays" in ask("restore", "--state", str(states[1].root))
