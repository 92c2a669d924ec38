"""Puts a copy of the ledger in the place of one that is lost, never below what the signed head says was spent.

Knows copies, heads and sums. A ledger that still fits its head is not replaced by an older one; a copy that is older than the head is
brought forward: what is missing is charged to whom the head says, and the caps are those of the head. A ledger on a server, which its own tools put back,
is brought forward where it is.
"""

import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ag_vault.account import Totals
from ag_vault.clerk.keeper import OLDER, Keeper, check, head_of
from ag_vault.clerk.seal import Seal
from ag_vault.errors import BadLedger
from ag_vault.ledger import chain, log, unanswered
from ag_vault.ledger.connect import file_engine
from ag_vault.ledger.odometer import Scope, question, totals
from ag_vault.ledger.register import Register
from ag_vault.ledger.said import PLACE, in_force
from ag_vault.ledger.schema import BALANCES, CAPS, EVENTS, EVENTS_HEAD, HEAD, LOG, SUMS

CANDIDATE = "restore.sqlite"
"""Beside the ledger: the copy that is to be it."""
_BESIDE = ("", "-wal", "-shm")


def restore(ledger: Path, seal: Seal, audit: Path) -> str:
    """Make the candidate the ledger, or keep the one there is; what was done, in a sentence. BadLedger where neither may be."""
    candidate = ledger.with_name(CANDIDATE)
    known = seal.read()
    kept = _end(ledger, known)
    found = _end(candidate, None)
    if found is None:
        raise BadLedger("the copy of the ledger is damaged")
    if kept is not None and _has(ledger, found):
        return "The ledger in place is as new as the copy, or newer: it stays."
    if kept is not None and not _has(candidate, kept):
        raise BadLedger("the copy and the ledger in place have different pasts")
    said = _copy_forwarded(candidate, known)
    _put(candidate, ledger)
    register = Register(file_engine(ledger))
    try:
        with register.reading() as connection:
            seal.write(head_of(connection, log.head(connection)))
        Keeper(register, seal, audit).open()
    finally:
        register.close()
    return said


def bring_forward(register: Register, seal: Seal) -> str:
    """Bring a ledger on a server to the signed head, in one transaction. BadLedger where there is no head, or the ledger is damaged.

    Of several enclaves that share it, each brings it forward to its own head: balances only rise, and caps are those of the newest head.
    """
    known = seal.read()
    if known is None:
        raise BadLedger("there is no signed head to bring the ledger forward to")
    register.open()
    register.verify()
    said = _forwarded(register, known, "The ledger on the server has all that the signed head names: it stays.")
    with register.reading() as connection:
        seal.write(head_of(connection, log.head(connection)))
    return said


def _end(path: Path, known: dict[str, Any] | None) -> log.Mark | None:
    """Where a ledger's log ends; None where it can't be used, or is older than the head."""
    if not path.exists():
        return None
    register = Register(file_engine(path))
    try:
        register.open()
        register.verify()
        with register.reading() as connection:
            if known is not None:
                check(connection, known)
            return log.head(connection)
    except BadLedger:
        return None
    finally:
        register.close()


def _has(path: Path, mark: log.Mark) -> bool:
    """Whether a ledger's log has this entry."""
    register = Register(file_engine(path))
    try:
        with register.reading() as connection:
            named = sa.select(LOG.c.hash).where(LOG.c.sequence == mark.sequence)
            return mark.sequence == 0 or connection.execute(named).scalar_one_or_none() == mark.hash
    finally:
        register.close()


def _copy_forwarded(candidate: Path, known: dict[str, Any] | None) -> str:
    """Bring the copy to what the head says."""
    register = Register(file_engine(candidate))
    try:
        return _forwarded(register, known or {"sequence": 0, "hash": chain.GENESIS}, "The copy is the ledger now.")
    finally:
        register.checkpoint()
        register.close()


def _forwarded(register: Register, known: dict[str, Any], otherwise: str) -> str:
    """Bring a ledger to what the head says, unless it has the head's entry. That it did is in the log: nobody knows what else was done since."""
    with register.writing() as connection:
        try:
            check(connection, known)
        except BadLedger as reason:
            if str(reason) != OLDER or "spent" not in known:
                raise
            missing = forward(connection, known)
            return (
                f"The ledger that was put back was older than the signed head: {missing} balances were brought forward."
            )
    return otherwise


