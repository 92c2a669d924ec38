"""``/ag/v1/uploads``: owners' files, announced, sent in pieces, loaded. Bytes pass through unread, in constant memory."""

import asyncio
import contextlib
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.body import read_as
from ag_enclave.errors import BadData, Missing, Refusal
from ag_enclave.loader import check_name
from ag_enclave.uploads import Opening, Upload, Writer, shown

_BUFFER = 1 << 20
_WAIT_SECONDS = 20.0
_LONGEST_NUMBER = 16
_DEEPEST = 32


async def show_all(call: Call) -> Response:
    """The caller's uploads under way."""
    mine = await asyncio.to_thread(call.gateway.intake.uploads.of, call.account.user_id)
    return JSONResponse([_model(call, upload) for upload in mine])


async def create(call: Call) -> Response:
    """Announce an upload, or find the one that says the same, with what is here of it. Refused early where it couldn't be loaded anyway."""
    opening, gateway, owner = await read_as(call.request, Opening), call.gateway, call.account.user_id
    _check(opening)
    before = await asyncio.to_thread(gateway.intake.landed, owner, opening)
    if before is not None:
        return JSONResponse(before)
    await asyncio.to_thread(gateway.holdings.check, opening.name, opening.after, owner)
    upload = await asyncio.to_thread(gateway.intake.uploads.open, owner, opening)
    gateway.intake.renew(upload.upload_id, owner)
    return JSONResponse(_model(call, upload), status_code=201)


async def show_one(call: Call) -> Response:
    """One upload; with ``?seen=`` a revision, as soon as it is another one, or after a while."""
    job = call.gateway.intake.job(_id(call), call.account.user_id)
    seen = _number(call.request.query_params.get("seen"), "seen")
    if job is not None and seen == job.revision and job.state in ("waiting", "loading"):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WAIT_SECONDS):
                await job.changed.wait()
    return JSONResponse(await _shown(call))


async def receive(call: Call) -> Response:
    """Append a piece to a file, ``?offset=`` bytes from its beginning: what is there already. What came of a piece that broke off stays."""
    settings, upload = call.gateway.config.uploads, await _named(call)
    job = call.gateway.intake.job(upload.upload_id, upload.owner)
    if job is not None and job.state != "failed":
        raise Refusal(409, "This upload is being loaded; nothing can be added to it.")
    number = _number(call.request.path_params["number"], "number") or 0
    offset = _number(call.request.query_params.get("offset"), "offset")
    announced = _number(call.request.headers.get("content-length"), "content-length")
    if offset is None:
        raise Refusal(400, "offset is needed: how many bytes of the file are there before this piece.")
    writer = await asyncio.to_thread(call.gateway.intake.uploads.writer, upload, number, offset)
    if announced is not None and announced > min(settings.chunk_bytes, writer.left):
        raise Refusal(413, f"A piece may have {min(settings.chunk_bytes, writer.left)} bytes here.")
    await _take(call, writer, settings.chunk_bytes)
    return JSONResponse({"received": offset + await asyncio.to_thread(_since, upload, number, offset)})


async def _take(call: Call, writer: Writer, most: int) -> None:
    waiting = bytearray()
    taken = 0
    try:
        async for part in call.request.stream():
            taken += len(part)
            if taken > most:
                raise Refusal(413, f"A piece may have {most} bytes.")
            waiting += part
            if len(waiting) >= _BUFFER:
                await asyncio.to_thread(writer.write, bytes(waiting))
                waiting.clear()
    except ClientDisconnect as gone:
        await asyncio.to_thread(writer.write, bytes(waiting))
        raise Refusal(400, "The connection broke off.") from gone
    if waiting:
        await asyncio.to_thread(writer.write, bytes(waiting))


def _since(upload: Upload, number: int, offset: int) -> int:
    return upload.received()[number] - offset


async def load(call: Call) -> Response:
    """All is sent: compare checksums and load. Repeating it changes nothing."""
    upload_id, intake = _id(call), call.gateway.intake
    job = intake.job(upload_id, call.account.user_id)
    if job is None or job.state == "failed":
        upload = await asyncio.to_thread(_still, call)
        if upload is not None:
            intake.begin(upload)
    return JSONResponse(await _shown(call), status_code=202)


def _still(call: Call) -> Upload | None:
    """The upload; None where a load of it failed and its files are gone."""
    try:
        return call.gateway.intake.uploads.find(_id(call), call.account.user_id)
    except Missing:
        if call.gateway.intake.job(_id(call), call.account.user_id) is None:
            raise
        return None


async def cancel(call: Call) -> Response:
    """Remove it; a load under way is ended."""
    await call.gateway.intake.cancel(await _named(call))
    return Response(status_code=204)


def _check(opening: Opening) -> None:
    """What is known to fail before a byte is sent."""
    keys = [(file.role == "mock", file.key) for file in opening.files]
    if len(set(keys)) != len(keys):
        raise Refusal(400, "Two files have the same key.")
    tables = {file.key for file in opening.files if file.role == "table"}
    if not tables or any(file.key not in tables for file in opening.files if file.role == "mock"):
        raise Refusal(400, "A data set needs a private table at least, and a mock the table that it stands for.")
    if _depth(opening.metadata) > _DEEPEST:
        raise Refusal(400, f"The metadata are nested more than {_DEEPEST} deep.")
    try:
        check_name(opening.name)
        if opening.words is not None:
            opening.words.check()
    except BadData as problem:
        raise Refusal(400, str(problem)) from problem


def _depth(metadata: Any) -> int:
    """How many objects and lists are inside each other."""
    deep, level = 0, [metadata]
    while level:
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
        ]
        deep += 1
    return deep


async def _shown(call: Call) -> dict[str, Any]:
    job = call.gateway.intake.job(_id(call), call.account.user_id)
    try:
        return _model(call, await _named(call))
    except Missing:
        if job is None:
            raise
        return {"upload_id": _id(call), "files": [], **job.shown()}


def _model(call: Call, upload: Upload) -> dict[str, Any]:
    job = call.gateway.intake.job(upload.upload_id, upload.owner)
    state: dict[str, Any] = {"state": "receiving"} if job is None else job.shown()
    return {**shown(upload), "chunk_bytes": call.gateway.config.uploads.chunk_bytes, **state}


async def _named(call: Call) -> Upload:
    return await asyncio.to_thread(call.gateway.intake.uploads.find, _id(call), call.account.user_id)


def _id(call: Call) -> str:
    return str(call.request.path_params["upload_id"])


def _number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER):
        raise Refusal(400, f"{name} must be a number.")
    return int(text)
