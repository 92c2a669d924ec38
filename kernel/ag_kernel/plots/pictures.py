"""A figure as a picture, and the figures a cell has left open. It must not know who looks at them.

Which format: PNG, or SVG where the session's `plt.rcParams["savefig.format"]` says so.
"""

import base64
import importlib
import io
import sys
from collections.abc import Callable
from typing import Any, Final

PNG: Final = "image/png"
SVG: Final = "image/svg+xml"
_FIGURE: Final = ("matplotlib.figure", "Figure")


def is_figure(value: Any) -> bool:
    """Whether a value is a figure itself, not of a class made of it; matplotlib isn't imported to find out."""
    kind = type(value)
    return (kind.__module__, kind.__qualname__) == _FIGURE and kind is sys.modules[_FIGURE[0]].Figure


def picture(figure: Any) -> dict[str, str]:
    """The figure drawn: mime type → PNG in base64, or SVG. A figure with nothing on it is no picture. Raises what drawing raises."""
    if not (figure.axes or figure.lines or figure.texts or figure.images or figure.patches or figure.legends):
        return {}
    chosen = importlib.import_module("matplotlib").rcParams["savefig.format"]
    mime, written = _FORMATS.get(chosen, _FORMATS["png"])
    drawn = io.BytesIO()
    figure.savefig(drawn, format=mime.partition("/")[2].partition("+")[0], bbox_inches="tight")
    return {mime: written(drawn.getvalue())}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


_FORMATS: Final[dict[str, tuple[str, Callable[[bytes], str]]]] = {"png": (PNG, _base64), "svg": (SVG, bytes.decode)}


def show_open(show: Callable[[Any], None]) -> None:
    """Hand every open figure to ``show``, oldest first, and close it, as notebooks do at the end of a cell."""
    if "matplotlib.pyplot" not in sys.modules:
        return
    plots = sys.modules["matplotlib.pyplot"]
    try:
        for number in plots.get_fignums():
            show(plots.figure(number))
    finally:
        plots.close("all")


def close(figure: Any) -> None:
    """A figure that was shown is not shown again at the end of the cell."""
    sys.modules["matplotlib.pyplot"].close(figure)


def close_open() -> None:
    """Forget the open figures of a cell that failed."""
    show_open(lambda _figure: None)
