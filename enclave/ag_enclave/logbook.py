"""The audit log by what it is about, and who may read what of it. A data set whose persons are in others too is charged under their common account: whoever asks for it means both.

Knows catalogue, clerk and whose data sets are; an auditor reads everything, an owner what is about their data sets, and their own deeds.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ag_enclave.accounts import Account
from ag_enclave.catalog import Catalog
from ag_enclave.clerk import Clerk

if TYPE_CHECKING:
    from ag_enclave.gateway import Gateway


_KINDS = frozenset({"release", "cap", "dataset", "mock", "request", "review"})
"""What an action begins with whose subject is a data set. Any other's is an account, a project, a competition …, and any data set may be called as those are."""
_AT_ONCE = 100


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


def named(entries: Sequence[dict[str, Any]], catalog: Catalog) -> list[dict[str, Any]]:
    """The same entries for people: where one is about an account that data sets share, with their names before it."""
    names: dict[str, list[str]] = {}
    for each in catalog.everything(retired=True):
        if each.account != each.name:
            names.setdefault(each.account, []).append(each.name)
    return [
        {**entry, "subject": f"{', '.join(sorted(names[entry['subject']]))} ({entry['subject']})"}
        if entry["subject"] in names
        else entry
        for entry in entries
    ]


async def history(
    clerk: Clerk, catalog: Catalog, about: About | None, *, limit: int, subject: str | None = None, **which: Any
) -> list[dict[str, Any]]:
    """Entries that may be read, newest first, as ``Clerk.history`` has them; about a data set also those of its account."""
    accounts = {each.account for each in catalog.everything(retired=True) if subject in (each.name, each.variable)}
    wanted: set[str | None] = {subject, *accounts}
    asked: list[dict[str, Any]] = [{**which, "subject": each} for each in wanted]
    entries: list[dict[str, Any]] = []
    if about is not None:
        named = about.subjects if subject is None else wanted & set(about.subjects)
        for name in named:
            entries += await _of_dataset(clerk, limit, **{**which, "subject": name})
        own = which.get("actor") in (None, about.reader)
        asked = [{**each, "actor": about.reader} for each in asked] if own else []
    for each in asked:
        entries += await clerk.history(limit=limit, **each)
    found = {int(entry["sequence"]): entry for entry in entries}
    return [found[number] for number in sorted(found, reverse=True)[:limit]]


async def _of_dataset(
    clerk: Clerk, limit: int, *, before: int | None = None, action: str | None = None, **which: Any
) -> list[dict[str, Any]]:
    """The newest entries of a subject that are about a data set, and not about something else of its name."""
    if action is not None and not _is_of_dataset(action):
        return []
    kept: list[dict[str, Any]] = []
    most = max(limit, _AT_ONCE)
    while len(kept) < limit:
        found = await clerk.history(before=before, limit=most, action=action, **which)
        kept += [entry for entry in found if _is_of_dataset(entry["action"])]
        if len(found) < most:
            break
        before = int(found[-1]["sequence"])
    return kept


def _is_of_dataset(action: str) -> bool:
    return action.partition(".")[0] in _KINDS
