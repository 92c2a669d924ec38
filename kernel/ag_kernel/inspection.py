"""What is documented about the name under the cursor: signature and docstring, nothing evaluated.

It must not show values of variables; those are the analyst's to print.
"""

import inspect
import re
import types
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ag_kernel.completion import is_missing, look_up, path_before

_REST_OF_NAME: Final = re.compile(r"\w*")
_LONGEST: Final = 20_000
_FUNCTIONS: Final = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    np.ufunc,
    type(np.linspace),
)
"""Functions whose documentation and signature are stored, not computed."""
_DOCUMENTED: Final = (types.ModuleType, property, *_FUNCTIONS)


def inspect_at(code: str, cursor: int, namespace: Mapping[str, Any]) -> str | None:
    """Signature and docstring of the dotted name at the cursor, or of the function whose call is open there; None where unknown."""
    for path in _candidates(code, cursor):
        value = look_up(path.split("."), namespace) if path else None
        if path and not is_missing(value):
            return _described(path, value)
    return None


def _candidates(code: str, cursor: int) -> list[str]:
    """The name under the cursor, then the one before the innermost open bracket."""
    rest = _REST_OF_NAME.match(code, cursor)
    end = rest.end() if rest else cursor
    before = code[:cursor]
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(before[at], 0)
        if depth < 0:
            return [path_before(code[:end]).rstrip("."), path_before(before[:at]).rstrip(".")]
    return [path_before(code[:end]).rstrip(".")]


def _described(path: str, value: Any) -> str:
    doc = _doc(value if isinstance(value, (type, *_DOCUMENTED)) else type(value))
    head = f"{path}{_signature(value)}\nType: {type(value).__name__}"
    return f"{head}\n\n{doc}"[:_LONGEST] if doc else head


def _doc(value: Any) -> str:
    """The docstring as stored."""
    doc = value.__doc__ if isinstance(value, _DOCUMENTED) else None
    if isinstance(value, type):
        doc = type.__dict__["__dict__"].__get__(value).get("__doc__")
    return inspect.cleandoc(doc) if isinstance(doc, str) else ""


def _signature(value: Any) -> str:
    """The signature of a plain function, or of a class by its ``__init__``."""
    function = value
    if isinstance(value, type):
        function = inspect.getattr_static(value, "__init__", None)
    if not isinstance(function, _FUNCTIONS):
        return ""
    try:
        return str(inspect.signature(function))
    except (ValueError, TypeError):
        return ""
