"""Secrets that are easy to recognise: rows, exact statistics, and files on the host. An output that holds one of them is a breach."""

import re
import sqlite3
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pandas as pd

from tests import warm

NAME = "Planted"
ROWS = 3217
_MARK = "planted-" + "in-"  # in two parts: attacks and tests may quote this file
ROW_MARK, FILE_MARK = f"{_MARK}row-", f"{_MARK}file-"
_NUMBER = re.compile(r"\d[\d_,]*\.?\d*(?:e[+-]?\d+)?")
_METADATA = """
description: Rows that are easy to find.
budget: {epsilon: 100000, delta: 1.0e-6, per_analyst: {epsilon: 1000}, per_call: {epsilon: 10}}
tables:
  train:
    unit: row
    columns:
      whole: {type: int, lower: 0, upper: 90000000000}
      real: {type: float, lower: 0, upper: 2100}
      text: {type: str}
      kind: {type: str, categories: [a, b]}
"""


def rows() -> pd.DataFrame:
    """Numbers nobody would guess: digits of a cubic, spread over their ranges."""
    numbers = range(ROWS)
    return pd.DataFrame(
        {
            "whole": [(row**3 * 7919 + 104729 * row + 15485863) % 89999999999 + 10**9 for row in numbers],
            "real": [1000 + ((row**3 * 611953 + 32452843) % 10**9) / 10**6 for row in numbers],
            "text": [f"{ROW_MARK}{row}" for row in numbers],
            "kind": ["a" if row % 3 else "b" for row in numbers],
        }
    )


@dataclass(frozen=True)
class Secrets:
    """What must not be seen."""

    texts: frozenset[str]
    numbers: frozenset[str]

    def seen_in(self, output: str) -> str | None:
        """One of the secrets that the output holds."""
        for text in self.texts:
            if text in output:
                return text
        found = (number.replace(",", "").replace("_", "") for number in _NUMBER.findall(output))
        return next((number for number in found if number in self.numbers), None)


def exact(table: pd.DataFrame) -> list[str]:
    """Statistics that nobody is told without noise."""
    counts = [len(table), *(int(n) for n in table["kind"].value_counts())]
    moments = [value for name in ("whole", "real") for value in table[name].agg(["sum", "mean", "std"])]
    return [str(number) for number in (*counts, *moments)]


def register(state: Path) -> Secrets:
    """The planted data set in an enclave that isn't running yet, and a file that any program of the host may read."""
    state.mkdir(parents=True, exist_ok=True)
    table = rows()
    csv, metadata = state / "train.csv", state / "planted.yaml"
    table.to_csv(csv, index=False)
    metadata.write_text(_METADATA)
    words = ["--state", state, "--metadata", metadata, "--table", f"train={csv}"]
    warm.run("dataset", "add", NAME, *words, check=True)
    secret_file(state).write_text(f"{FILE_MARK}of-the-host\n")
    secret_file(state).chmod(0o644)
    return Secrets(
        texts=frozenset({ROW_MARK, FILE_MARK, "PRIVATE KEY", "$argon2", "SQLite format 3", "PAR1"}),
        numbers=frozenset(map(str, [*table["whole"], *table["real"], *exact(table)])),
    )


def secret_file(state: Path) -> Path:
    """The file."""
    return state / "secret.txt"


def charged(state: Path, analyst: str) -> Fraction:
    """Σε of an analyst's events, as the ledger has them on disk."""
    with sqlite3.connect(f"file:{state / 'ledger' / 'ledger.sqlite'}?mode=ro", uri=True) as ledger:
        (nano,) = ledger.execute(
            "SELECT COALESCE(SUM(epsilon), 0) FROM events WHERE analyst = ?", (analyst,)
        ).fetchone()
    return Fraction(int(nano), 10**9)
