"""``/ag/v1/budgets``: caps and what was spent, for owners; and the audit log, for owners and auditors."""

import asyncio
from typing import Any

from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.body import read_as
from ag_enclave.budgets import Change
from ag_enclave.errors import Refusal
from ag_enclave.logbook import history, subjects_of

_LONGEST_QUERY = 200


async def show_all(call: Call) -> Response:
    """The caps of the owner's data sets and what was spent."""
    return JSONResponse(await call.gateway.budgets.overview(await call.held()))


async def change(call: Call) -> Response:
    """Put a cap in force, or take one back; the budget as it is then."""
    wanted = await read_as(call.request, Change)
    name = call.request.path_params["dataset"]
    await asyncio.to_thread(call.gateway.ownership.check, call.account.user_id, name)
    by = call.account.user_id
    return JSONResponse(await call.gateway.budgets.change(by, name, wanted, holder=by))


async def show_outlook(call: Call) -> Response:
    """What a cap would allow: ``?epsilon=`` of the cap, ``rows=`` (1000), ``delta=`` (the data set's). From public formulae, and nothing is spent."""
    name, query = call.request.path_params["dataset"], call.request.query_params
    await asyncio.to_thread(call.gateway.ownership.check, call.account.user_id, name)
    rows = _number(query.get("rows"), "rows")
    wanted: dict[str, Any] = {"delta": query.get("delta", ""), **({} if rows is None else {"rows": rows})}
    return JSONResponse(await call.gateway.budgets.outlook(name, query.get("epsilon", ""), **wanted))


async def show_log(call: Call) -> Response:
    """Entries of the audit log, newest first; an owner's data sets' and own deeds. ``?before=`` a number, ``limit=``, ``actor=``, ``action=``, ``subject=``."""
    query = call.request.query_params
    numbers: dict[str, Any] = {name: _number(query.get(name), name) for name in ("before", "limit")}
    texts: dict[str, Any] = {name: query.get(name) for name in ("actor", "action", "subject")}
    if any(text is not None and len(text) > _LONGEST_QUERY for text in texts.values()):
        raise Refusal(400, "actor, action and subject have at most 200 characters.")
    limit = min(numbers.pop("limit") or 100, 1000)
    gateway = call.gateway
    about = await asyncio.to_thread(subjects_of, gateway, call.account)
    return JSONResponse(await history(gateway.clerk, gateway.catalog, about, limit=limit, **numbers, **texts))


def _number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004 - as many digits as any entry has
        raise Refusal(400, f"{name} must be a number.")
    return int(text)
