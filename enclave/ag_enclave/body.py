"""Request bodies, read up to a limit. Knows no endpoint."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.types import Message

from ag_enclave.errors import Refusal

_LONGEST = 1 << 20
_NUMBERS = ("epsilon", "delta")
_TELLS: tuple[tuple[str, str], ...] = (
    (r"Object missing required field `(?P<name>\w+)`", "{name} is needed"),
    (r"Expected `str` of length >= 1 - at `\$\.(?P<name>\w+)`", "{name} is needed"),
    (
        r"Expected `str` of length <= (?P<most>\d+) - at `\$\.(?P<name>\w+)`",
        "{name} may have {most} characters at most",
    ),
    (
        rf"Expected `str` matching regex .* - at `\$\.(?P<name>{'|'.join(_NUMBERS)})`",
        "{name} must be a number, as 5 or 0.25",
    ),
)
"""What people get wrong most often: how msgspec says it, and how they may read it."""


def watched(request: Request, check: Callable[[], Awaitable[object]]) -> Request:
    """The same request, whose sender is looked at again once the body is whole: who sends slowly was let in long ago, and may have been shut out since."""

    async def receive() -> Message:
        message = await request.receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            await check()
        return message

    return Request(request.scope, receive)


async def read_body(request: Request, longest: int = _LONGEST) -> bytes:
    """The body. Refusal 413 where it is longer than that, without reading the rest."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > longest:
            raise Refusal(413, "The request's body is too long.")
        parts.append(part)
    return b"".join(parts)


async def read_json(request: Request) -> dict[str, Any]:
    """A JSON object; empty for an empty body. Refusal 400 for anything else."""
    body = await read_body(request)
    if not body.strip():
        return {}
    try:
        value = msgspec.json.decode(body)  # which refuses halves of characters: no answer could name them
    except (ValueError, RecursionError) as problem:
        raise Refusal(400, "The request's body is not JSON.") from problem
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refusal(400, "The request's body is not a JSON object.")
    return value


Form = TypeVar("Form", bound=msgspec.Struct)


async def read_as(request: Request, form: type[Form], longest: int = _LONGEST) -> Form:
    """The JSON object as this form and nothing else: no field too many, too few or of another type. Refusal 400 says which."""
    body = await read_body(request, longest)
    try:
        return msgspec.json.decode(body.strip() or b"{}", type=form)
    except msgspec.ValidationError as problem:
        raise Refusal(400, f"The request's body doesn't fit: {_in_words(problem)}.") from problem
    except (msgspec.DecodeError, ValueError, RecursionError) as problem:
        raise Refusal(400, "The request's body is not JSON.") from problem


def fitted(fields: Mapping[str, Any], form: type[Form]) -> Form:
    """The fields of a page's form as this form and nothing else. Refusal 400 says what doesn't fit."""
    try:
        return msgspec.convert(dict(fields), type=form)
    except msgspec.ValidationError as problem:
        raise Refusal(400, f"This doesn't fit: {_in_words(problem)}.") from problem


def _in_words(problem: msgspec.ValidationError) -> str:
    """What doesn't fit, without the pattern that it was held against where there are words for it."""
    said = str(problem)
    for pattern, words in _TELLS:
        if found := re.fullmatch(pattern, said, re.DOTALL):
            return words.format(**found.groupdict())
    return said


async def read_form(request: Request) -> dict[str, str] | None:
    """The fields of a URL-encoded form; None for another content type, garbage or a repeated field."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return None
    try:
        fields = parse_qsl((await read_body(request)).decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return None
    return dict(fields) if len(dict(fields)) == len(fields) else None
