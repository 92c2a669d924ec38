"""Small: a function fits on a screen, a file in one sitting."""

import ast
import re

from tests.house.tree import functions, parsed, relative, sources

MOST_LINES_IN_A_FILE = 450
MOST_LINES_IN_A_FUNCTION = 45


def test_a_file_is_read_in_one_sitting() -> None:
    lengths = {relative(path): path.read_text().count("\n") for path in sources()}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES_IN_A_FILE} == {}


def test_a_function_fits_on_a_screen() -> None:
    long = {name: n for path in sources() for name, n in functions(path) if n > MOST_LINES_IN_A_FUNCTION}
    assert long == {}


def test_nothing_is_named_for_being_leftover() -> None:
    leftovers = {"manager", "helper", "helpers", "utils", "common", "misc"}
    assert [relative(p) for p in sources() if p.stem in leftovers] == []


def test_every_exception_from_the_style_says_why() -> None:
    silent = re.compile(r"# noqa(: [A-Z0-9, ]+)?\s*$", re.MULTILINE)
    assert {relative(p): found for p in sources() if (found := silent.findall(p.read_text()))} == {}


def test_every_file_says_what_it_is_for() -> None:
    silent = [relative(p) for p in sources() if p.read_text().strip() and not ast.get_docstring(parsed(p))]
    assert silent == []
