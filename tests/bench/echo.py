"""The other end of a socket that gives so many bytes back for whatever comes: what a way there and back costs where nothing is thought about.

Knows no plan. ``python -m tests.bench.echo DESCRIPTOR BYTES``; it reads as a vault does and ends with the stream.
"""

import contextlib
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

_MOST = 1 << 16


@contextlib.contextmanager
def echoing(question: bytes, answer: int) -> Iterator[Callable[[], bytes]]:
    """Send the question to a process of its own and hear ``answer`` bytes, as often as the function is called."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "tests.bench.echo", str(theirs.fileno()), str(answer)]
    with ours, subprocess.Popen(command, pass_fds=(theirs.fileno(),)) as process:
        theirs.close()
        waiting = select.poll()
        waiting.register(ours, select.POLLIN)

        def asked() -> bytes:
            ours.sendall(question)
            waiting.poll()
            return ours.recv(_MOST)

        yield asked
        ours.shutdown(socket.SHUT_RDWR)
        process.wait(10)


def main() -> None:
    """Echo until the other side hangs up."""
    descriptor, size = map(int, sys.argv[1:])
    answer = bytes(size)
    with socket.socket(fileno=descriptor) as stream:
        stream.setblocking(False)
        waiting = select.poll()
        waiting.register(stream, select.POLLIN)
        while True:
            waiting.poll()
            if not stream.recv(_MOST):
                return
            stream.send(answer)


if __name__ == "__main__":
    main()
