"""Values as text in the layouts of f-strings: a short closed set, so that no width is a bomb. Knows no program."""

import datetime as dt
import re
from typing import Any, Final

from ag_mapper.errors import Spent
from ag_mapper.methods import METHODS
from ag_mapper.values import NUMBERS, Tank, sized

_LAYOUT: Final = re.compile(r"(?:[^{}]?[<>=^])?[-+ ]?#?0?\d{0,3}[,_]?(?:\.\d{1,2})?[bcdeEfFgGnosxX%]?")
_LONGEST: Final = 64


def usable(layout: str) -> bool:
    """Whether a layout may stand in a program: one of a value, or one of a point in time."""
    return len(layout) <= _LONGEST and (_LAYOUT.fullmatch(layout) is not None or "%" in layout)


def shown(tank: Tank, value: Any, layout: str) -> str:
    """``format(value, layout)``. Spent for lists and the like, whose text is as long as they like."""
    kind = type(value)
    if kind in NUMBERS or kind is str or value is None:
        if not _LAYOUT.fullmatch(layout):
            raise ValueError
        found = format(value, layout)
        tank.take(len(found) >> 2)
        return sized(tank, found)  # type: ignore[no-any-return]
    if kind is dt.datetime or kind is dt.date:
        return METHODS["strftime"][kind](tank, value, layout) if layout else str(value)
    raise Spent
