"""The data sets of this enclave, by their public parts. Reads ``catalog.json`` and never a table.

The newest version of each data set counts; a folder without a readable catalogue is not offered.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ag_enclave import words
from ag_enclave.errors import Refusal
from ag_enclave.words import Words

_VERSION = re.compile(r"[1-9][0-9]*")
ORIGIN = "origin.json"
"""The file of a version that says where it came from: who, when, which files with which checksums, how many rows."""
_LONGEST = 4 << 20
FORMAT = 3
"""Of the folders that the loader writes and vaults read, as `ag_vault.catalog` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One data set, as anybody with an account may see it. ``budget``: the declared caps; ``account``: where its charges go; ``tables``: columns and bounds.

    ``words``: what owners say of it; ``retired``: why no session opens it any more, None where sessions do. ``origin``: where this version came from, for owners.
    ``stale``: written by another release's loader, so that no vault can read it until it is loaded again.
    """

    name: str
    variable: str
    description: str
    views: tuple[dict[str, str], ...]
    folder: Path
    budget: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    account: str = ""
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    words: Words = field(default_factory=Words)
    retired: str | None = None
    revision: int = 0
    origin: Mapping[str, Any] = field(default_factory=dict)
    stale: bool = False

    @property
    def version(self) -> int:
        """The number of its newest version."""
        return int(self.folder.name)

    def public(self) -> dict[str, Any]:
        """For the catalogue: nothing that depends on a row, but the numbers of rows that an owner makes public."""
        return {
            "name": self.name,
            "variable": self.variable,
            "description": self.description,
            "summary": self.words.summary,
            "citation": self.words.citation,
            "url": self.words.url,
            "contributors": list(self.words.contributors),
            "views": list(self.views),
            "tables": {key: {**table, "rows": self._rows(key)} for key, table in self.tables.items()},
        }

    def owned(self) -> dict[str, Any]:
        """For owners: the same, and how it came to be."""
        known = {"version": self.version, "revision": self.revision, "retired": self.retired, "origin": self.origin}
        return {**self.public(), **known, "budget": self.budget, "account": self.account}

    def _rows(self, key: str) -> int | None:
        rows = self.origin.get("rows", {}).get(key)
        return int(rows) if key in self.words.shapes and rows is not None else None


def variable_of(name: str) -> str:
    """The variable a data set is bound to."""
    return name.replace(" ", "_").lower()


def versions(folder: Path) -> list[int]:
    """The versions of a data set's folder, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(int(entry.name) for entry in folder.iterdir() if _VERSION.fullmatch(entry.name) and entry.is_dir())


class Catalog:
    """The data sets under one folder, read anew at each question: the loader adds to it from another process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def everything(self, *, retired: bool = False) -> list[Dataset]:
        """All data sets, by name; ``retired``: also those that no session opens any more, or can't until they are loaded again."""
        found = (self._read(folder) for folder in self._folder.iterdir() if folder.is_dir())
        offered = (each for each in found if each and (retired or (each.retired is None and not each.stale)))
        return sorted(offered, key=lambda dataset: dataset.name)

    def named(self, name: str, *, retired: bool = False) -> Dataset:
        """One data set, by its name or its variable. Refusal 404 that lists what is offered, 409 where it has to be loaded again."""
        everything = self.everything(retired=True)
        for dataset in everything:
            if name in (dataset.name, dataset.variable) and (retired or dataset.retired is None):
                return dataset if retired else _readable(dataset)
        names = ", ".join(each.name for each in everything if each.retired is None and not each.stale) or "none"
        raise Refusal(404, f"There is no data set {name[:64]!r}; available: {names}.")

    @staticmethod
    def at(folder: Path) -> Dataset:
        """The version in this folder, wherever it is. OSError or ValueError where there is none."""
        with (folder / "catalog.json").open("rb") as stream:
            public = json.loads(stream.read(_LONGEST))
        try:
            return _dataset(public, folder)
        except (KeyError, TypeError, AttributeError) as problem:  # so that damage hides no other data set
            raise ValueError(folder) from problem

    def _read(self, folder: Path) -> Dataset | None:
        numbers = versions(folder)
        if not numbers:
            return None
        current = folder / str(numbers[-1])
        try:
            found = self.at(current)
            leaf = words.read(folder)
            description = found.description if leaf.words.description is None else leaf.words.description
            return replace(
                found,
                description=description,
                words=leaf.words,
                retired=leaf.retired,
                revision=leaf.revision,
                origin=_origin(current),
            )
        except (OSError, ValueError, RecursionError):
            return None


def _readable(dataset: Dataset) -> Dataset:
    if dataset.stale:
        again = "its owner must load it again, as a new version; what was charged to it stays"
        raise Refusal(409, f"The data set {dataset.name} was loaded by another release of the enclave: {again}.")
    return dataset


def _origin(folder: Path) -> dict[str, Any]:
    """Where a version came from, where that was written down. ValueError where it is damaged."""
    try:
        with (folder / ORIGIN).open("rb") as stream:
            return dict(json.loads(stream.read(_LONGEST)))
    except FileNotFoundError:
        return {}


def _dataset(public: Any, folder: Path) -> Dataset:
    """ValueError where the catalogue isn't one."""
    if not isinstance(public, dict) or not isinstance(public.get("name"), str):
        raise ValueError(folder)  # noqa: TRY004 - the reader treats every kind of damage alike
    return Dataset(
        name=public["name"],
        variable=variable_of(public["name"]),
        description=str(public.get("description", "")),
        views=tuple(_views(public.get("views", []))),
        folder=folder,
        budget=_budget(public.get("budget")),
        account=_account(public),
        tables=_tables(public.get("tables")),
        stale=public.get("format") != FORMAT,
    )


def _budget(budget: Any) -> dict[str, dict[str, str]]:
    """ε and δ as text, of everyone, per analyst and per call."""
    found = budget if isinstance(budget, dict) else {}
    return {
        name: {key: str(value) for key, value in cap.items()} for name, cap in found.items() if isinstance(cap, dict)
    }


def _account(public: dict[str, Any]) -> str:
    """The id-space where the data set has one, else the data set itself, as the vault has it."""
    tables = public.get("tables")
    units = [table.get("unit") for table in tables.values()] if isinstance(tables, dict) else []
    spaces = {str(unit["space"]) for unit in units if isinstance(unit, dict) and "space" in unit}
    return f"space:{min(spaces)}" if spaces else str(public["name"])


def _tables(tables: Any) -> dict[str, dict[str, Any]]:
    """Each private table's unit and columns."""
    found = tables if isinstance(tables, dict) else {}
    return {str(key): {"unit": table.get("unit", "row"), "columns": table["columns"]} for key, table in found.items()}


def _views(views: Any) -> list[dict[str, str]]:
    """Key and kind of each view."""
    listed = views if isinstance(views, list) else [{"key": key, **view} for key, view in dict(views).items()]
    return [{"key": str(view["key"]), "kind": str(view.get("kind", "frame"))} for view in listed]
