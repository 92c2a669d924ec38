"""A ledger with as many charges as a test needs, written at once: both chains and the balances are what a vault would have left."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from ag_vault.account import Event, Totals, totals_of
from ag_vault.ledger import chain, log
from ag_vault.ledger.connect import file_engine
from ag_vault.ledger.deed import Deed, Tape
from ag_vault.ledger.register import Register
from ag_vault.ledger.schema import BALANCES, EVENTS, EVENTS_HEAD, LOG, LOG_HEAD, SUMS
from tests.vault.ledgers import claim

HOUR = 3600 * 10**9


def fill(path: Path, charges: int, event: Event, *, begin: int, hours: int = 24 * 40, accounts: int = 4) -> None:
    """Charges of twenty analysts to accounts ``Clinic 0`` and on, evenly over so many hours from ``begin``."""
    engine = file_engine(path)
    Register(engine).open()
    made = list(_made(charges, event, begin, hours, accounts))
    sums: dict[tuple[str, str, str], Totals] = {}
    cost = totals_of(event)
    for row, _ in made:
        for scope in ("everyone", row["dataset"], ""), ("analyst", row["dataset"], row["analyst"]):
            sums[scope] = sums.get(scope, Totals()) + cost
    with engine.begin() as connection:
        connection.execute(sa.insert(EVENTS), [row for row, _ in made])
        connection.execute(sa.insert(LOG), [entry for _, entry in made])
        chain.move(connection, EVENTS_HEAD, made[-1][0])
        chain.move(connection, LOG_HEAD, made[-1][1])
        names = "kind", "dataset", "who"
        rows = [
            dict(zip(names, scope, strict=True)) | {name: getattr(each, name) for name in SUMS}
            for scope, each in sums.items()
        ]
        connection.execute(sa.insert(BALANCES), rows)
    engine.dispose()


def plan_of(path: Path, statement: str) -> str:
    """How SQLite goes about a query."""
    with sqlite3.connect(path) as connection:
        return "; ".join(str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}"))


def _made(charges: int, event: Event, begin: int, hours: int, accounts: int) -> Iterator[tuple[dict, dict]]:  # type: ignore[type-arg]
    mark = entry = log.Mark(sequence=0, hash=chain.GENESIS, at=0)
    for number in range(charges):
        now = begin + number * hours * HOUR // charges
        who = claim(dataset=f"Clinic {number % accounts}", analyst=f"analyst {number % 20}", session=str(number // 50))
        row = Deed(event, who).row(Tape(mark, entry, now))
        mark = log.Mark(sequence=row["sequence"], hash=row["hash"], at=now)
        said = log.Entry(
            actor=who.analyst,
            action="release",
            subject=who.dataset,
            details={"plan": f"mean(age) by sex of clinic/people where (cost > {number})", "outcome": "charged"},
            event=row["sequence"],
            event_hash=row["hash"],
        ).row
        said |= {"sequence": entry.sequence + 1, "at": now, "previous": entry.hash}
        said["hash"] = log.link(said)
        entry = log.Mark(sequence=said["sequence"], hash=said["hash"], at=now)
        yield row, said
