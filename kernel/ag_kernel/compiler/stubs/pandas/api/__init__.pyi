# Generous on purpose: see the package's own stub.
from typing import Any

from pandas.api import types as types

def __getattr__(name: str) -> Any: ...
