"""The cells of one session as mypy's modules: each imports what it reads from where it was last bound.

A cell that was refused or never run leaves no trace; names of a cell that stopped half way have no known type. Which cells a process
that takes over must see again is known here, too: nobody else knows what the types of a name hang on.
It must not know messages, sockets or mypy.
"""

from __future__ import annotations

import ast
import builtins
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ag_kernel.compiler.bindings import Bindings, argument_depth, bindings
from ag_kernel.compiler.comments import readable
from ag_kernel.compiler.problem import lines_of
from ag_kernel.compiler.session_names import Named, prelude

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ag_kernel.compiler.inference import Finding, Inference
    from ag_kernel.compiler.rebuilding import Rebuilding

_ANY: Final = "ag_any"
_PRELUDE: Final = "ag_prelude"
_DEEPEST_CALLS: Final = 12  # mypy's time doubles with each level; such a cell is run without types
_MARK: Final = "__ag_"
_LOOSE: Final = "from ag_loose import __ag_list, __ag_dict, __ag_set; "
_BUILT_IN: Final = frozenset(dir(builtins)) | {"__name__", "__doc__"}
HELPERS: Final = {
    _ANY: "from typing import Any\ndef __getattr__(name: str) -> Any: ...\n",
    "ag_loose": "from typing import Any\n__ag_list = list[Any]\n__ag_dict = dict[Any, Any]\n__ag_set = set[Any]\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What mypy found in a cell, on the cell's own lines; `bindings` tell which of it matters."""

    bindings: Bindings
    findings: tuple[Finding, ...]
    lines: tuple[str, ...]
    foreign_attributes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A step of the session: the modules that bound what it reads, and the seconds that its types took. ``lasting``: it changed what others bound."""

    step: int
    needs: frozenset[str]
    seconds: float
    lasting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    module: str
    bound: dict[str, tuple[str, str]]
    attributes: frozenset[str]
    defined: frozenset[str]
    needs: frozenset[str]
    seconds: float


class History:
    """Which name comes from which cell. Nothing changes until `accept`."""

    def __init__(self, inference: Inference | Rebuilding, names: Mapping[str, Named]) -> None:
        self._inference = inference
        self._serial = 0
        self._modules: list[str] = []
        self._pending: _Pending | None = None
        self._attributes: frozenset[str] = frozenset()
        self._visible: dict[str, tuple[str, str]] = {}
        self._binder: dict[str, str] = {}
        self._defined: frozenset[str] = frozenset()
        self._written: dict[str, _Written] = {}
        self.steps = -1
        """How often something was declared or accepted; the names it begins with are no step, as whoever takes over begins with them, too."""
        self.declare(names)

    def declare(self, names: Mapping[str, Named]) -> None:
        """Names the session put there, by kind."""
        self._serial += 1
        module = f"{_PRELUDE}_{self._serial}"
        known = self._inference.check(module, prelude(names)) is not None
        for name in names:
            self._visible[name] = (module, name) if known else (_ANY, name)
            self._binder[name] = module
        self._written[module] = _Written(step=self.steps, needs=frozenset(), seconds=0.0, lasting=True)
        self.steps += 1

    def check(self, source: str) -> Checked | None:
        """Add a cell, provisionally; None where there is nothing to say: text that is no Python, or that mypy can't analyse."""
        self.reject()
        source = readable(source)
        try:
            tree = ast.parse(source)
            found = bindings(tree)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        self._serial += 1
        module = f"cell_{self._serial}"
        head, rebound = self._head(found)
        following = {
            name for name in found.bound if name not in found.fixed and (found.bound[name] > 1 or name in found.nested)
        }
        shown = sorted((following | rebound) - found.fixed)
        tail = "".join(f"{_MARK}out_{name} = {name}\n" for name in shown)
        tested = {(line + 1, column, end_line + 1, end) for line, column, end_line, end in found.tested}
        tame = argument_depth(tree) <= _DEEPEST_CALLS
        began = time.thread_time()
        findings = self._inference.check(module, f"{head}\n{source}\n{tail}", tested) if tame else None
        known = findings is not None
        bound = {
            name: (_ANY, name)
            if not known or name in found.redefined
            else (module, f"{_MARK}out_{name}" if name in shown else name)
            for name in found.bound
        }
        self._pending = _Pending(
            module=module,
            bound=bound,
            attributes=frozenset(found.set_attributes),
            defined=frozenset(found.defined),
            needs=frozenset(self._binder[name] for name in found.read_now | found.read_later if name in self._binder),
            seconds=time.thread_time() - began,
        )
        return self._checked(found, findings or (), source)

    def accept(self, *, completed: bool) -> None:
        """The pending cell was run, to its end or not."""
        step, self.steps = self.steps, self.steps + 1
        pending, self._pending = self._pending, None
        if pending is None:
            return
        self._attributes |= pending.attributes
        self._defined = self._defined - pending.bound.keys() | pending.defined
        for name, place in pending.bound.items():
            self._visible[name] = place if completed else (_ANY, name)
            self._binder[name] = pending.module
        self._written[pending.module] = _Written(
            step=step, needs=pending.needs, seconds=pending.seconds, lasting=bool(pending.attributes)
        )
        self._drop_unused(pending.module)

    def reject(self) -> None:
        """The pending cell was not run."""
        pending, self._pending = self._pending, None
        if pending is not None:
            self._inference.forget((pending.module,))

    def needed(self) -> tuple[tuple[int, ...], float]:
        """The steps, of all that were declared or accepted, that lead to the same types if nothing else is done; and their seconds of mypy.

        A step is needed whose names are there or were read by one that is, also where the name has another meaning by now.
        """
        reached: set[str] = set()
        waiting = [*self._binder.values(), *(name for name, one in self._written.items() if one.lasting)]
        while waiting:
            module = waiting.pop()
            if module not in reached and module in self._written:
                reached.add(module)
                waiting.extend(self._written[module].needs)
        self._written = {name: one for name, one in self._written.items() if name in reached}
        kept = self._written.values()
        return tuple(sorted(one.step for one in kept if one.step >= 0)), sum(one.seconds for one in kept)

    def _drop_unused(self, newest: str) -> None:
        used = {module for module, _ in self._visible.values()}
        self._inference.forget([module for module in (*self._modules, newest) if module not in used])
        self._modules = [module for module in (*self._modules, newest) if module in used]

    def _head(self, found: Bindings) -> tuple[str, set[str]]:
        """One line that imports what the cell reads, and the names of these that it binds anew."""
        parts, rebound = [_LOOSE], set()
        for name in sorted(found.read_now | found.read_later):
            if name in self._visible:
                module, there = self._visible[name]
                if name not in found.bound:
                    parts.append(f"from {module} import {there} as {name}; ")
                elif name not in found.fixed:
                    if name in self._defined:  # to mypy another name of a function or class, which no value can follow
                        module, there = _ANY, name
                    parts.append(f"from {module} import {there} as {_MARK}in_{name}; {name} = {_MARK}in_{name}; ")
                    rebound.add(name)
            elif name not in found.bound and name not in found.read_now and name not in _BUILT_IN:
                parts.append(f"from {_ANY} import {name}; ")
        return "".join(parts), rebound

    def _checked(self, found: Bindings, findings: tuple[Finding, ...], source: str) -> Checked:
        lines = tuple(lines_of(source))
        moved = tuple(one.moved(-1) for one in findings if 1 <= one.line - 1 <= len(lines))
        return Checked(
            bindings=found, findings=moved, lines=lines, foreign_attributes=self._attributes | found.set_attributes
        )
