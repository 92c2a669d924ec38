"""What the peers' page says in a sentence is what its tables say."""

import re

import pytest

from tests.house.tree import ROOT

PAGE = (ROOT / "private_pandas/ag_vault/PEERS.md").read_text()
DIFFPRIVLIB, PARQUET, DUCKDB = -4, -3, -2
"""The columns of a table in turns that are ours as a multiple of another's, from its end."""


def multiples(heading: str, column: int, *without: str) -> dict[str, float]:
    """Of the table below a heading: what was asked, and ours as a multiple of one other's."""
    table = PAGE.partition(f"### {heading}\n")[2].partition("\n### ")[0]
    rows = [[cell.strip(" *") for cell in line.split("|")] for line in table.splitlines() if line.startswith("| ")]
    found = {row[1]: re.match(r"\**([\d.]+)", row[column]) for row in rows if row[1] not in without}
    return {what: float(each[1]) for what, each in found.items() if each}


def answer_to(asked: str) -> str:
    (line,) = (each for each in PAGE.splitlines() if each.startswith(f"| {asked}"))
    return line


@pytest.mark.parametrize(("column", "others"), [(PARQUET, "from Parquet"), (DUCKDB, "DuckDB's from a file")])
def test_ten_million_rows_beside_duckdb(column: int, others: str) -> None:
    found = multiples("Ten million rows", column, "count").values()
    said = answer_to("every row of ten million rows")
    assert f"{min(found):.2f} to {max(found):.2f} times {others}" in said
    assert f"{multiples('Ten million rows', column)['count']:.1f}" in said.partition("But for the count")[2]


def test_ten_million_rows_beside_diffprivlib() -> None:
    counts = "100 counts under one total"
    found = multiples("Ten million rows", DIFFPRIVLIB, counts).values()
    last = multiples("Ten million rows", DIFFPRIVLIB)[counts]
    assert f"{min(found):.2f} to {max(found):.2f} times, but for a hundred counts: {last:.2f}" in PAGE


def test_a_million_rows_beside_diffprivlib() -> None:
    found = multiples("A million rows", DIFFPRIVLIB)
    assert f"{found['sum']:.2f} and {found['mean']:.2f} times" in answer_to("sums and means of a million rows")
    listed = ("std", "var", "corr of two columns", "histogram, 50 bins", "mean by known keys")
    assert ", ".join(f"{found[each]:.2f}" for each in listed) in answer_to("… deviations")
    assert f"{found['count']:.2f} times" in answer_to("… counts")
    assert f"{found['100 counts under one total']:.1f} times" in answer_to("… a hundred counts")
