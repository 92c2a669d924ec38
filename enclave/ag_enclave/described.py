"""A data set's tables as people read them: unit, columns, bounds. For pages and the command line; all of it public."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ag_enclave.catalog import Dataset


def tables_of(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """Each private table: key, unit, number of rows where it is public, columns."""
    for key, table in dataset.public()["tables"].items():
        unit = table["unit"]
        words = "one row" if unit == "row" else f"all rows of one {unit['name']}, at most {unit['max_rows']} here"
        columns = [_column(each) for each in table["columns"]]
        yield {"key": key, "unit": words, "rows": table["rows"], "columns": columns}


def _column(column: dict[str, Any]) -> dict[str, str]:
    lower, upper, categories = column.get("lower"), column.get("upper"), column.get("categories")
    values = "any"
    if categories is not None:
        values = ", ".join(str(each) for each in categories)
    elif lower is not None and upper is not None:
        values = f"{_bound(column, lower)} to {_bound(column, upper)}"
    nulls = "may be missing" if column.get("nullable", True) else "never missing"
    return {"name": column["name"], "kind": column["kind"], "holds": values, "nulls": nulls}


def _bound(column: dict[str, Any], value: float) -> str:
    if column["kind"] != "datetime":
        return f"{value:g}"
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(value)):%Y-%m-%d}"
