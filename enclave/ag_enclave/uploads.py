"""Owners' files on their way in: announced with their checksums, taken piece by piece into a folder of their own, verified. Never looks into them.

Knows files, sizes and checksums; what becomes of them afterwards is ``intake``'s. Names of files are numbers of ours: nothing that an owner
writes becomes a path.
"""

import contextlib
import hashlib
import itertools
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from ag_enclave.config import Uploads as Settings
from ag_enclave.errors import Conflict, Missing, Refusal
from ag_enclave.state import write_private
from ag_enclave.words import Key, Words

ORDER = "order.json"
_BLOCK = 1 << 20
_ID_DIGITS = 32
_NUMBER = re.compile(r"[0-9a-f]{32}")
_HOUR = 3600.0

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file: the table or public frame that it is, or the mock of the table of this key; its form, size and SHA-256."""

    key: Key
    role: Literal["table", "public", "mock"]
    form: Literal["csv", "parquet"]
    bytes: Annotated[int, msgspec.Meta(ge=1, le=1 << 50)]
    sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Opening(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an owner wants to upload. ``metadata``: the description that the loader reads. ``after``: the version that it follows, 0 for a new data set.

    ``mock_override``: the owner's reason to take mocks that look like the data; ``unit_reason``: to protect something else than the version before.
    """

    name: Name
    metadata: dict[str, Any]
    files: Annotated[tuple[File, ...], msgspec.Meta(min_length=1, max_length=64)]
    words: Words | None = None
    after: Annotated[int, msgspec.Meta(ge=0, le=1 << 30)] = 0
    reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    mock_override: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    unit_reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One upload: whose, what, and the folder that takes it."""

    upload_id: str
    owner: str
    opening: Opening
    folder: Path

    def path(self, number: int) -> Path:
        """Where file ``number`` is taken. Missing where there is no such file."""
        if not 0 <= number < len(self.opening.files):
            raise Missing(f"There is no file {number} in this upload.")
        return self.folder / f"{number}.{self.opening.files[number].form}"

    def received(self) -> list[int]:
        """How many bytes of each file are there."""
        return [_size(self.path(number)) for number in range(len(self.opening.files))]

    @property
    def announced(self) -> int:
        """Bytes of all its files."""
        return sum(file.bytes for file in self.opening.files)


class Uploads:
    """The folder of uploads. ``free``: bytes free on its disk; ``clock``: the wall clock. Every method is short but ``verify``; call them off the event loop."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        *,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._free = free
        self._clock = clock
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._writers: dict[tuple[str, int], int] = {}
        self._turns = itertools.count(1)

    def open(self, owner: str, opening: Opening) -> Upload:
        """A new upload, or the one that says the same: its number comes from what it says. Refusal 413, 429 or 507 where there is no room."""
        upload_id = number_of(owner, opening)
        folder = self._folder / upload_id
        with self._opening:  # so that uploads announced side by side can't pass the limits
            with contextlib.suppress(Missing):
                return self.find(upload_id, owner)
            self._check_room(owner, opening)
            folder.mkdir(mode=0o700, exist_ok=True)
            order = {"owner": owner, "opening": json.loads(msgspec.json.encode(opening))}
            write_private(folder / ORDER, json.dumps(order).encode())
        return Upload(upload_id=upload_id, owner=owner, opening=opening, folder=folder)

    def find(self, upload_id: str, owner: str) -> Upload:
        """An owner's own upload. Missing otherwise: others' don't exist to one."""
        upload = _read(self._folder / upload_id) if _NUMBER.fullmatch(upload_id) else None
        if upload is None or upload.owner != owner:
            raise Missing(f"There is no upload {upload_id[:64]}.")
        return upload

    def of(self, owner: str) -> list[Upload]:
        """An owner's uploads."""
        return [upload for upload in self._all() if upload.owner == owner]

    def writer(self, upload: Upload, number: int, offset: int) -> "Writer":
        """Whoever writes file ``number`` from ``offset`` on; who wrote before has no say any more. Conflict where the file isn't there yet, 507 without room."""
        path, place = upload.path(number), (upload.upload_id, number)
        if self._free(self._folder) <= self._settings.free_bytes:
            raise Refusal(
                507,
                "The enclave's disk is nearly full; tell its operator (uploads.free_bytes is what uploads leave free).",
            )
        with self._lock:
            known = _size(path)
            if offset != known:
                raise Conflict(f"{known} bytes of this file are here; go on from there.")
            self._writers[place] = turn = next(self._turns)  # never one that somebody of a discarded upload still holds
        left = upload.opening.files[number].bytes - known
        return Writer(path=path, left=left, lock=self._lock, mine=lambda: self._writers.get(place) == turn)

    def verify(self, upload: Upload, tell: Callable[[float, str], None]) -> None:
        """Compare every file with its checksum. Conflict where bytes are missing, Refusal 422 for other bytes, which are thrown away then."""
        whole, done = max(1, upload.announced), 0
        for number, file in enumerate(upload.opening.files):
            path = upload.path(number)
            if _size(path) != file.bytes:
                raise Conflict(
                    f"{_size(path)} of {file.bytes} bytes of the file for {file.key} are here; send the rest first."
                )
            digest = hashlib.sha256()
            for block in _blocks(path):
                digest.update(block)
                done += len(block)
                tell(done / whole, "comparing checksums")
            if digest.hexdigest() != file.sha256:
                path.unlink(missing_ok=True)
                raise Refusal(
                    422,
                    f"The file for {file.key} isn't the one that was announced: its SHA-256 differs. Send it again.",
                )

    def discard(self, upload: Upload) -> None:
        """Remove an upload, whole."""
        self._remove(upload.folder)

    def sweep(self, busy: Collection[str] = ()) -> int:
        """Remove what nobody has added to for too long, but for what is ``busy``; how many."""
        late = self._clock() - self._settings.keep_hours * _HOUR
        stale = [folder for folder in self._folder.iterdir() if folder.name not in busy and _touched(folder) < late]
        for folder in stale:
            self._remove(folder)
        return len(stale)

    def _remove(self, folder: Path) -> None:
        """A folder with all that is in it; whoever was writing there has no say any more."""
        with self._lock:
            for place in [place for place in self._writers if place[0] == folder.name]:
                del self._writers[place]
            shutil.rmtree(folder, ignore_errors=True)

    def _check_room(self, owner: str, opening: Opening) -> None:
        size, limits = sum(file.bytes for file in opening.files), self._settings
        if size > limits.bytes_per_upload:
            raise Refusal(413, f"An upload may have {limits.bytes_per_upload} bytes here; this one has {size}.")
        mine = self.of(owner)
        if len(mine) >= limits.open_per_owner:
            raise Refusal(429, f"You have {len(mine)} uploads under way, the most there may be; finish or cancel one.")
        if size + sum(each.announced for each in mine) > limits.bytes_per_owner:
            raise Refusal(
                429, f"Your uploads under way may have {limits.bytes_per_owner} bytes together; finish or cancel one."
            )
        if size + limits.free_bytes > self._free(self._folder):
            raise Refusal(
                507,
                "The enclave's disk has no room for this upload; tell its operator (uploads.free_bytes is what uploads leave free).",
            )

    def _all(self) -> Iterator[Upload]:
        for folder in sorted(self._folder.iterdir()):
            upload = _read(folder)
            if upload is not None:
                yield upload


