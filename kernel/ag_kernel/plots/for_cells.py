"""What stands, for cells, in the place of matplotlib's names that read files, choose backends or open windows.

Named by the rows of `offers`. It must not know the kernel; what is shown goes over the desk of `ag_utils`.
"""

import contextlib
import importlib
import string
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Final

from ag_kernel.plots import pictures
from ag_kernel.plots.library import prepare
from ag_kernel.plots.settings import Settings, checked
from ag_utils.desk import bound

prepare()
_DRAWN_HERE: Final = frozenset(
    {"agg", "inline", "module://matplotlib_inline.backend_inline", "module://ipykernel.pylab.backend_inline"}
)

rcParams: Final = Settings()  # noqa: N816 - matplotlib's name


def show(*_: Any, **__: Any) -> None:
    """Show every open figure in the notebook, now."""
    pictures.show_open(bound().display)


def use(backend: str, *, force: bool = True) -> None:
    """Nothing to choose: plots are drawn in memory and shown in the notebook. ValueError for a backend with windows."""
    del force
    if str(backend).lower() not in _DRAWN_HERE:
        raise ValueError(f"there is no backend {backend!r} inside the enclave: plots are shown in your notebook")


def rc(group: str | tuple[str, ...] | list[str], **kwargs: Any) -> None:
    """Settings of a group, e.g. ``rc("lines", linewidth=2)``."""
    for name in (group,) if isinstance(group, str) else group:
        for key, value in kwargs.items():
            rcParams[f"{name}.{_ALIASES.get(key, key)}"] = value


_ALIASES: Final = {
    "lw": "linewidth",
    "ls": "linestyle",
    "c": "color",
    "fc": "facecolor",
    "ec": "edgecolor",
    "mew": "markeredgewidth",
    "aa": "antialiased",
}


def rcdefaults() -> None:
    """The settings as they were at first."""
    library: Any = importlib.import_module("matplotlib")
    library.rcdefaults()


@contextlib.contextmanager
def rc_context(rc: Mapping[str, Any] | None = None, fname: None = None) -> Iterator[None]:
    """Settings for the plots inside the block. ValueError for a file of settings: there are no files."""
    if fname is not None:
        raise ValueError("there are no files inside the enclave: give the settings as a dict")
    library: Any = importlib.import_module("matplotlib")
    with library.rc_context():
        rcParams.update(rc or {})
        yield


def _styles(wanted: Any) -> list[Any]:
    """Each style as a name that matplotlib brings with it, or as checked settings."""
    styles = [wanted] if isinstance(wanted, str | Mapping) else list(wanted)
    known = importlib.import_module("matplotlib.style").library
    for one in styles:
        if isinstance(one, Mapping):
            for name, value in one.items():
                checked(name, value)
        elif not isinstance(one, str) or (one != "default" and one not in known):
            raise OSError(
                f"{one!r} is none of the styles that come with matplotlib (see plt.style.available), and there are no files"
            )
    return [dict(one) if isinstance(one, Mapping) else str(one) for one in styles]


def use_style(style: Any) -> None:
    """Draw in a style that comes with matplotlib, or in these settings. OSError for an unknown name."""
    real: Any = importlib.import_module("matplotlib.style")
    real.use(_styles(style))


@contextlib.contextmanager
def style_context(style: Any, after_reset: bool = False) -> Iterator[None]:
    """A style for the plots inside the block."""
    real: Any = importlib.import_module("matplotlib.style")
    with real.context(_styles(style), after_reset=after_reset):
        yield


available: Final = list(importlib.import_module("matplotlib.style").available)
style: Final = SimpleNamespace(use=use_style, context=style_context, available=available)


def str_method_formatter(fmt: str) -> Any:
    """A formatter of ticks by ``str.format``, e.g. ``"{x:,.0f}"``; the fields are ``x`` and ``pos``. ValueError for others."""
    for _, field, spec, _ in string.Formatter().parse(str(fmt)):
        if field not in (None, "x", "pos") or "{" in (spec or ""):
            raise ValueError(f"{{{field}}}: a tick has the fields {{x}} and {{pos}} only")
    ticker: Any = importlib.import_module("matplotlib.ticker")
    return ticker.StrMethodFormatter(str(fmt))
