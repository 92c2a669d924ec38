"""What Python's grammar doesn't see: comments that steer the type checker, and IPython's magics.

It must not know the syntax tree.
"""

from __future__ import annotations

import io
import re
import tokenize
from typing import TYPE_CHECKING, Final

from ag_kernel.compiler.problem import Problem, lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence

# What mypy reads from comments: errors switched off, whole files skipped, options, types.
_PRAGMA: Final = re.compile(r"#\s*(type\s*:|mypy\s*:|noinspection|pyright\s*:)", re.IGNORECASE)
_MAGIC: Final = re.compile(r"^\s*(%{1,2}[A-Za-z]|!{1,2}[A-Za-z./~]|\?{1,2}[A-Za-z])")
_NEEDLESS: Final = re.compile(r"^\s*%matplotlib(\s+inline)?\s*$")  # what notebooks begin with: plots are shown anyway
_QUESTION: Final = re.compile(r"^\s*[A-Za-z_][\w.]*\?{1,2}\s*$")
_PRAGMA_WHY: Final = "Comments that steer the type checker are not read here, so that every cell is checked alike."
_PRAGMA_INSTEAD: Final = "remove the comment; write types as annotations: `x: int = 1`"
_MAGIC_WHY: Final = "IPython's magics and shell commands don't exist inside the enclave."
_MAGIC_INSTEAD: Final = "run it in a cell of your own, without `%%ag`"


def pragma_problems(source: str) -> list[Problem]:
    """Comments of the kind `# type: ignore` and `# mypy: …`. Text inside strings is left alone."""
    if not _PRAGMA.search(source):
        return []
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT and (match := _PRAGMA.search(token.string)):
                line, column = token.start
                start = column + match.start()
                end = column + len(token.string)
                found.append(_problem(line, start, end, _PRAGMA_WHY, _PRAGMA_INSTEAD))
    except (tokenize.TokenError, SyntaxError):
        pass  # the parser says what is wrong, with a better sentence
    return found


def magic_problems(lines: Sequence[str]) -> list[Problem]:
    """Lines such as `%run x`, `!pip install x`, `name?`, but not the needless `%matplotlib inline`."""
    return [
        _problem(at + 1, len(lines[at]) - len(lines[at].lstrip()), len(lines[at].rstrip()), _MAGIC_WHY, _MAGIC_INSTEAD)
        for at in _magics(lines)
        if not _NEEDLESS.match(lines[at])
    ]


def _magics(lines: Sequence[str]) -> list[int]:
    """Numbers, from 0, of the lines that are IPython's. A line inside a text in triple quotes is left alone."""
    suspects = [at for at, line in enumerate(lines) if _MAGIC.match(line) or _QUESTION.match(line)]
    inside = _inside_strings("\n".join(lines)) if suspects else set()
    return [at for at in suspects if at + 1 not in inside and not _continues(lines, at)]


def readable(source: str) -> str:
    """The source with `pass` in place of its magics, so that the rest of the cell can still be judged."""
    lines = lines_of(source)
    hidden = set(_magics(lines))
    if not hidden:
        return source
    return "\n".join(
        line[: len(line) - len(line.lstrip())] + "pass" if at in hidden else line for at, line in enumerate(lines)
    )


def _continues(lines: Sequence[str], at: int) -> bool:
    """`%` may also begin the second half of an expression: a remainder, or old string formatting."""
    if not lines[at].lstrip().startswith("%"):
        return False
    before = "\n".join(lines[:at])
    closed = all(before.count(left) <= before.count(right) for left, right in ("()", "[]", "{}"))
    return not closed or before.rstrip().endswith("\\")


def _inside_strings(source: str) -> set[int]:
    """Lines that begin inside a text which began on an earlier line."""
    inside: set[int] = set()
    quote, at = "", 0
    for number, line in enumerate(source.split("\n"), start=1):
        if quote:
            inside.add(number)
        at = 0
        while at < len(line):
            if not quote and line[at] == "#":
                break
            three = line[at : at + 3]
            if three in ('"""', "'''") and quote in ("", three):
                quote = "" if quote else three
                at += 3
                continue
            at += 2 if line[at] == "\\" else 1
    return inside


def _problem(line: int, column: int, end_column: int, message: str, instead: str) -> Problem:
    return Problem(line=line, column=column, end_column=end_column, message=message, instead=instead, kind="policy")
