"""Where the enclave is and who the analyst is: arguments first, then the environment. The one reader of the environment.

Must not know what is done with any of it.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from antigranular.errors import AgError, LoginError

DEFAULT_URL = "https://127.0.0.1:8443"
"""Where a local enclave listens when nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An enclave's address and the file of the authority that signed its certificate (None: the system's authorities)."""

    host: str
    port: int
    ca: str | None

    @property
    def url(self) -> str:
        """The address as people write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who the analyst is. Held in memory only; the secret is in no repr. ``identity`` fetches another issuer's token, in place of a secret."""

    user_id: str
    user_secret: str = field(repr=False)
    identity: Callable[[], str] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, identity: str | Callable[[], str]) -> Self:
        """Whoever another issuer's token names."""
        return cls(user_id="", user_secret="", identity=identity if callable(identity) else lambda: identity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a remote notebook shall be about: a data set (None: all of them, or what the file says), and the notebook's file where it is known."""

    dataset: str | None
    notebook: Path | None


def find_target(
    url: str | None, ca: str | os.PathLike[str] | None, environment: Mapping[str, str] = os.environ
) -> Target:
    """The enclave meant: ``url`` and ``ca``, else AG_ENCLAVE_URL and AG_ENCLAVE_CA, else a local enclave and the system's authorities.

    Raises AgError for an address that is not https, and for an authority file that is not there.
    """
    address = url or environment.get("AG_ENCLAVE_URL") or DEFAULT_URL
    authority = os.fspath(ca) if ca else environment.get("AG_ENCLAVE_CA") or None
    if authority is not None and not Path(authority).is_file():
        raise AgError(f"there is no certificate authority file {authority!r} (it comes from ca= or AG_ENCLAVE_CA)")
    host, port = _host_and_port(address)
    return Target(host=host, port=port, ca=authority)


def find_credentials(
    user_id: str | None, user_secret: str | None, environment: Mapping[str, str] = os.environ
) -> Credentials:
    """The analyst meant: the arguments, else AG_USER_ID and AG_USER_SECRET. Raises LoginError where one is missing."""
    name = user_id or environment.get("AG_USER_ID")
    secret = user_secret or environment.get("AG_USER_SECRET")
    if not name or not secret:
        raise LoginError(
            "your user id and user secret are needed, as arguments of ag.login or in AG_USER_ID and AG_USER_SECRET"
        )
    return Credentials(user_id=name, user_secret=secret)


def find_wish(environment: Mapping[str, str] = os.environ) -> Wish:
    """What a notebook whose every cell is remote is about: AG_DATASET, and the file that Jupyter's servers name in JPY_SESSION_NAME."""
    named = environment.get("JPY_SESSION_NAME", "")
    # Some servers name the path from their root; the kernel runs beside the notebook.
    files = [path for path in (Path(named), Path(Path(named).name)) if named and path.is_file()]
    return Wish(dataset=environment.get("AG_DATASET") or None, notebook=files[0] if files else None)


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or 443
    except ValueError as problem:
        raise AgError(f"{address!r} is not the address of an enclave: {problem}") from None
    if parts.scheme != "https" or not host or parts.path not in {"", "/"}:
        raise AgError(
            f"{address!r} is not the address of an enclave, which looks like {DEFAULT_URL} and is always https"
        )
    return host, port
