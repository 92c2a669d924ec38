"""The audit log, a page at a time, with filters."""

import asyncio
import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from ag_enclave.console.page import attachment, moment, page
from ag_enclave.console.visit import Visit
from ag_enclave.errors import Refusal
from ag_enclave.logbook import history, named, subjects_of
from ag_enclave.words import plain

PATH = "/console/log"
FILE = f"{PATH}.csv"
MOST = 10_000
"""Entries that a file holds; `ag-enclave audit export` writes all of them, and proves them."""
FILTERS = ("actor", "action", "subject")
ACTIONS = (
    *(
        "release",
        "cap",
        "request.ask",
        "request.accept",
        "request.deny",
        "dataset.upload",
        "dataset.update",
        "dataset.retire",
        "dataset.owners",
    ),
    *("review.submit", "review.run", "review.approve", "review.deny", "review.fetch", "user.add", "user.disable"),
)
"""Those that are proposed where one types; any may be asked for."""
_PAGE, _AT_ONCE = 100, 1000
_FORMULA = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠")
_LONGEST = 200
_DIGITS = 16


async def show_file(visit: Visit) -> Response:
    """The newest entries that fit the filters, newest first, for a spreadsheet."""
    texts: dict[str, Any] = _wanted(visit)
    gateway = visit.gateway
    about = await asyncio.to_thread(subjects_of, gateway, visit.account)
    entries: list[dict[str, Any]] = []
    while len(entries) < MOST:
        before = entries[-1]["sequence"] if entries else None
        found = await history(gateway.clerk, gateway.catalog, about, before=before, limit=_AT_ONCE, **texts)
        entries += found
        if len(found) < _AT_ONCE:
            break
    return attachment(table_of(entries), "audit-log.csv", "text/csv; charset=utf-8")


def table_of(entries: Sequence[Mapping[str, Any]]) -> str:
    """Entries as comma-separated values (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("number", "when (UTC)", "who", "what", "of what", "details"))
    for entry in entries:
        details = json.dumps(entry["details"], ensure_ascii=False)
        texts = (str(entry["actor"]), str(entry["action"]), str(entry["subject"]), details)
        writer.writerow((entry["sequence"], moment(entry["at"]), *map(inert, texts)))
    return out.getvalue()


def inert(text: str) -> str:
    """A cell that no spreadsheet computes: what would begin a formula gets an apostrophe before it, and what steers terminals is replaced."""
    shown = plain(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown


def _wanted(visit: Visit) -> dict[str, str]:
    query = visit.request.query_params
    return {name: query[name].strip()[:_LONGEST] for name in FILTERS if query.get(name, "").strip()}


async def show(visit: Visit) -> Response:
    """Entries, newest first."""
    query, wanted = visit.request.query_params, _wanted(visit)
    before = query.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < _DIGITS):
        raise Refusal(400, "before must be the number of an entry.")
    texts: dict[str, Any] = wanted
    gateway = visit.gateway
    about = await asyncio.to_thread(subjects_of, gateway, visit.account)
    entries = await history(
        gateway.clerk, gateway.catalog, about, before=int(before) if before else None, limit=_PAGE, **texts
    )
    older = f"{PATH}?{urlencode({**wanted, 'before': entries[-1]['sequence']})}" if len(entries) == _PAGE else ""
    newest = f"{PATH}?{urlencode(wanted)}" if before else ""
    shown: dict[str, Any] = {
        "entries": named(entries, gateway.catalog),
        "wanted": wanted,
        "older": older,
        "newest": newest,
    }
    shown |= {"file": f"{FILE}?{urlencode(wanted)}", "most": MOST}
    return page(visit, "log.html", **shown, filters=FILTERS, actions=ACTIONS)
