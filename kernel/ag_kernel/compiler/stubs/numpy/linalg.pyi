# Generous on purpose: see the package's own stub.
from typing import Any

def __getattr__(name: str) -> Any: ...
