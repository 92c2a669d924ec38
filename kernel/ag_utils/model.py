"""A fitted model as data: what kind it is, how it was set up and what was fitted. Nothing in it can run.

Must not know who fitted it.
"""

from collections.abc import Mapping
from typing import Any


class Model:
    """``kind`` names the class it was, ``params`` are its settings, ``attributes`` what was fitted: ``model.coef_`` is ``model.attributes["coef_"]``."""

    __slots__ = ("attributes", "kind", "params")

    def __init__(self, *, kind: str, params: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
        self.kind = kind
        self.params = dict(params)
        self.attributes = dict(attributes)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in Model.__slots__:
            raise AttributeError(name)
        try:
            return self.attributes[name]
        except KeyError:
            known = ", ".join(self.attributes) or "nothing"
            raise AttributeError(f"{name} is not among what was fitted: {known}") from None

    def __repr__(self) -> str:
        return f"{self.kind} with {', '.join(self.attributes) or 'nothing fitted'}"
