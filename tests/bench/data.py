"""A million rows for measurements: made by the engine from row numbers, so that every run has the same ones."""

from pathlib import Path

import duckdb

COLUMNS = 10
BOUND = 100.0
METADATA = """\
description: Numbers for measurements.
budget: {epsilon: 1000000, delta: 1.0e-6, per_analyst: {epsilon: 1000000}, per_call: {epsilon: 10}}
tables:
  numbers:
    unit: row
    columns:
      key: {type: int, lower: 0, upper: 49}
"""


def write_numbers(folder: Path, rows: int) -> tuple[Path, Path]:
    """A Parquet file of ``rows`` rows (ten floats, a key) and its metadata; the paths of both."""
    folder.mkdir(parents=True, exist_ok=True)
    parquet, metadata = folder / "numbers.parquet", folder / "numbers.yaml"
    floats = ", ".join(f"(hash(i * {COLUMNS} + {c}) % 1000000) / 10000.0 AS x{c}" for c in range(COLUMNS))
    # The path is ours and DuckDB takes no parameter in COPY … TO.
    duckdb.sql(f"COPY (SELECT {floats}, i % 50 AS key FROM range({rows}) t(i)) TO '{parquet}' (FORMAT parquet)")
    declared = "".join(f"      x{c}: {{type: float, lower: 0, upper: {BOUND}}}\n" for c in range(COLUMNS))
    metadata.write_text(METADATA + declared)
    return parquet, metadata
