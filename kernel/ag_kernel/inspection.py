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
_SHOWN_DEFAULTS: Final = frozenset({int, float, bool, str, bytes, type(None)})
_SHOWN_ANNOTATIONS: Final = frozenset({type, str})
_DOCUMENTED: Final = (types.ModuleType, property, *_FUNCTIONS)


def inspect_at(code: str, cursor: int, namespace: Mapping[str, Any]) -> str | None:
    """Signature and docstring of the dotted name at the cursor, or of the function whose call is open there; None where unknown."""
    for path in _candidates(code, cursor):
        value = look_up(path.split("."), namespace) if path else None
        if path and not is_missing(value):
            return _described(path, value, namespace)
    return None


def described(value: Any) -> str:
    """The same of a value that a cell holds, under the name that it gives itself."""
    name = getattr(value, "__name__", "") if isinstance(value, (type, *_DOCUMENTED)) else ""
    return _described(name if isinstance(name, str) else "", value, getattr(value, "__globals__", {}))


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


def _described(path: str, value: Any, namespace: Mapping[str, Any]) -> str:
    doc = _doc(value if isinstance(value, (type, *_DOCUMENTED)) else type(value))
    head = f"{path}{_signature(value, namespace)}\nType: {type(value).__name__}"
    return f"{head}\n\n{doc}"[:_LONGEST] if doc else head


def _doc(value: Any) -> str:
    """The docstring as stored."""
    doc = value.__doc__ if isinstance(value, _DOCUMENTED) else None
    if isinstance(value, type):
        doc = type.__dict__["__dict__"].__get__(value).get("__doc__")
    return inspect.cleandoc(doc) if isinstance(doc, str) else ""


def _signature(value: Any, namespace: Mapping[str, Any]) -> str:
    """The signature of a plain function, or of a class by its ``__init__``."""
    function = value
    if isinstance(value, type):
        function = inspect.getattr_static(value, "__init__", None)
    if not isinstance(function, _FUNCTIONS):
        return ""
    try:
        found = inspect.signature(function)
    except (ValueError, TypeError):
        return ""
    is_guests = isinstance(function, types.FunctionType) and function.__globals__ is namespace
    return str(found.replace(parameters=[_plain(one) for one in found.parameters.values()]) if is_guests else found)


def _plain(parameter: inspect.Parameter) -> inspect.Parameter:
    """A parameter of a guest's function without values whose ``repr`` could be the guest's own code."""
    default, annotation = parameter.default, parameter.annotation
    if type(default) not in _SHOWN_DEFAULTS and default is not parameter.empty:
        default = _Unshown()
    if type(annotation) not in _SHOWN_ANNOTATIONS:
        annotation = parameter.empty
    return parameter.replace(default=default, annotation=annotation)


class _Unshown:
    """Stands for a default value that is not shown."""

    def __repr__(self) -> str:
        return "…"
