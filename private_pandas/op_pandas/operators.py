"""Python's and pandas' operators on private columns, as words of the plan; shared by series and frames.

Must not know how two operands are brought together: series and frames say that.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, Union

import numpy as np

from ag_plan.expressions import BinaryOperator, UnaryOperator
from op_pandas.scalars import PublicScalar

if TYPE_CHECKING:
    from op_pandas.frame import PrivateDataFrame
    from op_pandas.series import PrivateSeries

Operand: TypeAlias = Union["PrivateSeries", "PrivateDataFrame", PublicScalar]
Result = TypeVar("Result")


class Operators(ABC, Generic[Result]):
    """Arithmetic, comparison and logic, row by row: free, total (x/0 is null) and private."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    @abstractmethod
    def _binary(self, operator: BinaryOperator, other: Operand, *, reflected: bool = False) -> Result:
        """The operator between this and another operand; ``reflected`` where this is the right one."""

    @abstractmethod
    def _unary(self, operator: UnaryOperator) -> Result:
        """The operator on this alone."""

    def __add__(self, other: Operand) -> Result:
        return self._binary("add", other)

    def __radd__(self, other: Operand) -> Result:
        return self._binary("add", other, reflected=True)

    def __sub__(self, other: Operand) -> Result:
        return self._binary("sub", other)

    def __rsub__(self, other: Operand) -> Result:
        return self._binary("sub", other, reflected=True)

    def __mul__(self, other: Operand) -> Result:
        return self._binary("mul", other)

    def __rmul__(self, other: Operand) -> Result:
        return self._binary("mul", other, reflected=True)

    def __truediv__(self, other: Operand) -> Result:
        return self._binary("div", other)

    def __rtruediv__(self, other: Operand) -> Result:
        return self._binary("div", other, reflected=True)

    def __floordiv__(self, other: Operand) -> Result:
        return self._binary("floordiv", other)

    def __rfloordiv__(self, other: Operand) -> Result:
        return self._binary("floordiv", other, reflected=True)

    def __mod__(self, other: Operand) -> Result:
        return self._binary("mod", other)

    def __rmod__(self, other: Operand) -> Result:
        return self._binary("mod", other, reflected=True)

    def __pow__(self, other: Operand) -> Result:
        return self._binary("pow", other)

    def __rpow__(self, other: Operand) -> Result:
        return self._binary("pow", other, reflected=True)

    def __eq__(self, other: Operand) -> Result:  # type: ignore[override]
        return self._binary("eq", other)

    def __ne__(self, other: Operand) -> Result:  # type: ignore[override]
        return self._binary("ne", other)

    def __lt__(self, other: Operand) -> Result:
        return self._binary("lt", other)

    def __le__(self, other: Operand) -> Result:
        return self._binary("le", other)

    def __gt__(self, other: Operand) -> Result:
        return self._binary("gt", other)

    def __ge__(self, other: Operand) -> Result:
        return self._binary("ge", other)

    def __and__(self, other: Operand) -> Result:
        return self._binary("and", other)

    def __rand__(self, other: Operand) -> Result:
        return self._binary("and", other, reflected=True)

    def __or__(self, other: Operand) -> Result:
        return self._binary("or", other)

    def __ror__(self, other: Operand) -> Result:
        return self._binary("or", other, reflected=True)

    def __xor__(self, other: Operand) -> Result:
        return self._binary("xor", other)

    def __rxor__(self, other: Operand) -> Result:
        return self._binary("xor", other, reflected=True)

    def __neg__(self) -> Result:
        return self._unary("neg")

    def __pos__(self) -> Result:
        return self._binary("add", 0)

    def __invert__(self) -> Result:
        return self._unary("not")

    def __abs__(self) -> Result:
        return self._unary("abs")

    def abs(self) -> Result:
        """The absolute value of each value."""
        return self._unary("abs")

    add, radd = __add__, __radd__
    sub, subtract, rsub = __sub__, __sub__, __rsub__
    mul, multiply, rmul = __mul__, __mul__, __rmul__
    div, divide, truediv, rdiv, rtruediv = __truediv__, __truediv__, __truediv__, __rtruediv__, __rtruediv__
    floordiv, rfloordiv = __floordiv__, __rfloordiv__
    mod, rmod = __mod__, __rmod__
    pow, rpow = __pow__, __rpow__
    eq, ne, lt, le, gt, ge = __eq__, __ne__, __lt__, __le__, __gt__, __ge__

    def __array_ufunc__(self, ufunc: "np.ufunc", method: str, *inputs: Any, **options: Any) -> Result:
        """Numpy's functions where they are words of the plan, e.g. ``np.log(series)``; TypeError for the rest."""
        if method == "__call__" and not options:
            if ufunc in _UNARY_UFUNCS and len(inputs) == 1:
                return self._unary(_UNARY_UFUNCS[ufunc])
            if ufunc in _COMPOSED and len(inputs) == 1:
                made: Result = _COMPOSED[ufunc](self)
                return made
            if ufunc in _BINARY_UFUNCS and not isinstance(inputs[0], np.ndarray):
                reflected = inputs[0] is not self
                other = inputs[0] if reflected else inputs[1]
                return self._binary(_BINARY_UFUNCS[ufunc], other, reflected=reflected)
        raise TypeError(
            f"np.{ufunc.__name__} is not available on a {type(self).__name__}; release a statistic of it first"
        )


_UNARY_UFUNCS: dict[Callable[..., Any], UnaryOperator] = {
    np.negative: "neg", np.absolute: "abs", np.fabs: "abs", np.floor: "floor", np.ceil: "ceil", np.rint: "round",
    np.sqrt: "sqrt", np.exp: "exp", np.log: "log", np.log2: "log2", np.log10: "log10", np.sin: "sin", np.cos: "cos",
    np.tan: "tan", np.arctan: "atan", np.logical_not: "not", np.invert: "not", np.isnan: "is_null",
}  # fmt: skip

_COMPOSED: dict[Callable[..., Any], Callable[[Any], Any]] = {
    np.log1p: lambda value: (value + 1)._unary("log"),  # noqa: SLF001 - one room
    np.expm1: lambda value: value._unary("exp") - 1,  # noqa: SLF001 - as above
    np.square: lambda value: value * value,
    np.reciprocal: lambda value: 1 / value,
    np.isfinite: lambda value: ~value._unary("is_null"),  # noqa: SLF001 - as above
}
"""Ufuncs that are made of words of the plan; what is infinite is missing here."""

_BINARY_UFUNCS: dict[Callable[..., Any], BinaryOperator] = {
    np.add: "add", np.subtract: "sub", np.multiply: "mul", np.true_divide: "div", np.floor_divide: "floordiv",
    np.remainder: "mod", np.power: "pow", np.float_power: "pow", np.equal: "eq", np.not_equal: "ne", np.less: "lt",
    np.less_equal: "le", np.greater: "gt", np.greater_equal: "ge", np.logical_and: "and", np.logical_or: "or",
    np.logical_xor: "xor", np.bitwise_and: "and", np.bitwise_or: "or", np.bitwise_xor: "xor", np.minimum: "least",
    np.maximum: "greatest", np.fmin: "least", np.fmax: "greatest",
}  # fmt: skip