def forward(connection: sa.Connection, known: dict[str, Any]) -> int:
    """Charge what the head has beyond the ledger, and put its caps in force: in the caller's writing transaction. How many balances rose."""
    raised = 0
    for dataset, who, *sums in known["spent"]:
        was = Totals(**dict(zip(SUMS, sums, strict=True)))
        missing = _missing(was, _spent(connection, dataset, who)["analyst", who])
        for part in missing:
            _charge(connection, dataset, who, part, known["at"])
        raised += bool(missing)
    unanswered.raise_to(connection, known.get("unanswered", ()))
    changed = _put_caps(connection, known) if known["at"] >= _newest_head(connection) else 0
    details = {"sequence": known["sequence"], "hash": known["hash"], "balances": raised, "head_at": known["at"]}
    details["caps"] = changed
    entry = log.Entry(actor="enclave", action="restored", subject="ledger", details=details)
    log.append(connection, entry, after=log.head(connection), now=known["at"])
    return raised


def _put_caps(connection: sa.Connection, known: dict[str, Any]) -> int:
    """The head's caps in force, each change with its entry in the log; how many."""
    now, then = in_force(connection), {tuple(row[:-2]): (row[-2], row[-1]) for row in known["caps"]}
    changes = [place for place in sorted({*now, *then}) if now.get(place) != then.get(place)]
    for place in changes:
        key = dict(zip(PLACE, place, strict=True))
        connection.execute(sa.delete(CAPS).where(*(CAPS.c[name] == value for name, value in key.items())))
        before, cap = (dict(zip(("epsilon", "delta"), each[place], strict=True)) if place in each else None for each in (now, then))  # fmt: skip
        if cap is not None:
            connection.execute(sa.insert(CAPS), key | cap)
        details = {**key, "cap": cap, "before": before, "reason": "brought forward to the signed head"}
        entry = log.Entry(actor="enclave", action="cap", subject=key["dataset"], details=details)
        log.append(connection, entry, after=log.head(connection), now=known["at"])
    return len(changes)


def _spent(connection: sa.Connection, dataset: str, who: str) -> dict[Scope, Totals]:
    """What everybody together and the analyst have spent."""
    statement, values = question(dataset, who, "")
    found = totals(connection.execute(statement, values).all())
    return {scope: found.get(scope, Totals()) for scope in (("everyone", ""), ("analyst", who))}


def _newest_head(connection: sa.Connection) -> int:
    """When the newest head was signed that this ledger was ever brought forward to: an older one's caps were changed since."""
    told = sa.select(LOG.c.details).where(LOG.c.action == "restored", LOG.c.subject == "ledger")
    return max((json.loads(each).get("head_at", 0) for each in connection.execute(told).scalars()), default=0)


def _missing(was: Totals, now: Totals) -> list[Totals]:
    """What makes up for the difference: with a pure ε, and without. An event counts as impure once, which is all that admitting asks."""
    impure_rho = max(was.impure_rho - now.impure_rho, 0)
    pure = Totals(
        epsilon=max(was.epsilon - now.epsilon, 0),
        rho=max(was.rho - now.rho - impure_rho, 0),
        delta=max(was.delta - now.delta, 0),
    )
    parts = [pure] if pure != Totals() else []
    if impure_rho or (was.impure and not now.impure):
        parts.append(Totals(rho=impure_rho, impure=1, impure_rho=impure_rho))
    return parts


def _charge(connection: sa.Connection, dataset: str, who: str, cost: Totals, at: int) -> None:
    head = connection.execute(sa.select(HEAD).where(HEAD.c.id == EVENTS_HEAD)).mappings().one()
    texts = dict.fromkeys(("version", "session", "plan"), "")
    row: dict[str, Any] = {
        **texts,
        "sequence": head["sequence"] + 1,
        "at": max(at, head["at"]),
        "dataset": dataset,
        "analyst": who,
        "library": "restored",
        "mechanism": "restored",
        **{name: getattr(cost, name) for name in ("epsilon", "rho", "delta", "impure")},
        "previous": head["hash"],
    }
    row["hash"] = chain.link(row)
    connection.execute(sa.insert(EVENTS), row)
    chain.move(connection, EVENTS_HEAD, row)
    details = {"analyst": who, "epsilon": cost.epsilon, "rho": cost.rho, "delta": cost.delta, "units": "ledger"}
    entry = log.Entry(
        actor="enclave",
        action="restored",
        subject=dataset,
        details=details,
        event=row["sequence"],
        event_hash=row["hash"],
    )
    log.append(connection, entry, after=log.head(connection), now=row["at"])
    for (kind, name), before in _spent(connection, dataset, who).items():
        raised, named = before + cost, {"kind": kind, "dataset": dataset, "who": name}
        connection.execute(sa.delete(BALANCES).where(*(BALANCES.c[name] == value for name, value in named.items())))
        connection.execute(sa.insert(BALANCES), named | {name: getattr(raised, name) for name in SUMS})


def _put(candidate: Path, ledger: Path) -> None:
    """The copy's file in the ledger's place; what was there stays beside it, under another name, its write-ahead log with it."""
    for end in _BESIDE:
        there = ledger.with_name(ledger.name + end)
        if there.exists():
            there.replace(ledger.with_name(f"replaced.sqlite{end}"))
    candidate.replace(ledger)
