"""The audit log by what it is about. A data set whose persons are in others too is charged under their common account: whoever asks for it means both.

Knows catalogue and clerk.
"""

from typing import Any

from ag_enclave.catalog import Catalog
from ag_enclave.clerk import Clerk


async def history(
    clerk: Clerk, catalog: Catalog, *, limit: int, subject: str | None = None, **which: Any
) -> list[dict[str, Any]]:
    """Entries, newest first, as ``Clerk.history`` has them; about a data set also those of its account."""
    accounts = {each.account for each in catalog.everything(retired=True) if subject in (each.name, each.variable)}
    found = [
        entry
        for each in sorted({subject, *accounts}, key=str)
        for entry in await clerk.history(limit=limit, subject=each, **which)
    ]
    return sorted(found, key=lambda entry: -int(entry["sequence"]))[:limit]
