"""The conversation with a session's vault: balances and catalogue, one question at a time.

Answers are JSON of the vault's own making; this module bounds their size and wait, and reads no more into them.
"""

import asyncio
import contextlib
import json
import socket
from typing import Any, Self

from ag_enclave.bridge.frames import frame, read_frame
from ag_enclave.errors import MalformedMessage, SessionLost

_LONGEST = 4 << 20
_WAIT_SECONDS = 20.0


class Control:
    """The gateway's end of a vault's control socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    @classmethod
    async def over(cls, stream: socket.socket) -> Self:
        """Take the socket over."""
        return cls(*await asyncio.open_unix_connection(sock=stream))

    async def ask(self, op: str) -> dict[str, Any]:
        """Put one question. SessionLost where the vault doesn't answer it, is too busy to, or is gone."""
        async with self._turn:
            try:
                async with asyncio.timeout(_WAIT_SECONDS):
                    self._writer.write(frame(json.dumps({"op": op}).encode()))
                    await self._writer.drain()
                    answer = await read_frame(self._reader, _LONGEST)
            except TimeoutError as problem:
                self.close()  # its late answer would be taken for the next one's
                raise SessionLost("The vault did not answer in time; restart the session.") from problem
            except (OSError, MalformedMessage) as problem:
                raise SessionLost("The vault of this session is gone.") from problem
        if answer is None:
            raise SessionLost("The vault of this session is gone.")
        return _object(answer)

    def close(self) -> None:
        """Close the socket."""
        with contextlib.suppress(OSError):
            self._writer.close()


def _object(answer: bytes) -> dict[str, Any]:
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError) as problem:
        raise SessionLost("The vault answered with something that is not JSON.") from problem
    if not isinstance(value, dict):
        raise SessionLost("The vault answered with something that is not an object.")
    return value
