"""A fitted model as data: what kind it is, how it was set up and what was fitted. Nothing in it can run.

Must not know how it travels. Estimators become one by their settings and the attributes that fitting gave them, never by pickling.
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


def is_estimator(value: Any) -> bool:
    """Whether it is a fitted estimator after scikit-learn's manner: settings by ``get_params``, fitted attributes that end in ``_``."""
    return callable(getattr(value, "get_params", None)) and not isinstance(value, type) and bool(_fitted(value))


def of_estimator(value: Any) -> Model:
    """Its settings and fitted attributes. Attributes that hold estimators again become models, too."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    return Model(kind=kind, params=value.get_params(deep=False), attributes=_fitted(value))


def _fitted(value: Any) -> dict[str, Any]:
    held = getattr(value, "__dict__", {})
    return {name: item for name, item in held.items() if name.endswith("_") and not name.startswith("_")}
