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
_FIRST = ("plan", "function", "reason", "epsilon", "cap")
_MACHINES = frozenset({"digest", "session", "deed", "at", "library", "request", "run", "key", "dataset"})
"""What a table leaves to ``entry["details"]``."""


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


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cells(entry: dict[str, Any]) -> tuple[str, ...]:
    when = datetime.fromtimestamp(entry["at"] / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S")
    told = entry["details"]
    known = [name for name in (*_FIRST, *sorted(told.keys() - {*_FIRST})) if told.get(name) and name not in _MACHINES]
    details = ", ".join(f"{name} {_text(told[name])}" for name in known)
    brief = details if len(details) <= _BRIEF else f"{details[: _BRIEF - 1]}…"
    return (str(entry["sequence"]), when, str(entry["actor"]), str(entry["action"]), str(entry["subject"]), brief)
