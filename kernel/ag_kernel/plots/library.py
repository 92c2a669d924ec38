"""matplotlib imported in the one right way: it draws in memory, with its own fonts, and nobody's settings files are read or written.

Everything it reads at import is read in the nursery. It must not know cells or figures.
"""

import importlib
import io
import os
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Final

from ag_kernel.plots import texts

_SETTINGS_FOLDER: Final = "MPLCONFIGDIR"
_PRELOADED: Final = (
    "matplotlib.pyplot",
    "matplotlib.style",
    "mpl_toolkits.mplot3d",
    "pandas.plotting._matplotlib",
    "PIL.PngImagePlugin",
)


@cache
def prepare() -> None:
    """Import what draws, once. A list of fonts is made in a folder that is thrown away; fonts of the host are left out of it."""
    if "matplotlib" not in sys.modules:
        with tempfile.TemporaryDirectory(prefix="ag-plots-") as folder:
            os.environ[_SETTINGS_FOLDER] = folder
            importlib.import_module("matplotlib").use("agg")
            importlib.import_module("matplotlib.font_manager")
    for name in _PRELOADED:
        importlib.import_module(name)
    texts.bind()
    _keep_own_fonts()
    _await_helpers()


def _keep_own_fonts() -> None:
    """Fonts of the host are no public code: a jail couldn't read them, and plots would differ from host to host."""
    matplotlib = importlib.import_module("matplotlib")
    fonts = importlib.import_module("matplotlib.font_manager").fontManager
    own = Path(matplotlib.get_data_path()).resolve()
    fonts.ttflist = [font for font in fonts.ttflist if own in Path(font.fname).resolve().parents]
    fonts.afmlist = []


def _await_helpers() -> None:
    """The timer that would have spoken of a slow search for fonts: a nursery has one thread."""
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and isinstance(thread, threading.Timer):
            thread.cancel()
            thread.join()


def rehearse() -> None:
    """Draw one small plot, so that what is made at first use is there. No font file stays open: children couldn't read from it."""
    prepare()
    plots = importlib.import_module("matplotlib.pyplot")
    fonts = importlib.import_module("matplotlib.font_manager")
    figure, axes = plots.subplots()
    axes.plot([1, 2], label="a")
    axes.bar([1, 2], [1, 2])
    axes.set_title("b")
    axes.legend()
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
    plots.close(figure)
    fonts._get_font.cache_clear()  # noqa: SLF001 - what matplotlib itself does after a fork
