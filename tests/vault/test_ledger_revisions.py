"""A ledger of any release, with charges in it, comes to the newest schema on both databases: chain, sums and budgets go on where they were."""

from fractions import Fraction

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from ag_vault.account import Event, totals_of
from ag_vault.errors import Refusal
from ag_vault.ledger import Ledger, Reading, Receipt
from ag_vault.ledger.chain import GENESIS, link
from ag_vault.ledger.connect import engine_at
from ag_vault.ledger.register import Register
from ag_vault.ledger.revisions import REVISIONS, upgrade
from ag_vault.ledger.schema import EVENTS, METADATA
from tests.vault.ledgers import budget, charge, claim

EACH = 4
"""ε of each charge that was made before."""
_COST = totals_of(Event(mechanism="discrete Laplace", epsilon=Fraction(EACH)))
COST = {name: getattr(_COST, name) for name in ("epsilon", "rho", "delta", "impure")}


def as_of(place: str, count: int) -> None:
    """The ledger as the release of so many revisions left it: two charges of ann's, and an answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ag_vault.ledger.revisions.REVISIONS", REVISIONS[:count])
        register = Register(engine_at(place))
        with register.writing() as connection:
            assert upgrade(connection)
            known = sa.MetaData()
            known.reflect(connection)
            fill(connection, known.tables)
        register.close()


def fill(connection: sa.Connection, tables: "sa.util.FacadeDict[str, sa.Table]") -> None:
    previous = GENESIS
    for sequence in (1, 2):
        row = {
            **dict.fromkeys(("version", "session", "plan", "mechanism"), ""),
            **COST,
            "sequence": sequence, "at": 7, "dataset": "Clinic", "analyst": "ann", "library": "op_pandas",
            "previous": previous,
        }  # fmt: skip
        previous = row["hash"] = link(row)
        connection.execute(sa.insert(EVENTS), row)
        if "log" in tables:
            spoken(connection, tables, row)
    head = tables["head"]
    connection.execute(sa.update(head).where(head.c.id == 1).values(sequence=2, hash=previous))
    for kind, who in (("everyone", ""), ("analyst", "ann")):
        sums = {name: 2 * value for name, value in COST.items()}
        connection.execute(sa.insert(tables["balances"]), {"kind": kind, "dataset": "Clinic", "who": who, **sums})
    answer = {
        "analyst": "ann",
        "dataset": "Clinic",
        "version": "1",
        "plan": claim().digest,
        "sequence": 2,
        "reply": b"kept\0",
    }
    connection.execute(sa.insert(tables["answers"]), answer)


def spoken(connection: sa.Connection, tables: "sa.util.FacadeDict[str, sa.Table]", row: dict[str, object]) -> None:
    from ag_vault.ledger import log

    entry = log.Entry(actor="ann", action="release", subject="Clinic", details={}, event=row["sequence"], event_hash=row["hash"])  # type: ignore[arg-type] # fmt: skip
    log.append(connection, entry, after=log.head(connection), now=7)


@pytest.mark.parametrize("count", range(1, len(REVISIONS) + 1))
def test_what_an_older_release_charged_stays_charged_after_the_upgrade(place: str, count: int) -> None:
    as_of(place, count)
    ledger = Ledger.at(place)
    assert ledger.verify() == 2
    assert ledger.recall(claim()) == b"kept\0"
    found = ledger.reading("Clinic", "ann", budget())
    assert isinstance(found, Reading)
    assert (found.epsilon_spent, found.epsilon_left) == (2 * EACH, 20 - 2 * EACH)
    assert isinstance(charge(ledger, 10), Receipt)
    assert isinstance(charge(ledger, 10), Refusal)
    assert ledger.verify() == 3
    with ledger._engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
    ledger.close()
