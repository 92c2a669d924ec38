"""Ordinary cells pass policy and types and run; the others are refused at the right line with the right words."""

import contextlib
import io
import re
import sys

import pytest

from ag_kernel import namespace
from ag_kernel.compiler.examine import examine
from ag_kernel.run import execute
from tests.kernel.compiler.conftest import Cell, Session, cells

NEWER = [f"_since_3_{minor}.txt" for minor in (12, 13) if sys.version_info >= (3, minor)]
ORDINARY = [cell for end in (".txt", *NEWER) for cell in cells(f"ordinary{end}")]
REFUSED = [cell for end in (".txt", *NEWER[:1]) for cell in cells(f"refused{end}")]
_OURS = re.compile(
    r"\b(export|ag_print|breast_cancer|load_dataset|op_pandas|submit_predictions|patients|age|hospital|clinic)\b"
)


@pytest.mark.parametrize("cell", ORDINARY, ids=lambda cell: cell.title)
def test_an_ordinary_cell_passes(session: Session, cell: Cell):
    assert session.run(cell.source) == ()


@pytest.mark.parametrize(
    "cell", [cell for cell in ORDINARY if not _OURS.search(cell.source)], ids=lambda cell: cell.title
)
def test_an_ordinary_cell_runs_under_the_guard(cell: Cell):
    examined = examine(cell.source, 1)
    variables = {**namespace.build({}), "display": print}
    variables["__builtins__"]["print"] = print
    with contextlib.redirect_stdout(io.StringIO()):
        execute(examined.body, examined.last, variables, repr)


@pytest.mark.parametrize("cell", REFUSED, ids=lambda cell: cell.title)
def test_a_refused_cell_is_told_where_and_why(session: Session, cell: Cell):
    problems = session.check(cell.source)
    for said in cell.said:
        line, _, words = said.partition(": ") if said[0].isdigit() else ("", "", said)
        assert any(words in f"{one.message} {one.instead}" and line in ("", str(one.line)) for one in problems), (
            problems
        )


def test_there_are_enough_of_both():
    assert len(ORDINARY) >= 150
    assert len(REFUSED) >= 80


def test_each_problem_is_told_once(session: Session):
    problems = session.check("import numpy as np\nfrom numpy import memmap\nif not age > 3 and age: pass")
    places = [(one.line, one.column) for one in problems]
    assert len(places) == len(set(places)) == 3
