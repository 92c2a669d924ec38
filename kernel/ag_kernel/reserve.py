"""Memory that a cell can't have: kept while the analyst's code runs, let go for what comes before and after it.

Without it a cell that fills the session's memory leaves none to parse the next one with, and an interpreter out of memory
in its own parser crashes. It must not know cells.
"""

import contextlib
import mmap
from collections.abc import Iterator
from typing import Final

_BYTES: Final = 24 << 20
_KIND: Final = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
"""As the limit counts it; pages never written take no memory of the host's."""


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Inside, that much memory is taken. Where it can't be had, what runs inside must do with what is there: it may be what frees some."""
    try:
        reserve = mmap.mmap(-1, _BYTES, flags=_KIND)
    except OSError:
        yield
        return
    with contextlib.closing(reserve):
        yield
