"""mypy by its public entry alone: every cell builds anew, with all modules it needs. Slow, and there for the day `inference` no longer works.

Same findings, same words; about two seconds per cell. It must not know cells, history or how a message is worded.
"""

from __future__ import annotations

import contextlib
import io
import re
from typing import TYPE_CHECKING, Final

from mypy import build
from mypy.modulefinder import BuildSource

from ag_kernel.compiler.inference import STUBS, Finding, be_strict, options, ours
from ag_kernel.compiler.private_calls import PrivateCalls

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from ag_kernel.compiler.bindings import Place

_LINE: Final = re.compile(
    r"(?P<path>[\w.]+\.py):(?P<line>\d+):(?P<column>\d+):(?P<end_line>\d+):(?P<end_column>\d+): error: "
    r"(?P<message>.*?)(?:  \[(?P<code>[\w-]+)\])?$"
)


class Rebuilding:
    """The same questions as `inference.Inference` answers, without its private state."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._strict = False

    def standard(self) -> None:
        """Unannotated code is accepted and its bodies checked."""
        self._strict = False

    def strict(self) -> None:
        """What `mypy --strict` would say."""
        self._strict = True

    def check(self, module: str, text: str, tested: AbstractSet[Place] = frozenset()) -> tuple[Finding, ...] | None:
        """Build the module and those before it; None where mypy couldn't analyse it. Private conditions are left to run time."""
        del tested
        cells = [BuildSource(f"{name}.py", name, kept) for name, kept in {**self._texts, module: text}.items()]
        chosen = options()
        chosen.native_parser = all(cell.text is None or cell.text.isascii() for cell in cells)
        chosen.show_column_numbers = chosen.show_error_end = True
        chosen.show_traceback = chosen.raise_exceptions = False
        if self._strict:
            be_strict(chosen)
        try:
            with contextlib.chdir(STUBS), contextlib.redirect_stderr(io.StringIO()):
                result = build.build([*cells, *ours()], chosen, extra_plugins=[PrivateCalls(chosen)])
        except (Exception, SystemExit):  # noqa: BLE001 - a bug of mypy's must not refuse an analyst's cell
            return None
        self._texts[module] = text
        return tuple(
            _finding(match)
            for line in result.errors
            if (match := _LINE.match(line)) and match["path"] == f"{module}.py"
        )

    def forget(self, modules: Sequence[str]) -> None:
        """Take modules out again."""
        for module in modules:
            self._texts.pop(module, None)


def _finding(match: re.Match[str]) -> Finding:
    """As mypy prints it: columns from 1, the end included."""
    return Finding(
        line=int(match["line"]),
        column=int(match["column"]) - 1,
        end_line=int(match["end_line"]),
        end_column=int(match["end_column"]),
        code=match["code"] or "",
        message=match["message"],
    )
