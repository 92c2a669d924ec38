"""pandas' own functions behind those that stand for them in cells: who reads a function's text knows them by the original.

Must not know what stands for what; ``pandas_calls`` says it, once, when it is imported.
"""

from collections.abc import Callable
from typing import Any, Final

_ORIGINALS: Final[dict[int, Callable[..., Any]]] = {}
"""By identity: looking an object up would call its own ``__hash__``. Those that stand for others live as long as the process."""


def stand_for(function: Callable[..., Any], original: Callable[..., Any]) -> Callable[..., Any]:
    """The function, known from now on as one that stands for the original."""
    _ORIGINALS[id(function)] = original
    return function


def original_of(function: Any) -> Any:
    """What a function stands for; itself where it stands for nothing."""
    return _ORIGINALS.get(id(function), function)
