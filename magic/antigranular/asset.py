"""A data set as its owner describes it before it is uploaded: words, metadata, and an asset per table. Must not know how it travels.

Metadata is what the README of the vault describes: per table its columns with types and bounds, and the unit of privacy; for the whole a budget and views.
"""

import datetime as dt
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from antigranular.errors import AgError
from antigranular.tensor import AnnotatedTensor

Described = Mapping[str, Any] | str | os.PathLike[str]
"""A mapping, or the path of a YAML or JSON file that holds one."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One table. ``data`` and ``mock``: the path of a Parquet or CSV file, or a data frame; ``data`` may be an annotated ``ag.Tensor``, which brings its metadata.

    ``metadata``: the table's entry: ``columns`` (type, bounds, categories), ``unit``, ``max_rows``. ``public``: everybody may see every row, and no
    metadata is needed. ``show_rows``: the number of rows is made public, which no guarantee covers from then on.
    """

    name: str
    data: Any = field(repr=False)
    mock: Any = field(default=None, repr=False)
    metadata: Described | None = None
    public: bool = False
    show_rows: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set to upload. All but the data is public.

    ``metadata``: the whole description as of ``ag-enclave dataset add``; or each asset has its own, and ``budget`` and ``views`` are given here.
    """

    name: str
    description: str = ""
    summary: str = ""
    citation: str = ""
    url: str = ""
    contributors: Sequence[str] = ()
    assets: Sequence[Asset] = ()
    metadata: Described | None = None
    budget: Mapping[str, Any] | None = None
    views: Mapping[str, Any] | None = None

    def described(self) -> dict[str, Any]:
        """The metadata as one JSON object. AgError where a part is missing or a file can't be read."""
        whole = dict(_read(self.metadata)) if self.metadata is not None else {}
        tables = dict(whole.get("tables") or {})
        for asset in self.assets:
            brought = asset.data.metadata if isinstance(asset.data, AnnotatedTensor) else None
            if asset.metadata is not None or brought is not None:
                tables[asset.name] = brought if asset.metadata is None else _read(asset.metadata)
        given = {"tables": tables, "budget": self.budget, "views": self.views, "description": self.description}
        whole |= {name: value for name, value in given.items() if value}
        if not whole.get("budget"):
            raise AgError("a data set needs a budget: budget={'epsilon': …}, or metadata= that has one")
        lacking = [asset.name for asset in self.assets if not asset.public and asset.name not in tables]
        if lacking:
            raise AgError(f"the asset {lacking[0]} needs metadata: its columns with their types and bounds")
        return dict(json.loads(json.dumps(whole, default=_plain)))

    def words(self) -> dict[str, Any]:
        """What is said beside the metadata."""
        shapes = [asset.name for asset in self.assets if asset.show_rows and not asset.public]
        said = {"summary": self.summary, "citation": self.citation, "url": self.url}
        return {**said, "contributors": list(self.contributors), "shapes": shapes}


def _read(described: Described) -> Mapping[str, Any]:
    """A mapping, from where it is."""
    if isinstance(described, Mapping):
        return described
    path = Path(described)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise AgError(f"the metadata file {path} can't be read: {problem}") from problem
    found = json.loads(text) if path.suffix.lower() == ".json" else _yaml(text, path)
    if not isinstance(found, Mapping):
        raise AgError(f"the metadata file {path} holds no mapping")
    return found


def _yaml(text: str, path: Path) -> Any:
    try:
        import yaml
    except ModuleNotFoundError:
        raise AgError(f"{path} is YAML, which needs PyYAML here: pip install pyyaml, or write it as JSON") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise AgError(f"the metadata file {path} is not YAML: {problem}") from problem


def _plain(value: Any) -> Any:
    """What JSON lacks: dates and times as ISO 8601, numpy's numbers as Python's."""
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    raise AgError(f"metadata can't hold a {type(value).__name__}")
