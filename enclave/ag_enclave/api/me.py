"""``/ag/v1/me``: who the caller is, and a new secret in place of the one that was used, the one-time secret among them."""

import asyncio
from typing import Annotated

import msgspec
from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.body import read_as
from ag_enclave.errors import Refusal
from ag_enclave.proof import LONGEST, Unproven, prove
from ag_enclave.secrets import new_secret

NO_STORE = {"Cache-Control": "no-store"}


async def show(call: Call) -> Response:
    """The caller's account."""
    account = call.account
    return JSONResponse({"user_id": account.user_id, "role": account.role, "one_time": account.one_time})


class Renewal(msgspec.Struct, forbid_unknown_fields=True):
    """The secret that shall be replaced: a token that somebody has copied must not become an account of theirs."""

    user_secret: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]


async def replace_secret(call: Call) -> Response:
    """A new secret, shown this once; the old one, which is needed for it, and its tokens are void at once. Of two that come together one is refused (403 or 409)."""
    account, secret = call.account, new_secret()
    if account.issuer:
        raise Refusal(409, f"{account.user_id} has no secret here: {account.issuer} vouches for it.")
    wanted, client = await read_as(call.request, Renewal), call.request.client
    found = await prove(call.gateway, client.host if client else "", account.user_id, wanted.user_secret)
    if isinstance(found, Unproven):
        raise Refusal(429, found.why) if found.wait else Refusal(403, "user_secret is not the secret of this account.")
    stored = await call.gateway.verifier.hash(secret)
    await asyncio.to_thread(
        call.gateway.accounts.rotate, account.user_id, stored, by=account.user_id, generation=account.generation
    )
    return JSONResponse({"user_id": account.user_id, "user_secret": secret}, headers=NO_STORE)
