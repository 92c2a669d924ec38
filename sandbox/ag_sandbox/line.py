"""The words between a nursery and those who order children: datagrams of JSON, with descriptors beside them. Starts nothing.

One control socket per nursery, on which lines arrive; one line per child, on which everything else about that child is said.
"""

import json
import socket
from collections.abc import Mapping, Sequence

from ag_sandbox.profile import JSON

MOST_BYTES = 160 << 10
"""The longest word: below what the kernel lets an unprivileged datagram hold."""
MOST_DESCRIPTORS = 16

Word = Mapping[str, JSON]


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of a line. Words arrive whole and in order; the end of the other side is seen."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def say(line: socket.socket, word: Word, descriptors: Sequence[int] = ()) -> None:
    """Send one word. ValueError where it is too long; OSError where nobody listens."""
    data = json.dumps(word, allow_nan=False).encode()
    if len(data) > MOST_BYTES or len(descriptors) > MOST_DESCRIPTORS:
        raise ValueError(f"settings longer than {MOST_BYTES} bytes, or more than {MOST_DESCRIPTORS} sockets")
    if descriptors:
        socket.send_fds(line, [data], descriptors)
    else:
        line.send(data)  # a locked child may still say a word, but pass nothing along


def hear(line: socket.socket) -> tuple[dict[str, JSON] | None, list[int]]:
    """The next word and the descriptors beside it; (None, []) where the other side has ended. TimeoutError as the socket says."""
    try:
        data, descriptors, _, _ = socket.recv_fds(line, MOST_BYTES, MOST_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:
        return None, []
    if not data:
        return None, []
    word: dict[str, JSON] = json.loads(data)
    return word, descriptors
