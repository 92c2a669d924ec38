"""matplotlib's settings as a cell sees them: how plots look, never where files are, what is loaded or which program typesets.

It must not know the values' types; matplotlib validates them.
"""

import importlib
from collections.abc import Iterator, MutableMapping
from typing import Any, Final

_GROUPS: Final = frozenset(
    (
        "axes", "axes3d", "boxplot", "contour", "date", "errorbar", "figure", "font", "grid", "hatch", "hist", "image", "legend", "lines",
        "markers", "mathtext", "patch", "pcolor", "pcolormesh", "polaraxes", "savefig", "scatter", "xaxis", "xtick", "yaxis", "ytick",
    )
)  # fmt: skip
_SINGLE: Final = frozenset({"text.color", "text.antialiased", "text.kerning_factor", "timezone", "svg.fonttype"})
_LEFT_OUT: Final = frozenset({"figure.hooks", "savefig.directory", "figure.raise_window"})
_FORMATS: Final = frozenset({"png", "svg"})
_WHY: Final = "the setting {name!r} is not available inside the enclave: it is about files, programs or windows, not about how a plot looks"


def offered(name: object) -> bool:
    """Whether a setting is about looks."""
    if not isinstance(name, str) or name in _LEFT_OUT:
        return False
    return name in _SINGLE or name.partition(".")[0] in _GROUPS


def checked(name: Any, value: Any) -> Any:
    """The value, if a cell may give the setting this one. KeyError or ValueError otherwise."""
    real = _real()
    if name not in real:
        raise KeyError(f"{name} is not a valid rc parameter (see rcParams.keys() for a list of valid parameters)")
    if not offered(name):
        raise KeyError(_WHY.format(name=name))
    if name == "savefig.format" and value not in _FORMATS:
        raise ValueError("plots are shown as 'png' or 'svg'")
    if name == "axes.prop_cycle" and isinstance(value, str):
        raise ValueError("give a cycler: plt.cycler(color=['red', 'blue'])")  # a text would be evaluated
    return value


def _real() -> Any:
    return importlib.import_module("matplotlib").rcParams


class Settings(MutableMapping[str, Any]):
    """The settings about looks, to read and to change; the others don't exist."""

    def __getitem__(self, name: str) -> Any:
        checked(name, None if name != "savefig.format" else "png")
        return _real()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        _real()[name] = checked(name, value)

    def __delitem__(self, name: str) -> None:
        raise TypeError("settings can be changed, not deleted")

    def __iter__(self) -> Iterator[str]:
        return (name for name in _real() if offered(name))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Settings({dict(self)!r})"

    def copy(self) -> dict[str, Any]:
        """The settings as they are now."""
        return dict(self)
