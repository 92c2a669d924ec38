"""One process to be locked: its profile, its grants, the descriptors it keeps. Inert; made once, before the first step."""

from dataclasses import dataclass

from ag_sandbox.profile import Grants, Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Inmate:
    """What the steps need to know.

    ``keep``: descriptors that stay open and as they are; of the standard three, those not among them lead nowhere.
    ``python``: directories of the interpreter and its packages, public code. ``parent``: the process it must not outlive.
    """

    profile: Profile
    grants: Grants
    python: tuple[str, ...]
    keep: frozenset[int]
    parent: int
