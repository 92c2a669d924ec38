"""The audit log, a page at a time, with filters."""

from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from ag_enclave.console.page import page
from ag_enclave.console.visit import Visit
from ag_enclave.errors import Refusal

PATH = "/console/log"
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
    ),
    *("review.submit", "review.run", "review.approve", "review.deny", "review.fetch", "user.add", "user.disable"),
)
"""Those that are proposed where one types; any may be asked for."""
_PAGE = 100
_LONGEST = 200
_DIGITS = 16


async def show(visit: Visit) -> Response:
    """Entries, newest first."""
    query = visit.request.query_params
    wanted = {name: query[name].strip()[:_LONGEST] for name in FILTERS if query.get(name, "").strip()}
    before = query.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < _DIGITS):
        raise Refusal(400, "before must be the number of an entry.")
    texts: dict[str, Any] = wanted
    entries = await visit.gateway.clerk.history(before=int(before) if before else None, limit=_PAGE, **texts)
    older = f"{PATH}?{urlencode({**wanted, 'before': entries[-1]['sequence']})}" if len(entries) == _PAGE else ""
    newest = f"{PATH}?{urlencode(wanted)}" if before else ""
    shown: dict[str, Any] = {"entries": entries, "wanted": wanted, "older": older, "newest": newest}
    return page(visit, "log.html", **shown, filters=FILTERS, actions=ACTIONS)
