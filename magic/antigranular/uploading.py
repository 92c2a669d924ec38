"""One upload on its way: announced with checksums, sent in pieces, taken up again where it broke off, followed until it is loaded.

Must not know what is in the files. Whoever says the same again, from another process too, goes on where the first one stopped.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Protocol

from antigranular.data_file import DataFile
from antigranular.errors import EnclaveUnreachable, RequestRefused, UntrustedEnclave
from antigranular.rest import Enclave

PATH = "/ag/v1/uploads"
PIECE_BYTES = 8 << 20
_PATIENCE_SECONDS = 60.0
_TICK_SECONDS = 0.5
_MIB = 1 << 20


class Bar(Protocol):
    """Where it is shown how far an upload is."""

    def at(self, what: str, done: float, whole: float) -> None:
        """So much of it; both in bytes, or both shares."""

    def over(self) -> None:
        """It is done, or given up."""


class PlainBar:
    """One line on stderr, written anew."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due = 0.0
        self._last = ""

    def at(self, what: str, done: float, whole: float) -> None:
        """Write it, twice a second at most."""
        if self._clock() >= self._due or done >= whole or what != self._last:
            self._due, self._last = self._clock() + _TICK_SECONDS, what
            sys.stderr.write(f"\r{what}: {done / max(whole, 1e-9):4.0%}\x1b[K")
            sys.stderr.flush()

    def over(self) -> None:
        """End the line."""
        sys.stderr.write("\n")


class TqdmBar:
    """A bar of tqdm's for each stage."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._bar: Any = None
        self._stage = ""

    def at(self, what: str, done: float, whole: float) -> None:
        """Move it; a new stage gets a new one."""
        stage = what.partition(":")[0]
        if self._bar is None or stage != self._stage:
            self.over()
            many = whole > 1
            self._bar = self._tqdm(
                total=whole if many else 100, unit="B" if many else "%", unit_scale=many, file=sys.stderr
            )
            self._stage = stage
        self._bar.set_description_str(what, refresh=False)
        scale = 1 if whole > 1 else 100
        self._bar.update(max(0, done * scale - self._bar.n))

    def over(self) -> None:
        """Close it."""
        if self._bar is not None:
            self._bar.close()
        self._bar = None


def a_bar() -> Bar:
    """Tqdm's where it is installed, else a plain line."""
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        return PlainBar()
    return TqdmBar(tqdm)


class Uploading:
    """Sends files until the enclave has loaded them. ``clock`` gives seconds that only move forward."""

    def __init__(
        self,
        enclave: Enclave,
        bar: Bar,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        self._enclave = enclave
        self._bar = bar
        self._clock = clock
        self._sleep = sleep
        self._patience = patience

    def run(self, opening: Mapping[str, Any], files: Sequence[DataFile]) -> dict[str, Any]:
        """Send, load; the enclave's last word, with ``version`` and ``report``. RequestRefused says why it wasn't loaded.

        An interrupt leaves what was sent where it is: the same call goes on with it.
        """
        body = {**opening, "files": [file.announced() for file in files]}
        while True:
            said = self._persist(lambda: self._ask("POST", PATH, body))
            if said["state"] == "receiving":
                self._send(said, files)
                said = self._persist(lambda: self._ask("POST", f"{_of(said)}/load"))  # noqa: B023 - called at once
            try:
                said = self._follow(said)
            except RequestRefused as refusal:
                if refusal.status != HTTPStatus.NOT_FOUND:
                    raise
                continue  # the enclave was restarted meanwhile: it says what became of it when it is asked anew
            if said["state"] == "done":
                return said
            if said["state"] == "failed":
                raise RequestRefused(str(said["error"]), HTTPStatus.UNPROCESSABLE_ENTITY)

    def _send(self, said: Mapping[str, Any], files: Sequence[DataFile]) -> None:
        whole, sent = sum(file.size for file in files), sum(each["received"] for each in said["files"])
        most = min(PIECE_BYTES, int(said.get("chunk_bytes", PIECE_BYTES)))
        for number, file in enumerate(files):
            there = int(said["files"][number]["received"])
            while there < file.size:
                self._bar.at("sending", sent, whole)
                now = self._persist(lambda: self._piece(said, number, file, there, most))  # noqa: B023 - called at once
                sent, there = sent + now - there, now
        self._bar.at("sending", sent, whole)

    def _piece(self, said: Mapping[str, Any], number: int, file: DataFile, there: int, most: int) -> int:
        """Send one piece; how many bytes of the file are there then, also where a piece before it had come further than its answer."""
        path = f"{_of(said)}/files/{number}?offset={there}"
        try:
            return int(self._enclave.send("PUT", path, file.piece(there, most))["received"])
        except (EnclaveUnreachable, RequestRefused) as problem:
            if isinstance(problem, RequestRefused) and problem.status != HTTPStatus.CONFLICT:
                raise
            now = int(self._ask("GET", _of(said))["files"][number]["received"])
            if now == there:
                raise
            return now

    def _follow(self, said: dict[str, Any]) -> dict[str, Any]:
        while said["state"] in ("waiting", "loading"):
            self._bar.at(f"loading: {said['what']}", float(said["progress"]), 1.0)
            where = f"{_of(said)}?seen={said['revision']}"
            said = self._persist(lambda: self._ask("GET", where))  # noqa: B023 - called at once
        return said

    def _persist(self, ask: Callable[[], Any]) -> Any:
        """Ask again while the enclave can't be reached or is taken up by what broke off, for a while without any success."""
        began, wait = self._clock(), 0.1
        while True:
            try:
                return ask()
            except UntrustedEnclave:
                raise
            except EnclaveUnreachable:
                if self._clock() - began > self._patience:
                    raise
            self._sleep(wait)
            wait = min(2 * wait, 5.0)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return dict(self._enclave.ask(method, path, body))


def _of(said: Mapping[str, Any]) -> str:
    return f"{PATH}/{said['upload_id']}"
