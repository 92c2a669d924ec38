"""The policy's tables are complete, and their verdicts are carried out."""

import ast
import builtins
import sys
import warnings

import pytest

from ag_kernel.compiler.examine import MAX_CHARACTERS, examine
from ag_kernel.compiler.nodes import NODES
from ag_kernel.compiler.policy import MAX_DEPTH, CellPolicy
from ag_kernel.compiler.problem import Problem, lines_of, render_all
from ag_kernel.compiler.verdict import Check, Deny
from tests.kernel.compiler.syntax_by_version import NODES_OF


def kinds(base: type) -> set[str]:
    found = set()
    for kind in base.__subclasses__():
        found |= {kind.__name__} | kinds(kind)
    return found


def check(source: str) -> tuple[Problem, ...]:
    return examine(source, 1, injected=frozenset({"export"})).problems


def test_every_kind_of_syntax_of_this_python_has_a_verdict():
    assert kinds(ast.AST) - set(NODES) == set()


@pytest.mark.parametrize("version", NODES_OF, ids=str)
def test_every_kind_of_syntax_of_every_python_has_a_verdict(version: tuple[int, int]):
    assert NODES_OF[version] - set(NODES) - {"AST"} == set()
    assert len(NODES_OF[version]) > 120


def test_the_lists_of_syntax_are_pythons_own():
    with warnings.catch_warnings(action="ignore"):
        found = {
            name for name in dir(ast) if isinstance(kind := getattr(ast, name), type) and issubclass(kind, ast.AST)
        }
    assert {name for name in found if not name.startswith("_")} == NODES_OF[sys.version_info[:2]]


def test_no_verdict_is_on_syntax_that_no_python_has():
    assert set(NODES) - frozenset.union(*NODES_OF.values()) == set()


def test_every_check_exists_and_every_refusal_says_why():
    for name, verdict in NODES.items():
        if isinstance(verdict, Check):
            assert callable(getattr(CellPolicy, verdict.method)), name
            assert verdict.why, name
        if isinstance(verdict, Deny):
            assert verdict.why, name


def test_syntax_that_is_not_listed_is_refused():
    class Unheard(ast.expr):
        _fields = ()

    policy = CellPolicy(["x"], frozenset())
    policy.visit(ast.Module(body=[ast.copy_location(ast.Expr(Unheard()), ast.parse("x").body[0])], type_ignores=[]))
    assert "isn't on the list" in policy.problems[0].message


def test_columns_are_characters_of_the_analysts_own_line():
    (problem,) = check('x = "äöü日本"; x.__class__')
    assert (problem.line, problem.column, problem.end_column) == (1, 15, 24)


def test_the_caret_stands_under_the_place():
    source = "if True:\n    import os"
    shown = render_all(check(source), source, 7).split("\n")
    assert shown[0] == "Cell In[7], line 2"
    assert shown[1] == "    import os"
    assert shown[2] == "           ^^"


def test_problems_come_in_the_order_of_the_source():
    problems = check("x.__a__\nexec('1')\nimport os\n%time\n# mypy: x\n")
    assert [one.line for one in problems] == [1, 2, 3, 4, 5]


def test_a_long_list_of_problems_is_cut_and_counted():
    source = "import os\n" * 50
    assert render_all(check(source), source, 1).endswith("… and 30 more.")


@pytest.mark.parametrize("depth", [MAX_DEPTH * 2, 5000, 100_000])
def test_deep_nesting_is_a_problem_not_a_crash(depth: int):
    for source in ("(" * depth + ")" * depth, "-" * depth + "1", "x" + ".a" * depth, "[" * depth, "1" + "+1" * depth):
        assert check(source), source[:20]


def test_a_long_elif_ladder_is_fine():
    ladder = "x = 5\nif x == 0: pass\n" + "".join(f"elif x == {n}: pass\n" for n in range(1, 60))
    assert check(ladder) == ()


def test_a_cell_that_is_too_long_is_refused_unparsed():
    (problem,) = check("#" * (MAX_CHARACTERS + 1))
    assert "at most" in problem.message


@pytest.mark.parametrize("source", ["x = 1\x00", "x = '\ud800'", "\ufeffx = = 1", "\x0c(", "'''", "\\"])
def test_text_that_is_no_python_has_a_problem(source: str):
    assert check(source)


def test_only_names_of_the_session_are_kept_from_del():
    assert check("x = 1\ndel x\ndef f():\n    export = 1\n    del export") == ()
    assert [one.line for one in check("x = 1\nfor i in [1]:\n    del x, export")] == [3]


def test_every_builtin_that_runs_text_or_reaches_out_is_refused_by_name():
    reaching = [
        "exec",
        "eval",
        "compile",
        "open",
        "input",
        "__import__",
        "globals",
        "locals",
        "breakpoint",
        "exit",
        "quit",
    ]
    for name in reaching:
        assert check(f"f = {name}"), name
    ordinary = set(dir(builtins)) - {
        *reaching,
        "copyright",
        "credits",
        "license",
        "memoryview",
        "type",
        "None",
        "True",
        "False",
    }
    for name in sorted(one for one in ordinary if not one.startswith("_")):
        assert check(f"f = {name}") == (), name


def test_an_import_that_a_try_waits_for_is_left_to_the_importer():
    assert check("try:\n    import seaborn\nexcept ImportError:\n    seaborn = None") == ()
    assert check("try:\n    pass\nexcept ImportError:\n    import seaborn")
    assert check("try:\n    import seaborn\nfinally:\n    pass")


def test_lines_are_counted_as_python_counts_them():
    assert lines_of("a\x0cb\u2028c\nd") == ["a\x0cb\u2028c", "d"]
    (problem,) = check("x = '\u2028'\r\nimport os\r\n")
    assert problem.line == 2
