"""Where the writing of one function stands: its variables, what its names mean, and refusals. Must not know what words mean."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ag_plan.expressions import Code
from ag_plan.programs import Slot
from op_pandas.errors import Untranslatable
from op_pandas.translation.source import Source

NOTHING = object()


@dataclass(slots=True)
class Row:
    """The parameter that stands for a row: variables by the columns that are read."""

    columns: Mapping[str, int]


@dataclass(slots=True)
class Scene:
    """One function on its way. ``names``: local names to variables, or to the row; ``program``: the program it belongs to."""

    source: Source
    program: Any
    names: dict[str, int | Row]
    variables: int
    node: ast.AST = field(default_factory=ast.Pass)

    def fresh(self) -> int:
        """A new variable."""
        self.variables += 1
        return self.variables - 1

    def variable(self, name: str) -> int:
        """The variable of a local name, made where there is none."""
        found = self.names.get(name)
        if isinstance(found, Row):
            self.refuse("another use of the row", "read it by row['name'] only")
        if found is None:
            found = self.names[name] = self.fresh()
        return found

    def local(self, name: str) -> Code | None:
        """A local name as a value; None where it isn't local."""
        found = self.names.get(name)
        if isinstance(found, Row):
            self.refuse("the row as a whole", "read it by row['name']")
        return None if found is None else Slot(index=found)

    def outside(self, name: str) -> Any:
        """What a name means outside of the function; NOTHING where it means nothing."""
        import builtins

        given = self.source.globals.get("__builtins__", builtins)
        for place in (self.source.cells, self.source.globals, given if isinstance(given, dict) else vars(given)):
            if name in place:
                return place[name]
        return NOTHING

    def refuse(self, what: str, instead: str) -> NoReturn:
        """The one sentence: what, where, and what to write instead."""
        raise Untranslatable(f"{what} {self.source.place(self.node)} can't be used on private values; {instead}")
