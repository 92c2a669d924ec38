"""The data sets of this enclave, by their public parts. Reads ``catalog.json`` and never a table.

The newest version of each data set counts; a folder without a readable catalogue is not offered.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ag_enclave.errors import Refusal

_VERSION = re.compile(r"[1-9][0-9]*")
_LONGEST = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One data set, as anybody with an account may see it. ``budget``: the declared caps; ``account``: where its charges go; ``tables``: columns and bounds."""

    name: str
    variable: str
    description: str
    views: tuple[dict[str, str], ...]
    folder: Path
    budget: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    account: str = ""
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def public(self) -> dict[str, Any]:
        """For the catalogue."""
        return {
            "name": self.name,
            "variable": self.variable,
            "description": self.description,
            "views": list(self.views),
        }


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

    def everything(self) -> list[Dataset]:
        """All data sets, by name."""
        found = (self._read(folder) for folder in self._folder.iterdir() if folder.is_dir())
        return sorted((dataset for dataset in found if dataset), key=lambda dataset: dataset.name)

    def named(self, name: str) -> Dataset:
        """One data set, by its name or its variable. Refusal 404 that lists what there is."""
        everything = self.everything()
        for dataset in everything:
            if name in (dataset.name, dataset.variable):
                return dataset
        names = ", ".join(dataset.name for dataset in everything) or "none"
        raise Refusal(404, f"There is no data set {name[:64]!r}; available: {names}.")

    def _read(self, folder: Path) -> Dataset | None:
        numbers = versions(folder)
        if not numbers:
            return None
        current = folder / str(numbers[-1])
        try:
            with (current / "catalog.json").open("rb") as stream:
                return _dataset(json.loads(stream.read(_LONGEST)), current)
        except (OSError, ValueError, RecursionError):
            return None


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
