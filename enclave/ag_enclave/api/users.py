"""``/ag/v1/users``: accounts, for operators. Secrets are shown once, when they are made."""

import asyncio
from typing import Any, Literal

import msgspec
from starlette.responses import JSONResponse, Response

from ag_enclave.accounts import Account
from ag_enclave.api.call import Call
from ag_enclave.api.me import NO_STORE
from ag_enclave.body import read_as
from ag_enclave.errors import Missing, Refusal
from ag_enclave.secrets import new_secret

Role = Literal["analyst", "owner", "operator", "auditor"]


class New(msgspec.Struct, forbid_unknown_fields=True):
    """An account to be."""

    user_id: str
    role: Role


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What an account shall be from now on; what isn't named stays."""

    role: Role | None = None
    disabled: bool | None = None


async def show_all(call: Call) -> Response:
    """Every account."""
    everyone = await asyncio.to_thread(call.gateway.accounts.everyone)
    return JSONResponse([model(account) for account in everyone])


async def create(call: Call) -> Response:
    """Add an account; its secret, this once."""
    wanted, secret = await read_as(call.request, New), new_secret()
    stored = await call.gateway.verifier.hash(secret)
    accounts, by = call.gateway.accounts, call.account.user_id
    await asyncio.to_thread(accounts.add, wanted.user_id, wanted.role, stored, by=by)
    body = {"user_id": wanted.user_id, "role": wanted.role, "user_secret": secret}
    return JSONResponse(body, status_code=201, headers=NO_STORE)


async def change(call: Call) -> Response:
    """Another role, disabled, or enabled again; the account as it is then."""
    wanted, accounts, by = await read_as(call.request, Change), call.gateway.accounts, call.account.user_id
    before = await _named(call)
    if wanted.role is not None and wanted.role != before.role:
        await asyncio.to_thread(accounts.change_role, before.user_id, wanted.role, by=by)
    if wanted.disabled is not None and wanted.disabled != before.disabled:
        await asyncio.to_thread(accounts.disable if wanted.disabled else accounts.enable, before.user_id, by=by)
    return JSONResponse(model(await _named(call)))


async def replace_secret(call: Call) -> Response:
    """A new secret for somebody, shown this once; the old one and its tokens are void at once."""
    account, secret = await _named(call), new_secret()
    if account.issuer:
        raise Refusal(409, f"{account.user_id} has no secret here: {account.issuer} vouches for it.")
    stored = await call.gateway.verifier.hash(secret)
    await asyncio.to_thread(call.gateway.accounts.rotate, account.user_id, stored, by=call.account.user_id)
    return JSONResponse({"user_id": account.user_id, "user_secret": secret}, headers=NO_STORE)


def model(account: Account) -> dict[str, Any]:
    """An account as operators see it."""
    return {
        "user_id": account.user_id,
        "role": account.role,
        "disabled": account.disabled,
        "one_time": account.one_time,
        "issuer": account.issuer,
    }


async def _named(call: Call) -> Account:
    user_id = call.request.path_params["user_id"]
    account = await asyncio.to_thread(call.gateway.accounts.find, user_id)
    if account is None:
        raise Missing(f"There is no user {user_id[:64]}.")
    return account
