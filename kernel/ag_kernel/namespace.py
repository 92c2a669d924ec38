"""The names a session's cells find and share: built-ins, what is injected, and the data sets by variable.

It must not know how a cell is judged or run.
"""

from collections.abc import Mapping
from typing import Any, Final

import ag_utils
from ag_kernel.builtin_names import BUILTINS
from ag_kernel.facade import imports
from ag_kernel.inspection import described
from ag_kernel.offers import OFFERS

INJECTED: Final = tuple(ag_utils.__all__)
"""Functions present without import; ``print`` is among the built-ins."""

OFFERED: Final = frozenset({*BUILTINS, "print", "help", *(module.partition(".")[0] for module in OFFERS)})
"""Built-ins and modules: names that cells expect to mean what they always mean."""


def build(datasets: Mapping[str, Any]) -> dict[str, Any]:
    """The global variables of a new session; ``datasets`` maps variables to what ``load_dataset`` gives."""
    builtins = {**BUILTINS, "print": ag_utils.ag_print, "help": _help, "__import__": imports().import_}
    offered = {name: getattr(ag_utils, name) for name in INJECTED}
    return {"__name__": "__main__", "__builtins__": builtins, **offered, **datasets}


def _help(value: Any) -> None:
    """Print how a function is called, or what a type is, and what is documented about it."""
    ag_utils.ag_print(described(value).lstrip("\n"))
