"""The audit log by what it is about, and who may read what of it. A data set whose persons are in others too is charged under their common account: whoever asks for it means both.

Knows catalogue, clerk and whose data sets are; an auditor reads everything, an owner what is about their data sets, and their own deeds.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ag_enclave.accounts import Account
from ag_enclave.catalog import Catalog
from ag_enclave.clerk import Clerk

if TYPE_CHECKING:
    from ag_enclave.gateway import Gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What somebody may read: entries about these, and those of their own deeds."""

    subjects: Collection[str]
    reader: str


def subjects_of(gateway: "Gateway", account: Account) -> About | None:
    """What this account may read of the log; None for everything. Blocks; call it off the event loop."""
    if account.role != "owner":
        return None
    held = gateway.ownership.held(account.user_id)
    mine = [each for each in gateway.catalog.everything(retired=True) if each.name in held]
    accounts = {each.account for each in mine}
    return About(subjects={*held, *accounts, *gateway.reviews.subjects(held)}, reader=account.user_id)


async def history(
    clerk: Clerk, catalog: Catalog, about: About | None, *, limit: int, subject: str | None = None, **which: Any
) -> list[dict[str, Any]]:
    """Entries that may be read, newest first, as ``Clerk.history`` has them; about a data set also those of its account."""
    accounts = {each.account for each in catalog.everything(retired=True) if subject in (each.name, each.variable)}
    wanted: set[str | None] = {subject, *accounts}
    asked = [{**which, "subject": each} for each in wanted]
    if about is not None:
        named = about.subjects if subject is None else wanted & set(about.subjects)
        asked = [{**which, "subject": each} for each in named]
        if which.get("actor") in (None, about.reader):
            asked += [{**which, "subject": each, "actor": about.reader} for each in wanted]
    found = {int(entry["sequence"]): entry for each in asked for entry in await clerk.history(limit=limit, **each)}
    return [found[number] for number in sorted(found, reverse=True)[:limit]]
