"""Runs the jailed loader on an owner's files and reports its progress. Never opens the files itself.

Starts ``ag_vault.load`` by name in a process of its own; knows its options and its JSON lines.
"""

import builtins
import contextlib
import json
import keyword
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ag_enclave.catalog import variable_of, versions
from ag_enclave.errors import BadData
from ag_enclave.state import State, write_private

Progress = Callable[[float, str], None]
_LONGEST_LINE = 1 << 20
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


def register(load: Load, state: State, progress: Progress, *, shelf: str = "datasets") -> dict[str, Any]:
    """Load the files as the data set's next version, on the state's shelf of that name, and give the report of what was coerced. BadData; nothing is left half done then."""
    _check(load)
    folder = state.folder(shelf) / variable_of(load.name)
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / str(max(versions(folder), default=0) + 1)
    try:
        return _run(command_of(load, target, unit_key(state)), progress)
    except BaseException:
        shutil.rmtree(target.with_name(f"{target.name}.tmp"), ignore_errors=True)
        if not any(folder.iterdir()):
            folder.rmdir()
        raise


def _check(load: Load) -> None:
    if not load.name.strip() or not variable_of(load.name).isidentifier():
        raise BadData(
            f"A data set's name must make a variable name: letters, digits and spaces; {load.name!r} does not."
        )
    if keyword.iskeyword(variable_of(load.name)) or variable_of(load.name) in _GIVEN:
        raise BadData(
            f"A data set can't be called {load.name!r}: {variable_of(load.name)} means something in every cell."
        )
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


def command_of(load: Load, target: Path, hashing: Path) -> list[str]:
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
    return [*_jail(load, target, hashing), "ag_vault.load", *options]


def _jail(load: Load, target: Path, hashing: Path) -> list[str]:
    """The interpreter, inside the loader's jail: it reads these files and the key for ids, writes this data set's folder, nothing else."""
    jail = [sys.executable, "-P", "-m", "ag_sandbox.run", "--profile", "loader"]
    for path in (*load.files, hashing):
        jail += ["--read", str(path.resolve())]
    return [*jail, "--write", str(target.parent)]


def _run(command: list[str], progress: Progress) -> dict[str, Any]:
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as loader:
        try:
            report = _follow(loader, progress)
        except BaseException:
            loader.kill()
            raise
        trouble = loader.stderr.read().decode(errors="replace") if loader.stderr else ""
    if loader.returncode != 0 or report is None:
        reason = trouble.strip().splitlines()[-1:] or [f"exit status {loader.returncode}"]
        raise BadData(f"The loader failed: {reason[0][:500]}")
    return report


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
