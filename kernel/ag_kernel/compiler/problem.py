"""What is wrong with a cell, as values: where, why, and what to write instead.

It must not know who found the problem (parser, policy or types) nor how a cell runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["syntax", "policy", "types"]
_SHOWN: Final = 20  # problems printed in full; a cell with more is told how many are left


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, on the analyst's own source.

    `line` counts from 1; `column` and `end_column` are characters of that line, from 0, half open;
    `instead` is empty where there is nothing better to suggest.
    """

    line: int
    column: int
    end_column: int
    message: str
    instead: str
    kind: Kind


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems sorted by position, each said once."""
    unique = {(one.line, one.column, one.message): one for one in problems}
    return tuple(unique[key] for key in sorted(unique))


def lines_of(source: str) -> list[str]:
    """The lines as Python counts them: only line feeds end one (the source has plain line ends)."""
    return source.split("\n")


def render(problem: Problem, lines: Sequence[str], cell: int) -> str:
    """One problem: where it is, the analyst's line with a caret under the place, why, and what to write instead."""
    said = [f"Cell In[{cell}], line {problem.line}"]
    if 1 <= problem.line <= len(lines):
        source = lines[problem.line - 1].rstrip().expandtabs(1)
        start = min(max(problem.column, 0), len(source))
        width = max(1, min(problem.end_column, len(source)) - start)
        indent = len(source) - len(source.lstrip())
        said.append("    " + source.lstrip())
        said.append("    " + " " * max(0, start - indent) + "^" * width)
    said.append(f"  {problem.message}")
    if problem.instead:
        said.append(f"  Instead: {problem.instead}")
    return "\n".join(said)


def render_all(problems: Iterable[Problem], source: str, cell: int) -> str:
    """All problems of a cell, in the order of the source, ready to be shown as one traceback."""
    ordered = in_order(problems)
    lines = lines_of(source)
    blocks = [render(one, lines, cell) for one in ordered[:_SHOWN]]
    if len(ordered) > _SHOWN:
        blocks.append(f"… and {len(ordered) - _SHOWN} more.")
    return "\n\n".join(blocks)
