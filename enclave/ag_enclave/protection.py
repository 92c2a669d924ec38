"""What a new version of a data set would protect, against the one before: the same account goes on, so whose rows it counts must not change unseen.

Pure: two catalogues' public parts in, sentences out. Why each is asked for stands in the vault's GUARANTEE.md.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ag_enclave.catalog import Dataset
from ag_enclave.errors import BadData


def check(before: Dataset, new: Dataset, reason: str) -> list[str]:
    """What changes in whom the account's budget protects. BadData where it can't be, or where ``reason``, the owner's word for the log, is missing."""
    _check_same(before, new)
    changes = list(_changes(before.tables, new.tables))
    if changes and not reason.strip():
        raise BadData(
            f"The new version would protect something else than was charged for so far: {'; '.join(changes)}. "
            "Say why that is right (unit_reason, --unit-reason), for the log; or take another name."
        )
    return changes


def _check_same(before: Dataset, new: Dataset) -> None:
    """It is charged where the one before was, and its tables have the same kinds of units. BadData otherwise."""
    if before.account != new.account:
        raise BadData(
            f"The new version would be charged to {new.account}, the one before to {before.account}: what was spent would be forgotten. "
            "Give a data set with another privacy unit another name."
        )
    for key in sorted(before.tables.keys() & new.tables.keys()):
        was, would = _kind(before.tables[key]), _kind(new.tables[key])
        if was != would:
            raise BadData(
                f"Table {key} would protect {would}, and protected {was} before. "
                "Give a data set with another privacy unit another name."
            )


def _changes(before: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What an owner has to answer for, a sentence's part each."""
    ids = {key: table["unit"] for key, table in before.items() if table["unit"] != "row"}
    for key, unit in ids.items():
        then = new[key]["unit"] if key in new else None
        if then is None:
            yield f"table {key}, of which all rows of one id were protected together, is gone"
        elif then["name"] != unit["name"]:
            yield f"the id of table {key} would be {then['name']}, and was {unit['name']}"
        elif then["max_rows"] > unit["max_rows"]:
            yield f"an id would have up to {then['max_rows']} rows in table {key}, and had {unit['max_rows']}"
    for key, table in new.items():
        if ids and key not in before and table["unit"] == "row":
            yield f"table {key} would be new beside tables with ids, and protect single rows"


def _kind(table: Mapping[str, Any]) -> str:
    unit = table["unit"]
    return "a row" if unit == "row" else f"all rows of one id of {unit['space']}"
