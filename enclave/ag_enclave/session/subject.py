"""What a session is about. Knows no process and no message."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A session as its opener asked for it. ``payer``: the account it is charged to, where that isn't whose it is. ``datasets``: all that it has."""

    session_id: str
    analyst: str
    kernel_name: str
    dataset: str | None
    competition: str | None = None
    payer: str | None = None
    datasets: tuple[str, ...] = ()

    @property
    def account(self) -> str:
        """The account that stands behind it."""
        return self.payer or self.analyst
