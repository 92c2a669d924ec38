"""Runs the jailed loader on an owner's files and reports its progress. Never opens the files itself.

Starts ``ag_vault.load`` by name in a process of its own; knows its options and its JSON lines.
"""

import builtins
import contextlib
import dataclasses
import fcntl
import json
import keyword
import os
import secrets
import shutil
import subprocess
import sys
import threading
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ag_enclave.catalog import ORIGIN, variable_of, versions
from ag_enclave.errors import BadData, Conflict
from ag_enclave.lodging import Lodging, lodge
from ag_enclave.state import State, write_private, write_private_json

Progress = Callable[[float, str], None]
WORK = "new-"
"""How the folders begin in which loads are under way."""
_LONGEST_LINE = 1 << 20
_LINES_KEPT, _LONGEST_WORD = 20, 4096
"""Of what a loader writes to stderr."""
_TRIES = 5
_LOOK_SECONDS = 0.25
"""Between two looks at the disk: a loader writes some hundred megabytes a second at most."""
_GIVEN = frozenset(
    {*dir(builtins), "export", "imported", "display", "ag_print", "load_dataset", "load_mock", "submit_predictions"}
)
"""Names that every session's cells find already: a data set of such a name would take their place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to register: a name, the owner's metadata, and a file per private table and per public view.

    ``mock``: files of public rows in the private ones' place, for some or none; ``mock_override``: the owner's reason to take them though they look like the data.
    """

    name: str
    metadata: Path
    tables: Mapping[str, Path]
    public: Mapping[str, Path] = field(default_factory=dict)
    mock: Mapping[str, Path] = field(default_factory=dict)
    mock_override: str = ""

    @property
    def files(self) -> tuple[Path, ...]:
        """All that the loader reads."""
        return (self.metadata, *self.tables.values(), *self.public.values(), *self.mock.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one load may take: seconds, memory, the longest file it writes, and what it leaves free of its disk.

    A few kilobytes of Parquet hold billions of rows, whose copies fill whichever disk: the ledger's is mostly the same.
    """

    seconds: int = 86_400
    memory_bytes: int = 8 << 30
    file_bytes: int = 1 << 40
    free_bytes: int = 512 << 20


class Leash:
    """Ends a load from another thread, whether or not it has begun."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.pulled = False

    def hold(self, process: "subprocess.Popen[bytes]") -> None:
        """Name the process to end."""
        with self._lock:
            self._process = process
            if self.pulled:
                process.kill()

    def pull(self) -> None:
        """End it now."""
        with self._lock:
            self.pulled = True
            if self._process is not None:
                self._process.kill()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A loaded version that nobody sees yet. ``report``: what was coerced, for its owner."""

    name: str
    folder: Path
    loaded: Path
    report: dict[str, Any]

    def publish(self, origin: Mapping[str, Any], *, after: int | None = None) -> int:
        """Make it the newest version, with ``origin`` beside it; its number. Conflict where ``after`` isn't the newest now."""
        newest = max(versions(self.folder), default=0)
        if after is not None and newest != after:
            raise Conflict(f"{self.name} has changed meanwhile: its newest version is {newest}, not {after}.")
        write_private_json(self.loaded / ORIGIN, dict(origin))
        try:
            self.loaded.rename(self.folder / str(newest + 1))
        except OSError as problem:
            raise Conflict(f"{self.name} has changed meanwhile; another version was made just now.") from problem
        sync(self.folder)
        return newest + 1


def register(load: Load, state: State, progress: Progress, *, shelf: str = "datasets") -> dict[str, Any]:
    """Load the files as the data set's next version, on the state's shelf of that name, and give the report of what was coerced. BadData; nothing is left half done then."""
    with prepared(load, state, progress, shelf=shelf) as draft:
        draft.publish({})
    return draft.report


@contextmanager
def prepared(
    load: Load,
    state: State,
    progress: Progress,
    *,
    shelf: str = "datasets",
    limits: Limits | None = None,
    leash: Leash | None = None,
) -> Iterator[Draft]:
    """Load the files beside their place; whoever wants it publishes it within the block, and what isn't published is gone afterwards. BadData."""
    _check(load)
    folder = state.folder(shelf) / variable_of(load.name)
    work = _workplace(folder)
    held = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)  # whose holder is gone is swept
        target = work / "loaded"
        lodging = lodge(work, lambda path: path.resolve().is_relative_to(state.folder("uploads").resolve()))
        brought, key = _brought(load, lodging), lodging.bring(unit_key(state))
        command = command_of(brought, target, key, limits or Limits(), user=lodging.user)
        report = _run(command, work, progress, limits or Limits(), leash or Leash())
        lodging.take_back(target)
        yield Draft(name=load.name, folder=folder, loaded=target, report=report)
    finally:
        os.close(held)
        shutil.rmtree(work, ignore_errors=True)
        with contextlib.suppress(OSError):  # there are versions, or another load is under way
            folder.rmdir()


