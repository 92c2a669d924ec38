"""A cell made ready: its last expression apart, positions its own."""

import traceback

from ag_kernel.compiler.examine import Examined, examine
from ag_kernel.compiler.guarded import GUARDS


def run(source: str) -> tuple[Examined, dict[str, object], object]:
    """Execute a cell as the kernel does; the third is the value shown."""
    examined = examine(source, 4)
    variables: dict[str, object] = {"__builtins__": {**vars(__import__("builtins")), **GUARDS}}
    exec(examined.body, variables)
    return examined, variables, eval(examined.last, variables) if examined.last else "nothing shown"


def test_the_last_expression_is_shown():
    assert run("x = 2\nx + 1")[2] == 3
    assert run("x = 2\n(x,\n 1) # pair")[2] == (2, 1)
    assert run("'{}'.format(3)")[2] == "3"


def test_nothing_is_shown_after_a_statement_or_a_semicolon():
    assert run("x = 2")[2] == run("2;")[2] == run("2 ;  # quiet")[2] == run("")[2] == "nothing shown"
    assert run("'ä;' # ;")[2] == "ä;"


def test_a_statement_with_a_semicolon_inside_is_still_run():
    assert run("x = []\nx.append(1); x.append(2);")[1]["x"] == [1, 2]


def test_tracebacks_name_the_cell_and_the_analysts_line():
    examined = examine("x = 1\n\ndef f():\n    return '{}'.format(1 / 0)\nf()", 12)
    variables: dict[str, object] = {"__builtins__": {**vars(__import__("builtins")), **GUARDS}}
    exec(examined.body, variables)
    try:
        eval(examined.last, variables)
    except ZeroDivisionError as error:
        frames = traceback.extract_tb(error.__traceback__)
    assert [(one.filename, one.lineno) for one in frames[1:]] == [("Cell In[12]", 5), ("Cell In[12]", 4)]


def test_future_annotations_work():
    assert run("from __future__ import annotations\ndef f(x: Missing): return x\nf(1)")[2] == 1


def test_the_cell_does_not_inherit_the_kernels_own_future_imports():
    assert run("def f(x: int): return x\nf.__doc__, f(1)")[1]["f"].__annotations__ == {"x": int}


def test_windows_line_ends_are_lines():
    assert run("x = 1\r\nx + 1\r\n")[2] == 2


def test_a_refused_cell_has_no_code():
    examined = examine("import os\nx = 1", 1)
    assert examined.body is None
    assert examined.last is None
