# Only so that our own packages can be read without the real library's types.
from typing import Any

class Struct(Any):
    def __init_subclass__(cls, **kwargs: Any) -> None: ...

def __getattr__(name: str) -> Any: ...
