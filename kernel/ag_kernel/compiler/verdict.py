"""What the policy says about one kind of syntax: allowed, denied with a reason, or decided by a look at it.

It must not know which syntax exists; the table is in ``nodes``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """Nothing of it can do harm; its parts are judged by themselves. `why` says so where it isn't plain."""

    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """Refused. `why` is one sentence to the analyst, `instead` what to write."""

    why: str
    instead: str = ""

    def about(self, name: str) -> Deny:
        """The same verdict with the analyst's own name put in."""
        return Deny(why=self.why.replace("{}", name), instead=self.instead.replace("{}", name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Decided by the method of ``policy.CellPolicy`` named `method`; `why` says what it looks at."""

    method: str
    why: str


Verdict = Allow | Deny | Check
