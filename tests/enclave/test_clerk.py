"""The gateway's clerk keeps caps, sums and the log from a jail of its own; it comes back when it dies, and sessions don't need it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from fractions import Fraction
from pathlib import Path

import pytest

from ag_enclave.clerk import Clerk
from ag_enclave.config import Config
from ag_enclave.errors import Refusal, Unusable
from ag_enclave.session.nurseries import Nurseries
from ag_enclave.state import State, open_state
from ag_vault.account import Cap, Event
from ag_vault.catalog import Budget
from ag_vault.ledger import Claim, Ledger, Receipt, log
from ag_vault.ledger.connect import file_engine
from ag_vault.ledger.register import Register

CAP = Cap(epsilon=Fraction(10), delta=Fraction(1, 10**6))
TERMS = {"Clinic": Budget(everyone=CAP, per_analyst=CAP, per_call=CAP)}


@contextlib.asynccontextmanager
async def running(state: State) -> AsyncIterator[Clerk]:
    nurseries = await Nurseries(config=Config(), state=state).warm_clerk()
    clerk = Clerk(nurseries.clerk)
    watches: list[asyncio.Task[None]] = []
    try:
        await clerk.start()
        watches.append(asyncio.create_task(clerk.watch()))  # who watches sooner sees none, and starts another beside it
        yield clerk
    finally:
        for watch in watches:
            watch.cancel()
        await asyncio.gather(*watches, return_exceptions=True)
        clerk.close()
        await nurseries.close()


def with_clerk(path: Path, deed: Callable[[Clerk, State], Awaitable[None]]) -> None:
    async def main() -> None:
        state = open_state(path)
        async with running(state) as clerk:
            await deed(clerk, state)

    asyncio.run(main())


def charge(state: State, epsilon: int, analyst: str = "ann") -> bool:
    ledger = Ledger.at(state.ledger)
    event = Event(mechanism="discrete Laplace", epsilon=Fraction(epsilon))
    claim = Claim(
        dataset="Clinic", version="1", analyst=analyst, session="s", library="op_pandas", plan=b"p", wording="size()"
    )
    charged = isinstance(ledger.charge(event, claim, TERMS), Receipt)
    ledger.close()
    return charged


def test_deeds_and_charges_are_in_one_log_and_caps_bind_vaults_at_once(tmp_path: Path) -> None:
    async def deed(clerk: Clerk, state: State) -> None:
        await clerk.append("olga", "request.accept", "Clinic", {"request": 7})
        assert charge(state, 4)
        await clerk.set_cap(
            actor="olga", kind="analyst", who="ann", dataset="Clinic", epsilon="5", delta="1e-6", reason="r"
        )
        assert not charge(state, 2)
        assert charge(state, 2, analyst="bob")
        assert [(row["who"], row["epsilon"]) for row in await clerk.caps()] == [("ann", "5")]
        assert {row["who"]: row["epsilon"] for row in await clerk.totals("Clinic")} == {"": 6, "ann": 4, "bob": 2}
        log = await clerk.history()
        assert [(each["actor"], each["action"]) for each in reversed(log)] == [
            ("enclave", "sealed"),
            ("olga", "request.accept"),
            ("ann", "release"),
            ("olga", "cap"),
            ("ann", "release"),
            ("bob", "release"),
        ]
        assert [each["details"]["outcome"] for each in await clerk.history(actor="ann")] == ["refused", "charged"]
        terms = [{"account": "Clinic", "epsilon": "10", "delta": "1e-6"}]
        assert await clerk.amounts(terms) == [{"": 6, "ann": 4, "bob": 2}]
        (course,) = await clerk.course(terms, since=time.time_ns() - 86_400 * 10**9)
        assert (course["before"], course["days"][-1][1]) == (0, 6)
        assert await clerk.verify() == {"charges": 2, "entries": 6}

    with_clerk(tmp_path, deed)


def test_what_can_t_be_done_is_said_in_a_sentence_and_changes_nothing(tmp_path: Path) -> None:
    async def deed(clerk: Clerk, _state: State) -> None:
        cap = {"actor": "olga", "dataset": "Clinic", "delta": "0", "reason": "r"}
        for wrong in (
            {"kind": "everyone", "epsilon": "5", "reason": " "},
            {"kind": "everyone", "epsilon": "-1"},
            {"kind": "everyone", "epsilon": "many"},
            {"kind": "everyone", "epsilon": None},
            {"kind": "somebody", "epsilon": "1"},
            {"kind": "everyone", "epsilon": "1", "seconds": -1},
        ):
            with pytest.raises(Refusal) as refused:
                await clerk.set_cap(**cap | wrong)  # type: ignore[arg-type]  # wrong on purpose
            assert refused.value.status == 400
        for action in ("release", "cap"):
            with pytest.raises(Refusal):
                await clerk.append("gateway", action, "Clinic", {})
        assert await clerk.caps() == []
        assert [each["action"] for each in await clerk.history()] == ["sealed"]

    with_clerk(tmp_path, deed)


def test_a_killed_clerk_is_said_to_be_away_and_comes_back(tmp_path: Path) -> None:
    async def deed(clerk: Clerk, _state: State) -> None:
        await clerk.append("olga", "user.add", "ann", {})
        assert clerk._child is not None
        clerk._child.kill()
        with pytest.raises(Refusal) as away:
            await clerk.history()
        assert away.value.status == 503
        for _ in range(200):
            await asyncio.sleep(0.05)
            with contextlib.suppress(Refusal):
                assert len(await clerk.history()) == 2
                return
        pytest.fail("the clerk did not come back")

    with_clerk(tmp_path, deed)


def test_an_enclave_whose_ledger_is_damaged_does_not_start(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    state.ledger.write_bytes(b"not a database at all, but long enough to be read as one" * 100)

    async def deed(_clerk: Clerk, _state: State) -> None:
        pytest.fail("it must not be served")

    with pytest.raises(Unusable):
        with_clerk(tmp_path, deed)


def test_entries_as_long_as_they_may_be_are_told_whole(tmp_path: Path) -> None:
    """Whoever fills the log with them must not keep it from being shown, exported or restored."""
    longest = log.Entry(actor="ann", action="request.ask", subject="D", details={"reason": "\\" * 8180})

    async def fill(clerk: Clerk, state: State) -> None:
        register = Register(file_engine(state.ledger))
        with register.writing() as connection:
            mark = log.head(connection)
            for _ in range(1000):
                mark = log.append(connection, longest, after=mark, now=mark.at)
        register.close()
        assert len(await clerk.entries(after=mark.sequence - 1000, limit=1000)) == 1000
        assert len(await clerk.history(limit=1000)) == 1000

    with_clerk(tmp_path, fill)
