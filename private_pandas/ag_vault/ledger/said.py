"""The caps that the log says owners have set, beside those that are in force: one that came into the database some other way is found.

Knows entries and the table of caps; no sums, and nothing of what a cap admits.
"""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ag_vault.errors import BadLedger
from ag_vault.ledger.schema import CAPS

PLACE = ("kind", "dataset", "who", "seconds")
Place = tuple[Any, ...]
Amounts = tuple[str | None, str]


class Said:
    """Hears the log's entries in their order, and says at its end whether they lead to the caps there are."""

    def __init__(self) -> None:
        self._caps: dict[Place, Amounts | None] = {}
        self._whole = True

    def hear(self, entry: Mapping[str, Any] | sa.RowMapping) -> None:
        """Take one entry in. BadLedger where it speaks of a cap and doesn't say of which."""
        if entry["action"] == "cap":
            try:
                details = json.loads(entry["details"])
                cap = details["cap"]
                self._caps[tuple(details[name] for name in PLACE)] = cap and (cap["epsilon"], cap["delta"])
            except (ValueError, KeyError, TypeError) as problem:
                raise BadLedger(f"entry {entry['sequence']} of the log doesn't say which cap it sets") from problem
        elif (entry["action"], entry["subject"]) == ("restored", "ledger") and "caps" not in json.loads(
            entry["details"]
        ):
            self._caps.clear()  # releases of then put a head's caps in force without saying which
            self._whole = False

    def end(self, connection: sa.Connection) -> None:
        """In the transaction in which the log's last entry was heard. BadLedger where other caps are in force than it says."""
        there: dict[Place, Amounts] = in_force(connection)
        said = {place: cap for place, cap in self._caps.items() if cap is not None}
        known = there if self._whole else {place: cap for place, cap in there.items() if place in self._caps}
        if known != said:
            raise BadLedger("caps are in force that the log doesn't know, or others than it says")


def in_force(connection: sa.Connection) -> dict[Place, Amounts]:
    """The table of caps: ε and δ by place."""
    wanted = sa.select(*(CAPS.c[name] for name in PLACE), CAPS.c.epsilon, CAPS.c.delta)
    return {tuple(row[:-2]): (row[-2], row[-1]) for row in connection.execute(wanted).all()}