def _brought(load: Load, lodging: Lodging) -> Load:
    """The load, its files where the loader reads them. BadData where one can't be read."""
    try:
        tables, public, mock = (
            {key: lodging.bring(path.resolve()) for key, path in each.items()}
            for each in (load.tables, load.public, load.mock)
        )
        metadata = lodging.bring(load.metadata.resolve())
    except OSError as problem:
        raise BadData(f"A file can't be handed to the loader: {problem.strerror or problem}.") from problem
    return dataclasses.replace(load, metadata=metadata, tables=tables, public=public, mock=mock)


def sync(folder: Path) -> None:
    """Make what was renamed in a folder durable."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def _workplace(folder: Path) -> Path:
    """A new folder inside the data set's, which the loader may write to and to nothing else."""
    for _ in range(_TRIES):
        folder.mkdir(mode=0o700, exist_ok=True)
        work = folder / f"{WORK}{secrets.token_hex(8)}"
        try:
            work.mkdir(mode=0o700)
        except FileNotFoundError:  # a load that failed has just removed the folder
            continue
        return work
    raise BadData("The data set's folder is gone as soon as it is made; is something else removing it?")


def sweep(state: State) -> None:
    """Remove what loads that were killed have left."""
    for work in state.folder("datasets").glob(f"*/{WORK}*"):
        with contextlib.suppress(OSError):
            held = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(work, ignore_errors=True)
            finally:
                os.close(held)
        with contextlib.suppress(OSError):
            work.parent.rmdir()


def check_name(name: str) -> None:
    """BadData for a name that no data set can have: it must make a variable's, and none that cells need for something else."""
    if not name.strip() or not variable_of(name).isidentifier():
        raise BadData(f"A data set's name must make a variable name: letters, digits and spaces; {name!r} does not.")
    if unicodedata.normalize("NFKC", variable_of(name)) != variable_of(name) or name != " ".join(name.split()):
        raise BadData(
            f"A data set can't be called {name!r}: another name would be read as the same, or look like it; write it in plain letters, with single spaces."
        )
    if keyword.iskeyword(variable_of(name)) or variable_of(name) in _GIVEN:
        raise BadData(f"A data set can't be called {name!r}: {variable_of(name)} means something in every cell.")


def _check(load: Load) -> None:
    check_name(load.name)
    if not load.tables:
        raise BadData("A data set needs at least one private table: --table KEY=FILE.")
    for path in load.files:
        if not path.is_file():
            raise BadData(f"There is no file {path}.")


def unit_key(state: State) -> Path:
    """The file of the key under which ids are hashed, made at first use: the same for every data set, so that their ids match."""
    path = state.folder("keys") / "units.key"
    if not path.exists():
        draft = path.with_name(f".units-{secrets.token_hex(8)}")
        write_private(draft, secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):  # another load was first: its key is everybody's
            os.link(draft, path)
        draft.unlink()
    return path


def command_of(
    load: Load, target: Path, hashing: Path, limits: Limits | None = None, *, user: int | None = None
) -> list[str]:
    """The loader's command line, jail and all."""
    options = ["--name", load.name, "--metadata", str(load.metadata.resolve()), "--out", str(target)]
    options += ["--unit-key", str(hashing)]
    for key, path in load.tables.items():
        options += ["--table", f"{key}={path.resolve()}"]
    for key, path in load.public.items():
        options += ["--public", f"{key}={path.resolve()}"]
    for key, path in load.mock.items():
        options += ["--mock", f"{key}={path.resolve()}"]
    if load.mock_override:
        options += [f"--mock-override={load.mock_override}"]
    whose = [] if user is None else ["--user", str(user)]
    return [*_jail(load, target, hashing, limits or Limits()), *whose, "ag_vault.load", *options]