@dataclass(slots=True, kw_only=True)
class Writer:
    """Appends to one file, as long as nobody else has begun to and up to the announced size."""

    path: Path
    left: int
    lock: threading.Lock
    mine: Callable[[], bool]

    def write(self, part: bytes) -> None:
        """Append. Refusal 413 beyond what was announced, of which nothing is written; Conflict where another connection has taken over."""
        with self.lock:
            if not self.mine():
                raise Conflict("Another connection sends this file now, or the upload is over.")
            if len(part) > self.left:
                raise Refusal(413, "The file is longer than was announced.")
            try:
                _append(self.path, part)
            except OSError as problem:
                raise Refusal(507, f"The enclave can't keep this piece: {problem.strerror}.") from problem
            self.left -= len(part)


def _append(path: Path, part: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "ab", buffering=0) as stream:
        left = memoryview(part)
        while left:
            left = left[stream.write(left) :]


def _read(folder: Path) -> Upload | None:
    """The upload in a folder; None where it holds none."""
    try:
        order = json.loads((folder / ORDER).read_bytes())
        opening = msgspec.convert(order["opening"], type=Opening)
        return Upload(upload_id=folder.name, owner=str(order["owner"]), opening=opening, folder=folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def number_of(owner: str, opening: Opening) -> str:
    """The upload's number: a digest of what it says, checksums included, so that a client that was restarted finds it by saying the same."""
    said = json.dumps([owner, json.loads(msgspec.json.encode(opening))], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:_ID_DIGITS]


def shown(upload: Upload) -> dict[str, Any]:
    """For its owner: how many bytes of each file are here."""
    here: Mapping[int, int] = dict(enumerate(upload.received()))
    files = [
        {"number": number, "key": file.key, "role": file.role, "bytes": file.bytes, "received": here[number]}
        for number, file in enumerate(upload.opening.files)
    ]
    return {"upload_id": upload.upload_id, "name": upload.opening.name, "files": files}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            yield block


def _touched(folder: Path) -> float:
    """When the last byte came."""
    times = [path.stat().st_mtime for path in (folder, *folder.iterdir())] if folder.is_dir() else [0.0]
    return max(times)
