"""``/ag/v1/me``: who the caller is, and a new secret in place of the one that was used, the one-time secret among them."""

import asyncio

from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.errors import Refusal
from ag_enclave.secrets import new_secret

NO_STORE = {"Cache-Control": "no-store"}


async def show(call: Call) -> Response:
    """The caller's account."""
    account = call.account
    return JSONResponse({"user_id": account.user_id, "role": account.role, "one_time": account.one_time})


async def replace_secret(call: Call) -> Response:
    """A new secret, shown this once; the old one and its tokens are void at once. Of two that come together one is refused (409)."""
    account, secret = call.account, new_secret()
    if account.issuer:
        raise Refusal(409, f"{account.user_id} has no secret here: {account.issuer} vouches for it.")
    stored = await call.gateway.verifier.hash(secret)
    await asyncio.to_thread(
        call.gateway.accounts.rotate, account.user_id, stored, by=account.user_id, generation=account.generation
    )
    return JSONResponse({"user_id": account.user_id, "user_secret": secret}, headers=NO_STORE)
