# What a cell sees of matplotlib, generous on purpose: values of public data are Any, so that only what is certainly wrong is refused.
# tests/kernel/compiler/test_stubs.py compares the names with the real module under the kernel's table of offers.

from typing import Any

from matplotlib import axes as axes
from matplotlib import cm as cm
from matplotlib import collections as collections
from matplotlib import colors as colors
from matplotlib import dates as dates
from matplotlib import figure as figure
from matplotlib import gridspec as gridspec
from matplotlib import lines as lines
from matplotlib import patches as patches
from matplotlib import patheffects as patheffects
from matplotlib import pyplot as pyplot
from matplotlib import style as style
from matplotlib import ticker as ticker
from matplotlib import transforms as transforms

__version__: str

colormaps: Any
rc: Any
rcParams: Any
rc_context: Any
rcdefaults: Any
use: Any
