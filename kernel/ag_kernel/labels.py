"""Labels of frames are columns and rows, never something of Python's own; plots are drawn with matplotlib and zones are no files, whatever a text says.

pandas reads an attribute it doesn't know as a label, so that numpy, asking for `__array_interface__`, would take a row of that name for an
address in memory. It must not know cells.
"""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

from ag_kernel.stand_ins import gettz


@cache
def bind() -> None:
    """Into the pandas of this process, once."""
    kind = importlib.import_module("pandas.core.generic").NDFrame
    kind.__getattr__ = _named(kind.__getattr__)
    plots: Any = importlib.import_module("pandas.plotting._core")
    plots._load_backend = _drawing(plots._load_backend)  # noqa: SLF001 - the one place where a text becomes a module
    zones: Any = importlib.import_module("pandas._libs.tslibs.timezones")
    zones.dateutil_gettz = gettz  # for `tz="dateutil/…"`


def _named(found: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def __getattr__(self: Any, name: str) -> Any:  # noqa: N807 - it becomes this method
        if name.startswith("__"):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        return found(self, name)

    return __getattr__


def _drawing(load: Callable[[str], Any]) -> Callable[[str], Any]:
    def _load_backend(backend: str) -> Any:
        if backend != "matplotlib" or type(backend) is not str:
            raise ValueError("plots are drawn with matplotlib inside the enclave; leave `backend` out")
        return load(backend)

    return _load_backend
