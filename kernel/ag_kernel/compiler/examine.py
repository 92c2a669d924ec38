"""From a cell's text to code that may run, or to all that is wrong with it: parse, policy, compile.

It must not run anything, and it must not know types.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ag_kernel.compiler.comments import magic_problems, pragma_problems, readable
from ag_kernel.compiler.policy import MAX_DEPTH, judge
from ag_kernel.compiler.problem import Problem, in_order, lines_of

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from types import CodeType

MAX_CHARACTERS: Final = 500_000
_FUTURE: Final = 0  # the kernel's own `from __future__` must not leak into cells
_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A cell made ready.

    Run `body` with exec, then `last` with eval: its value is what the notebook shows. `body` is None exactly
    where there are problems; `last` is None where the cell doesn't end in an expression or ends in a semicolon.
    `source` is the text with plain line ends, on which all positions are.
    """

    source: str
    filename: str
    body: CodeType | None
    last: CodeType | None
    problems: tuple[Problem, ...]


def filename_of(cell: int) -> str:
    """How tracebacks name a cell."""
    return f"Cell In[{cell}]"


def examine(source: str, cell: int, *, injected: AbstractSet[str] = _NOTHING, depth: int = MAX_DEPTH) -> Examined:
    """Parse, judge and compile a cell. `injected` are the names the session put into the namespace, `depth` how deep its syntax may be."""
    if len(source) > MAX_CHARACTERS:
        return _refused(
            "", cell, _at(1, 0, 1, _TOO_LONG, "split the cell, or send data with `session.private_import(...)`")
        )
    source = re.sub("\r\n?", "\n", source)
    lines = lines_of(source)
    found = [*magic_problems(lines)]
    parsable = readable(source)
    found += pragma_problems(parsable)
    tree = _parse(parsable, cell)
    if isinstance(tree, Problem):
        return _refused(source, cell, *found, tree)
    found += judge(tree, lines, injected, depth)
    if found:
        return _refused(source, cell, *found)
    return _compiled(tree, source, cell)


_TOO_LONG: Final = f"A cell may have at most {MAX_CHARACTERS:,} characters."


def _refused(source: str, cell: int, *problems: Problem) -> Examined:
    return Examined(source=source, filename=filename_of(cell), body=None, last=None, problems=in_order(problems))


def _at(line: int, column: int, end_column: int, message: str, instead: str) -> Problem:
    return Problem(line=line, column=column, end_column=end_column, message=message, instead=instead, kind="syntax")


def _parse(source: str, cell: int) -> ast.Module | Problem:
    """The syntax tree, or the one place where Python stopped reading."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, filename_of(cell))
    except SyntaxError as error:
        return _syntax_problem(error)
    except (RecursionError, MemoryError):
        return _at(1, 0, 1, "This cell is nested too deeply to be read.", "use steps and names")
    except ValueError as error:  # null bytes, lone surrogates
        return _at(1, 0, 1, f"This is not text that Python can read: {error}", "remove the invisible characters")


def _syntax_problem(error: SyntaxError) -> Problem:
    line, column = error.lineno or 1, max(0, (error.offset or 1) - 1)
    same_line = error.end_lineno in (None, line)
    end = (error.end_offset or 0) - 1 if same_line else column + 1
    return _at(line, column, max(end, column + 1), f"{type(error).__name__}: {error.msg}", "")


def _compiled(tree: ast.Module, source: str, cell: int) -> Examined:
    """Compile the body and, apart from it, the expression whose value the notebook shows."""
    name = filename_of(cell)
    shown = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    last = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if isinstance(shown, ast.Expr):
                if _ends_in_semicolon(shown, lines_of(source)):
                    tree.body.append(shown)
                else:
                    last = compile(ast.Expression(shown.value), name, "eval", flags=_FUTURE, dont_inherit=True)
            body = compile(tree, name, "exec", flags=_FUTURE, dont_inherit=True)
    except SyntaxError as error:  # found only by the compiler: `return` outside a function, a name used before `global`
        return _refused(source, cell, _syntax_problem(error))
    except (RecursionError, MemoryError, ValueError, OverflowError) as error:
        return _refused(source, cell, _at(1, 0, 1, f"Python can't compile this cell: {error}", "split the cell"))
    return Examined(source=source, filename=name, body=body, last=last, problems=())


def _ends_in_semicolon(shown: ast.Expr, lines: list[str]) -> bool:
    """Whether the last expression is followed by `;`, which in notebooks means: don't show it."""
    rest = lines[(shown.end_lineno or 1) - 1].encode()[shown.end_col_offset or 0 :].decode()
    return rest.partition("#")[0].strip().startswith(";")
