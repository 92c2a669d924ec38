"""What is wrong with a metadata file is said of the table, column or view where it is, in words an owner knows."""

from pathlib import Path

import pytest

from ag_vault.errors import BadData
from ag_vault.loading.metadata import Metadata

TABLE = "tables: {train: {columns: {age: {type: int, lower: 0, upper: 1}}}}\n"
BUDGET = "budget: {epsilon: 1}\n"

CASES = {
    "tables: {train: {columns: {age: {lower: 0}}}}\n" + BUDGET: "Column train.age lacks type.",
    "tables: {train: {columns: {age: {type: number}}}}\n" + BUDGET: "Column train.age has a strange type: it can't be 'number'.",
    "tables: {train: {columns: {age: {type: int, low: 0}}}}\n" + BUDGET: "Column train.age has low, which means nothing there.",
    "tables: {train: {columns: {age: int}}}\n" + BUDGET: "Column train.age must be a mapping, not text.",
    "tables: {train: {columns: {age: {type: int, nullable: maybe}}}}\n" + BUDGET: "Column train.age has a strange nullable: it must be true or false, not text.",
    "tables: {train: {columns: {age: {type: str, categories: f}}}}\n" + BUDGET: "Column train.age has a strange categories: it must be a list, not text.",
    "tables: {train: {}}\n" + BUDGET: "Table train lacks columns.",
    "tables: {train: {columns: [age]}}\n" + BUDGET: "Table train has a strange columns: it must be a mapping, not a list.",
    "tables: {train: {columns: {age: {type: int}}, max_rows: many}}\n" + BUDGET: "Table train has a strange max_rows: it must be a whole number, not text.",
    "tables: {train: {columns: {age: {type: int}}, unit: {id: [a], space: s}}}\n" + BUDGET: "Table train lacks max_rows.",
    TABLE + BUDGET + "views: {x: {column: age}}": "View x lacks table.",
    TABLE + "budget: {}": "The budget lacks epsilon.",
    TABLE + "budget: {epsilon: much}": "The budget has a strange epsilon: it must be a number, not text.",
    TABLE: "The metadata file doesn't have the right form: it lacks budget.",
    BUDGET: "The metadata file doesn't have the right form: it lacks tables.",
    "just words": "The metadata file doesn't have the right form: it must be a mapping, not text.",
    TABLE + BUDGET + "budgets: 1": "The metadata file doesn't have the right form: it has budgets, which means nothing there.",
}  # fmt: skip


@pytest.mark.parametrize("text", CASES, ids=lambda text: CASES[text][:60])
def test_a_fault_is_named_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "metadata.yaml"
    path.write_text(text)
    with pytest.raises(BadData) as caught:
        Metadata.read(path)
    assert str(caught.value) == CASES[text]
    assert not {"$", "`"} & set(str(caught.value))


def test_a_file_in_order_has_none(tmp_path: Path) -> None:
    path = tmp_path / "metadata.yaml"
    path.write_text(TABLE + BUDGET)
    assert list(Metadata.read(path).tables) == ["train"]
