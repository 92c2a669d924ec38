"""A promise names the tests that attack it; the tests it names are there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.house.tree import ROOT

PAGES = ("sandbox/TCB.md",)
FILE = re.compile(r"`(test_\w+\.py)`")
NAMED = re.compile(r"`(test_\w+\.py)`:((?: *(?:,|and)? *\*[^*]+\*)+)")


@cache
def functions(file: str) -> frozenset[str]:
    """The tests of every file of this name, as sentences."""
    found = list((ROOT / "tests").rglob(file))
    assert found, f"there is no {file}"
    return frozenset(
        node.name.removeprefix("test_").replace("_", " ")
        for path in found
        for node in ast.walk(ast.parse(Path(path).read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_promise_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text()
    for file in FILE.findall(text):
        assert functions(file)
    named = [(file, each) for file, words in NAMED.findall(text) for each in re.findall(r"\*([^*]+)\*", words)]
    assert len(named) > 20
    missing = [(file, each) for file, each in named if not any(name.startswith(each) for name in functions(file))]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_promise_names_what_attacks_it(page: str) -> None:
    rows = [row.split("|") for row in (ROOT / page).read_text().splitlines() if re.match(r"\| P?\d+ \|", row)]
    silent = [row[2].strip() for row in rows if "test" not in row[-2] and "preference" not in row[3]]
    assert len(rows) > 40
    assert silent == []


def test_every_expectation_of_analysts_names_tests_that_are_there() -> None:
    rows = [
        row.split("|") for row in (ROOT / "magic/README.md").read_text().splitlines() if re.match(r"\| \d+ \|", row)
    ]
    assert [int(row[1]) for row in rows] == list(range(1, 16))
    for row in rows:
        named = [(file, each) for file, words in NAMED.findall(row[3]) for each in re.findall(r"\*([^*]+)\*", words)]
        assert named, row[2]
        assert len(named) == row[3].count("*") // 2, f"a name in {row[2]} is read by nobody"
        assert [(f, each) for f, each in named if not any(name.startswith(each) for name in functions(f))] == []