def _jail(load: Load, target: Path, hashing: Path, limits: Limits) -> list[str]:
    """The interpreter, inside the loader's jail: it reads these files and the key for ids, writes its own folder, nothing else."""
    jail = [sys.executable, "-P", "-m", "ag_sandbox.run", "--profile", "loader"]
    jail += ["--memory-bytes", str(limits.memory_bytes), "--file-bytes", str(limits.file_bytes)]
    for path in (*load.files, hashing):
        jail += ["--read", str(path.resolve())]
    return [*jail, "--write", str(target.parent)]


class _Guard:
    """Ends a loader whose disk has less than this free; ``full``: it has."""

    def __init__(self, loader: "subprocess.Popen[bytes]", folder: Path, free_bytes: int) -> None:
        self.full = False
        self._loader = loader
        self._folder = folder
        self._free_bytes = free_bytes
        self._over = threading.Event()
        threading.Thread(target=self._watch, name="loader's disk", daemon=True).start()

    def leave(self) -> None:
        """The loader has ended."""
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            if shutil.disk_usage(self._folder).free < self._free_bytes:
                self.full = True
                self._loader.kill()
                return


def _run(command: list[str], folder: Path, progress: Progress, limits: Limits, leash: Leash) -> dict[str, Any]:
    """Wait for the loader, which writes to ``folder`` alone; its report."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as loader:
        leash.hold(loader)
        alarm = threading.Timer(limits.seconds, loader.kill)
        alarm.daemon = True
        alarm.start()
        guard = _Guard(loader, folder, limits.free_bytes)
        said, hearing = _heard(loader)
        try:
            report = _follow(loader, progress)
        except BaseException:
            loader.kill()
            raise
        finally:
            late = not alarm.is_alive()
            alarm.cancel()
            guard.leave()
        hearing.join()
        trouble = b"".join(said).decode(errors="replace")
    if leash.pulled:
        raise BadData("The load was cancelled.")
    if guard.full:
        raise BadData(
            f"The load was ended: what the files unfold to would fill the enclave's disk, of which {limits.free_bytes:,} bytes stay free (uploads.free_bytes)."
        )
    if late and loader.returncode != 0:
        raise BadData(f"The load took longer than {limits.seconds} seconds and was ended.")
    if loader.returncode != 0 or report is None:
        reason = trouble.strip().splitlines()[-1:] or [f"exit status {loader.returncode}"]
        raise BadData(f"The loader failed: {reason[0][:500]}")
    return report


def _heard(loader: "subprocess.Popen[bytes]") -> tuple[deque[bytes], threading.Thread]:
    """The end of what the loader writes to stderr, and the thread that takes it: a pipe that nobody empties would stop the loader."""
    said: deque[bytes] = deque(maxlen=_LINES_KEPT)

    def hear() -> None:
        while loader.stderr is not None and (part := loader.stderr.readline(_LONGEST_WORD)):
            said.append(part)

    hearing = threading.Thread(target=hear, name="loader's stderr", daemon=True)
    hearing.start()
    return said, hearing


def _follow(loader: "subprocess.Popen[bytes]", progress: Progress) -> dict[str, Any] | None:
    """Pass progress on until the loader is done; its report, None where it gave none. BadData with the loader's own sentence."""
    report: dict[str, Any] | None = None
    for line in _lines(loader):
        if "error" in line:
            raise BadData(str(line["error"])[:2000])
        if "progress" in line:
            progress(float(line["progress"]), str(line.get("what", "")))
        if line.get("done"):
            report = dict(line.get("report") or {})
    return report


def _lines(loader: "subprocess.Popen[bytes]") -> Iterator[dict[str, Any]]:
    """The loader's JSON lines. BadData for one that isn't."""
    if loader.stdout is None:
        raise BadData("The loader has no output.")
    while line := loader.stdout.readline(_LONGEST_LINE):
        try:
            value = json.loads(line)
        except ValueError as problem:
            raise BadData("The loader said something that is not JSON.") from problem
        if isinstance(value, dict):
            yield value
