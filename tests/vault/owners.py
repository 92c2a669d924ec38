"""What an owner brings, for the tests of loader and doors: metadata, files, a finished data set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import yaml

from ag_vault.loading.build import Order, build
from ag_vault.loading.metadata import Metadata

COLUMNS: dict[str, Any] = {
    "age": {"type": "int", "lower": 0, "upper": 120},
    "height": {"type": "float", "lower": 0, "upper": 250},
    "sex": {"type": "str", "categories": ["f", "m"]},
    "smokes": {"type": "bool"},
    "seen": {"type": "datetime", "lower": "2020-01-01", "upper": "2026-01-01"},
}
HEADER = "age,height,sex,smokes,seen"
GOOD_ROW = "40,170.5,f,true,2021-05-06 07:08:09"


def metadata(columns: Mapping[str, Any] = COLUMNS, **more: Any) -> dict[str, Any]:
    budget = {"epsilon": 200, "delta": 1e-6, "per_analyst": {"epsilon": 20}, "per_call": {"epsilon": 10}}
    return {"budget": budget, "tables": {"train": {"columns": dict(columns)}}} | more


def write_metadata(folder: Path, content: Any) -> Path:
    path = folder / "metadata.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    return path


def write_csv(folder: Path, *rows: str, header: str = HEADER, name: str = "train.csv") -> Path:
    path = folder / name
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def load(
    folder: Path, content: Any, table: Path, *, public: Path | None = None, name: str = "Clinic", **more: Any
) -> Any:
    """Build the data set at ``folder/out``; the report. ``mock``: a file, ``mock_override``: a reason."""
    folder.mkdir(exist_ok=True)
    if "mock" in more:
        more["mock"] = {"train": more["mock"]}
    order = Order(
        name=name,
        metadata=Metadata.read(write_metadata(folder, content)),
        tables={"train": table},
        public={} if public is None else {"test_x": public},
        **more,
    )
    return build(order, folder / "out", lambda _line: None)


def stored(folder: Path, columns: str = "*", order: str = "ALL") -> list[tuple[Any, ...]]:
    """The private rows as the vault will find them."""
    return asked(folder / "out" / "train.duckdb", f"SELECT {columns} FROM rows ORDER BY {order}")


def asked(file: Path, query: str) -> list[tuple[Any, ...]]:
    """A query of the table in a private table's file."""
    with duckdb.connect(file, read_only=True) as connection:
        return connection.execute(query).fetchall()


def clinic(folder: Path, rows: int = 200) -> Path:
    """A data set of that many conforming rows, with a public table; its folder."""
    lines = [
        f"{20 + i % 60},{150 + i % 50}.5,{'fm'[i % 2]},{i % 3 == 0},2021-05-06 07:08:{i % 60:02d}" for i in range(rows)
    ]
    public = write_csv(folder, "50,180.5,m", "60,,f", header="age,height,sex", name="test.csv")
    load(folder, metadata(), write_csv(folder, *lines), public=public)
    return folder / "out"
