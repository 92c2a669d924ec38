"""Modules as a cell sees them: copies that hold the offered names and nothing else, and the ``import`` that gives them.

The originals are never handed out. It must not know why a name is left out; the table in ``offers`` does.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, Final

from ag_kernel import labels
from ag_kernel.compiler.kept_types import keep
from ag_kernel.offers import OFFERS, Offer, refusal

Import = Callable[..., ModuleType]


class PublicModule(ModuleType):
    """A module of which only the offered names exist."""

    def __getattr__(self, name: str) -> Any:
        """What is not offered, said in one sentence."""
        offer = OFFERS.get(self.__name__, Offer())
        if offer.leaves_out(name) and not name.startswith("_"):
            raise AttributeError(f"{self.__name__}.{name} is not available inside the enclave: {offer.why}")
        raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")

    def __repr__(self) -> str:
        return f"<module '{self.__name__}'>"


def _offered(original: ModuleType, offer: Offer) -> dict[str, Any]:
    """The names of a module that its offer leaves, other modules not among them."""
    listed = dir(original) if offer.only is not None else getattr(original, "__all__", None) or dir(original)
    names = {name for name in listed if not name.startswith("_")}
    if offer.only is not None:
        names &= offer.only
    values = ((name, getattr(original, name, None)) for name in sorted(names - offer.without))
    found = {name: value for name, value in values if not isinstance(value, ModuleType)}
    if offer.ours:
        ours = importlib.import_module(offer.stand_ins)
        found |= {name: getattr(ours, stand_in) for name, stand_in in offer.ours.items()}
    return found


class Imports:
    """The modules of one session, made when first imported."""

    def __init__(self) -> None:
        labels.bind()
        self._made: dict[str, PublicModule] = {}

    def module(self, name: str) -> PublicModule:
        """The module as offered, with its offered submodules. ImportError where the table has no such row."""
        if name in self._made:
            return self._made[name]
        why = refusal(name)
        if why is not None:
            raise ImportError(why)
        original = importlib.import_module(OFFERS[name].real or name)
        made = PublicModule(name, original.__doc__)
        made.__dict__.update(_offered(original, OFFERS[name]))
        if hasattr(original, "__version__"):
            made.__dict__["__version__"] = original.__version__
        keep(made)
        self._made[name] = made
        for other, offer in OFFERS.items():
            parent, _, child = other.rpartition(".")
            if parent == name and not offer.later:
                made.__dict__[child] = self.module(other)
        return made

    def import_(
        self,
        name: str,
        _globals: Mapping[str, Any] | None = None,
        _locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """What the ``import`` statement of a cell calls.

        Libraries written in C come here too, for modules of their own, when a cell is what called them (numpy's first `mean`,
        `strptime`): they give a list where the statement gives None or a tuple, look into `sys.modules` themselves, and never see the reply.
        """
        if type(fromlist) is list:
            importlib.import_module(name)
            return PublicModule(name)
        if level:
            raise ImportError("Restricted import: relative imports are not allowed")
        found = self.module(name)
        for wanted in fromlist or ():
            why = refusal(f"{name}.{wanted}") if f"{name}.{wanted}" in OFFERS else None
            if why is not None:
                raise ImportError(why)
            if not hasattr(found, wanted):
                raise ImportError(_missing(name, wanted))
        return found if fromlist else self.module(name.partition(".")[0])


def prepare() -> None:
    """Make every module now, in the nursery: its copies are then shared by all sessions, until one of them changes something."""
    imports = Imports()
    for name, offer in OFFERS.items():
        if not offer.later:
            imports.module(name)
    _prepared[:] = [imports]


def imports() -> Imports:
    """The modules of this process: those the nursery made, else new ones."""
    return _prepared[0] if _prepared else Imports()


_prepared: Final[list[Imports]] = []
"""Written by ``prepare`` alone, before there is a session; each session has its own copy by the fork."""


def _missing(module: str, name: str) -> str:
    offer: Final = OFFERS[module]
    if offer.leaves_out(name):
        return f"Restricted import: {module}.{name} is not available inside the enclave: {offer.why}"
    return f"cannot import name '{name}' from '{module}'"
