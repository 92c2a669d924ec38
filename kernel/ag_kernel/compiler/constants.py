"""How large a number or text is that a cell writes out as arithmetic of constants: `10 ** 10 ** 9` is known to be too much before it is run.

Python, and the type checker too, work such arithmetic out while they read it. It must not work out anything large itself.
"""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_BITS: Final = 1_000_000
MOST_CHARACTERS: Final = 10_000_000
GROWING: Final = (ast.Pow, ast.LShift, ast.Mult)
Known = int | str | bytes | None


def too_large(node: ast.BinOp) -> bool:
    """Whether the value of this arithmetic is known from its constants alone, and larger than any cell needs."""
    try:
        _value(node)
    except OverflowError:
        return True
    except RecursionError:  # too deep to be read at all, which the walk over the tree says better
        return False
    return False


def _value(node: ast.expr) -> Known:
    """The constant; None where it is no constant or not of a kind that grows. OverflowError where it is too large."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, int | str | bytes) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _value(node.operand)
        return -inner if isinstance(inner, int) else None
    if not isinstance(node, ast.BinOp):
        return None
    left, right = _value(node.left), _value(node.right)
    if isinstance(left, int) and isinstance(right, int):
        return _number(node.op, left, right)
    if isinstance(node.op, ast.Mult):
        _demand_text(left, right)
        _demand_text(right, left)
    return None


def _demand_text(text: Known, times: Known) -> None:
    if isinstance(text, str | bytes) and isinstance(times, int) and len(text) * times > MOST_CHARACTERS:
        raise OverflowError


def _number(sign: ast.operator, left: int, right: int) -> int | None:
    if isinstance(sign, ast.Pow | ast.LShift) and right < 0:
        return None
    worked_out = _OPERATORS.get(type(sign))
    if worked_out is None:
        return None
    bits, work = worked_out
    if bits(abs(left), abs(right)) > MOST_BITS:
        raise OverflowError
    return work(left, right)


# Operator → how many bits the result has at most, and the result.
_OPERATORS: Final[Mapping[type[ast.operator], tuple[Callable[[int, int], int], Callable[[int, int], int]]]] = {
    ast.Pow: (lambda left, right: left.bit_length() * right if left > 1 else 1, operator.pow),
    ast.LShift: (lambda left, right: left.bit_length() + right, operator.lshift),
    ast.Mult: (lambda left, right: left.bit_length() + right.bit_length(), operator.mul),
    ast.Add: (lambda left, right: max(left, right).bit_length() + 1, operator.add),
    ast.Sub: (lambda left, right: max(left, right).bit_length() + 1, operator.sub),
}
