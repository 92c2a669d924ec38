"""What goes wrong with programs: with the text of one, which is refused before a row is read, or on a value, which makes that null.

Errors that a program may raise and catch are Python's own, by the names in ``RAISED``.

Exception
└── BadProgram      the program has no meaning; one sentence, made of its own words
BaseException
└── Spent           a value took more steps, or more room, than any may; no program catches it
"""

import builtins
from collections.abc import Mapping
from typing import Final


class BadProgram(Exception):
    """The program can't be run, whatever it is given."""


class Spent(BaseException):
    """One value asked for more than its share."""


RAISED: Final[Mapping[str, type[Exception]]] = {
    name: getattr(builtins, name)
    for name in (
        "ArithmeticError", "AssertionError", "AttributeError", "Exception", "IndexError", "KeyError", "LookupError",
        "NotImplementedError", "OverflowError", "RuntimeError", "StopIteration", "TypeError", "UnicodeError",
        "ValueError", "ZeroDivisionError",
    )
}  # fmt: skip
"""Errors by the names that a program may raise them by, or catch them."""
