"""The audit log, for owners and auditors: who did what, when, to what. Must not know how it travels."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from antigranular.listing import Listing
from antigranular.rest import Enclave

PATH = "/ag/v1/log"
_HEADERS = ("#", "when (UTC)", "who", "what", "about", "details")
_BRIEF = 100


class AuditLog:
    """The newest entries as a table; ``entries`` has filters."""

    def __init__(self, enclave: Enclave) -> None:
        self._enclave = enclave

    def entries(
        self,
        limit: int = 100,
        *,
        before: int | None = None,
        actor: str | None = None,
        action: str | None = None,
        subject: str | None = None,
    ) -> Listing[dict[str, Any]]:
        """Entries, newest first: ``sequence``, ``at`` (nanoseconds since 1970), ``actor``, ``action``, ``subject``, ``details``, and the chain's hashes."""
        asked = {"limit": limit, "before": before, "actor": actor, "action": action, "subject": subject}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return Listing(self._enclave.rows(f"{PATH}?{query}"), _HEADERS, _cells, "Audit log")

    def __repr__(self) -> str:
        return repr(self.entries())

    def _repr_html_(self) -> str:
        return self.entries()._repr_html_()


def _cells(entry: dict[str, Any]) -> tuple[str, ...]:
    when = datetime.fromtimestamp(entry["at"] / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")
    details = json.dumps(entry["details"], ensure_ascii=False)
    brief = details if len(details) <= _BRIEF else f"{details[: _BRIEF - 1]}…"
    return (str(entry["sequence"]), when, str(entry["actor"]), str(entry["action"]), str(entry["subject"]), brief)
