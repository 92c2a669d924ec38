"""How matplotlib fills the fields of texts that cells give it (tick labels, bars, color bars): with numbers, never with what hangs on them.

It must not know cells or figures.
"""

import importlib
import string
from collections.abc import Mapping, Sequence
from typing import Any


def _field(self: string.Formatter, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    if "." in field_name or "[" in field_name:
        raise ValueError(f"a field of a text is a value, and no attribute of one: {{{field_name[:60]}}}")
    return string.Formatter.get_field(self, field_name, args, kwargs)


class _Plain(string.Formatter):
    get_field = _field


def _filled(text: str, value: Any) -> str:
    """A text with ``%`` or ``{}`` in it, as matplotlib understands both."""
    try:
        return text % (value,)
    except (TypeError, ValueError):
        return _Plain().format(text, value)


def bind() -> None:
    """Put both in the places where matplotlib has its own, which fill in attributes as well."""
    for module, name in (("matplotlib.ticker", "_UnicodeMinusFormat"), ("matplotlib.cbook", "_auto_format_str")):
        if not hasattr(importlib.import_module(module), name):
            raise ImportError(
                f"{module}.{name} has gone: what fills texts in this release of matplotlib must be found anew"
            )
    vars(importlib.import_module("matplotlib.ticker"))["_UnicodeMinusFormat"].get_field = _field
    vars(importlib.import_module("matplotlib.cbook"))["_auto_format_str"] = _filled
