"""mypy, in process: a state built once from the installed packages, then one small module per cell added to it.

The one file that touches mypy's private API (test_inference.py has the canary). What was found of the packages is kept from
one start to the next; after `build` nothing is read from or written to disk. It must not know cells, history or how a message is worded.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mypy import build
from mypy.build import State
from mypy.modulefinder import BuildSource
from mypy.nodes import ComparisonExpr
from mypy.options import Options
from mypy.semanal_main import semantic_analysis_for_scc

from ag_kernel.compiler.looseness import loosen
from ag_kernel.compiler.private_calls import PrivateCalls, private_name
from ag_kernel.offers import OFFERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from mypy.errors import ErrorInfo

    from ag_kernel.compiler.bindings import Place

STUBS: Final = Path(__file__).parent / "stubs"
OURS: Final = ("ag_plan", "ag_utils", "op_pandas")  # read from their own annotated source
KEPT: Final = Path(__file__).parent / "__pycache__" / "mypy"
"""What mypy found of the packages at an earlier start, beside compiled code and trusted as that is: a twentieth of the time. Never of a cell."""
_WARM: Final = "warm"
_UNREADABLE: Final = "mypy stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One error as mypy says it: lines from 1, columns from 0 in UTF-8 bytes, `code` without brackets.

    `note` is what mypy adds about operands whose type is one of several.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    message: str
    note: str = ""

    def moved(self, lines: int) -> Finding:
        """The same, some lines further down."""
        return replace(self, line=self.line + lines, end_line=self.end_line + lines)


def options() -> Options:
    """How cells are checked in standard mode: nothing read but our stubs and packages, nothing written of a cell."""
    chosen = Options()
    chosen.python_version = sys.version_info[:2]
    chosen.mypy_path = [str(STUBS)]
    chosen.fast_module_lookup = True  # what is among the sources is found there
    chosen.python_executable = None  # and what else is installed is not looked at
    chosen.namespace_packages = True
    chosen.incremental = False
    chosen.cache_dir = os.devnull
    chosen.follow_imports = "silent"
    chosen.ignore_missing_imports = True
    chosen.check_untyped_defs = True
    chosen.allow_redefinition = True
    chosen.local_partial_types = True
    chosen.preserve_asts = True
    chosen.enable_error_code = ["truthy-bool"]
    chosen.disable_bytearray_promotion = chosen.disable_memoryview_promotion = True
    chosen.raise_exceptions = True
    return chosen


def ours() -> list[BuildSource]:
    """Our guest packages file by file, found without importing them: the folder that they lie in may be full of others' packages."""
    specs = (importlib.util.find_spec(name) for name in OURS)
    roots = [Path(spec.origin).parent for spec in specs if spec and spec.origin]
    return [
        BuildSource(str(path), _dotted(path.relative_to(root.parent)))
        for root in roots
        for path in sorted(root.rglob("*.py"))
    ]


def _dotted(path: Path) -> str:
    return ".".join(path.parent.parts if path.stem == "__init__" else path.with_suffix("").parts)


def be_strict(chosen: Options) -> None:
    """What `mypy --strict` asks for."""
    chosen.disallow_untyped_defs = chosen.disallow_incomplete_defs = chosen.disallow_untyped_calls = True
    chosen.disallow_any_generics = chosen.warn_return_any = chosen.strict_equality = True
    chosen.extra_checks = chosen.disallow_untyped_decorators = chosen.warn_redundant_casts = True


