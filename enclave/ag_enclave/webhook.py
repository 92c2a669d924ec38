"""Notices as webhooks: one signed POST to the one address that the operator has set. Follows no redirect, uses no proxy, reads no answer but its status.

Knows one notice at a time; blocks.
"""

import contextlib
import hashlib
import hmac
import http.client
import json
import ssl
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from ag_enclave.notices import ACTIONS, Channel, Notice

_SECONDS = 20.0


def webhook_channel(
    url: str, secret: bytes, context: ssl.SSLContext, clock: Callable[[], float] = time.time
) -> Channel:
    """What posts a notice as JSON, signed as ``X-AG-Signature: sha256=`` HMAC-SHA256(secret, timestamp + "." + body)."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def send(notice: Notice) -> None:
        body, stamp = body_of(notice), str(int(clock()))
        headers = {
            "Content-Type": "application/json",
            "X-AG-Event": notice.action,
            "X-AG-Delivery": str(notice.number),
            "X-AG-Timestamp": stamp,
            "X-AG-Signature": f"sha256={signature(secret, stamp, body)}",
        }
        with contextlib.closing(_connection(parts.scheme, parts.hostname or "", parts.port, context)) as connection:
            try:
                connection.request("POST", target, body, headers)
                status = connection.getresponse().status
            except http.client.HTTPException as problem:
                raise OSError(type(problem).__name__) from problem
        if not 200 <= status < 300:  # noqa: PLR2004 - what HTTP calls success
            raise OSError(f"status {status}")

    return send


def body_of(notice: Notice) -> bytes:
    """The JSON of a notice."""
    told = {
        "deed": notice.number,
        "at": notice.at,
        "event": notice.action,
        "what": ACTIONS[notice.action],
        "actor": notice.actor,
        "subject": notice.subject,
        "details": dict(notice.details),
    }
    return json.dumps(told).encode()


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    """What whoever receives it computes and compares."""
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _connection(scheme: str, host: str, port: int | None, context: ssl.SSLContext) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=context)
    return http.client.HTTPConnection(host, port, timeout=_SECONDS)
