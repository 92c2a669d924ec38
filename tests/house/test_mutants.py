"""The table of planted bugs can't rot: each one's text is in the tree, and the tests that should catch it exist."""

from collections import Counter

from tests.house.tree import ROOT
from tests.mutants.table import MUTANTS

EVERY = [mutant for group in MUTANTS.values() for mutant in group]
LEAST = 30


def test_every_planted_bug_still_has_its_place() -> None:
    """Whoever changes such a line changes the bug's row with it, in ``tests/mutants``."""
    places = {m.name: (ROOT / m.file).read_text().count(m.old) if (ROOT / m.file).exists() else 0 for m in EVERY}
    assert {name: count for name, count in places.items() if count != 1} == {}


def test_every_planted_bug_changes_something_and_has_tests_that_exist() -> None:
    assert [m.name for m in EVERY if m.old == m.new or not m.tests] == []
    assert {test for m in EVERY for test in m.tests if not (ROOT / test.partition("::")[0]).exists()} == set()


def test_there_are_many_and_each_is_one_bug() -> None:
    assert len(EVERY) >= LEAST
    assert [name for name, count in Counter(m.name for m in EVERY).items() if count > 1] == []