class Inference:
    """All modules a cell may import, analysed; and the cells of one session as they come."""

    def __init__(self, kept: Path = KEPT) -> None:
        chosen = options()
        offered = [name for name, offer in OFFERS.items() if not offer.later and not name.startswith("__")]
        text = "\n".join(f"import {name}" for name in offered)
        try:
            result = _built(text, chosen, kept)
        except (Exception, SystemExit):  # noqa: BLE001 - whatever mypy says of files that are damaged
            result = _built(text, chosen, Path(os.devnull))
        self._manager, self._graph = result.manager, result.graph
        self._options = chosen
        self._loose = True
        self.missing = frozenset(name for name in offered if name not in self._graph)
        self.standard()

    def standard(self) -> None:
        """Unannotated code is accepted and its bodies checked; what Python would do without complaint is let through."""
        self._loose = True

    def strict(self) -> None:
        """What `mypy --strict` would say."""
        self._loose = False
        be_strict(self._options)

    def check(self, module: str, text: str, tested: AbstractSet[Place] = frozenset()) -> tuple[Finding, ...] | None:
        """Add a module to the state; None where mypy couldn't analyse it at all (the module is then unknown).

        The module stays until `forget`; what it imports must be there already or has no types. `tested` are the places of
        comparisons whose truth decides something: mypy itself never asks whether the result of one has a truth value.
        """
        manager, graph = self._manager, self._graph
        manager.errors.reset()
        path = f"{module}.py"
        self._options.native_parser = text.isascii()  # faster, but its columns are wrong after other letters
        try:
            state = State.new_state(id=module, path=path, source=text, manager=manager, root_source=True)
            state.parse_file()
            if self._loose and state.tree is not None:
                loosen(state.tree)
            state.compute_dependencies()
            for name in list(state.dependencies):
                if name not in graph:
                    state.suppress_dependency(name)
            graph[module] = state
            semantic_analysis_for_scc(graph, [module], manager.errors)
            state.type_check_first_pass()
            while state.type_check_second_pass():
                pass
        except (Exception, SystemExit):  # noqa: BLE001 - CompileError, or a bug of mypy's, which must not refuse an analyst's cell
            self.forget((module,))
            return None
        found = (*self._findings(path), *(_tested(state, tested) if tested else ()))
        manager.ast_cache.pop(module, None)
        return found

    def forget(self, modules: Sequence[str]) -> None:
        """Take modules out again: later ones can't import them; types that came from them stay alive where used."""
        for module in modules:
            self._graph.pop(module, None)
            self._manager.modules.pop(module, None)
            self._manager.ast_cache.pop(module, None)
            self._manager.import_options.pop(module, None)

    def _findings(self, path: str) -> tuple[Finding, ...]:
        found: list[Finding] = []
        for one in self._manager.errors.error_info_map.get(path, ()):
            if one.severity == "note" and found and "operand" in one.message:
                found[-1] = replace(found[-1], note=one.message)
            elif one.severity == "error" and not one.hidden:
                found.append(_finding(one))
        return tuple(found)


def _built(text: str, chosen: Options, kept: Path) -> build.BuildResult:
    """The modules that a text imports, analysed, or as they were kept; what is to be kept is written."""
    chosen.incremental, chosen.cache_dir, chosen.sqlite_cache = True, str(kept), False
    sources = [BuildSource("warm.py", _WARM, text), *ours()]
    with contextlib.chdir(STUBS):  # mypy looks for modules in the working directory, and a nursery's is the library's
        result = build.build(sources, chosen, extra_plugins=[PrivateCalls(chosen)], stdout=sys.stderr)
    chosen.incremental, chosen.cache_dir = False, os.devnull
    return result


def _finding(one: ErrorInfo) -> Finding:
    return Finding(
        line=one.line,
        column=one.column,
        end_line=one.end_line,
        end_column=one.end_column,
        code=one.code.code if one.code else "",
        message=one.message,
    )


def _tested(state: State, places: AbstractSet[Place]) -> tuple[Finding, ...]:
    """Comparisons at these places that give something private, which has no truth value."""
    return tuple(
        Finding(
            line=one.line,
            column=one.column,
            end_line=one.end_line or one.line,
            end_column=one.end_column or one.column,
            code="truthy-bool",
            message=f'Expression has type "{name}" which does not implement __bool__',
        )
        for one, kind in state.type_map().items()
        if isinstance(one, ComparisonExpr)
        and (one.line, one.column, one.end_line, one.end_column) in places
        and (name := private_name(kind))
    )


def freeze() -> None:
    """Before forking: what is there now is shared by all children and never collected."""
    gc.collect()
    gc.freeze()
