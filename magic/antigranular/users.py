"""Accounts, for operators. Secrets are shown once, by whoever makes them. Must not know how they travel."""

from typing import Any
from urllib.parse import quote

from antigranular.listing import Listing
from antigranular.rest import Enclave, secret_in

PATH = "/ag/v1/users"
_HEADERS = ("user", "role", "state", "vouched for by")


class Users:
    """Everybody's account, as a table, and what an operator does with one."""

    def __init__(self, enclave: Enclave) -> None:
        self._enclave = enclave

    def all(self) -> Listing[dict[str, Any]]:
        """Every account, as ``user_id``, ``role``, ``disabled``, ``one_time`` and ``issuer``."""
        return Listing(self._enclave.rows(PATH), _HEADERS, _cells, "Users")

    def add(self, user_id: str, role: str) -> str:
        """A new account (analyst, owner, auditor or operator); its secret, this once."""
        return secret_in(self._enclave.ask("POST", PATH, {"user_id": user_id, "role": role}))

    def rotate(self, user_id: str) -> str:
        """A new secret for an account, this once; the old one and its tokens are void at once."""
        return secret_in(self._enclave.ask("POST", f"{_of(user_id)}/secret"))

    def disable(self, user_id: str) -> None:
        """Refuse an account from now on; its sessions end."""
        self._enclave.ask("PATCH", _of(user_id), {"disabled": True})

    def enable(self, user_id: str) -> None:
        """Let an account in again, with the secret it had."""
        self._enclave.ask("PATCH", _of(user_id), {"disabled": False})

    def change_role(self, user_id: str, role: str) -> None:
        """Give an account another role; its tokens are void at once."""
        self._enclave.ask("PATCH", _of(user_id), {"role": role})

    def __repr__(self) -> str:
        return repr(self.all())

    def _repr_html_(self) -> str:
        return self.all()._repr_html_()


def _of(user_id: str) -> str:
    return f"{PATH}/{quote(user_id, safe='')}"


def _cells(account: dict[str, Any]) -> tuple[str, ...]:
    state = "disabled" if account["disabled"] else "one-time secret" if account["one_time"] else "active"
    return (str(account["user_id"]), str(account["role"]), state, str(account["issuer"]))
