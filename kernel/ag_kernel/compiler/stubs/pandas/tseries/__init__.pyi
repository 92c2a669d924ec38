# Generous on purpose: see the package's own stub.
from typing import Any

from pandas.tseries import offsets as offsets

def __getattr__(name: str) -> Any: ...
