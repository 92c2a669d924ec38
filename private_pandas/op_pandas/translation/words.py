"""Expressions of the plan, each distinct one made once and folded where it is public. Must not know Python's functions.

Conditions made here are true or false on every row, never null: who builds one from operands that may be missing says so.
"""

from typing import Any

from ag_plan.expressions import (
    Binary,
    BinaryOperator,
    Cast,
    CastTarget,
    Choose,
    Clamp,
    Coalesce,
    Column,
    Constant,
    Expression,
    Instant,
    Scalar,
    Unary,
    UnaryOperator,
)

TRUE: Expression = Constant(value=True)
FALSE: Expression = Constant(value=False)
NULL: Expression = Constant(value=None)
_NULL_PASSING = {"is_null", "and", "or"}


class Words:
    """The expressions of one translation; the same parts give the same object, so that identity is equality."""

    def __init__(self) -> None:
        self._made: dict[Any, Expression] = {}

    def make(self, word: type[Expression], **fields: Any) -> Expression:
        """An expression, or the one that was made of the same parts before."""
        parts = tuple(id(v) if isinstance(v, Expression) else (type(v), repr(v)) for v in fields.values())
        key = (word, parts)
        if key not in self._made:
            # The operands live on inside the expression, so that their identities stay theirs.
            self._made[key] = word(**fields)
        return self._made[key]

    def constant(self, value: Scalar) -> Expression:
        """A public value; the two truths and null are themselves."""
        if value is None:
            return NULL
        if isinstance(value, bool):
            return TRUE if value else FALSE
        return self.make(Constant, value=value)

    def instant(self, micros: int) -> Expression:
        """A public point in time."""
        return self.make(Instant, micros=micros)

    def column(self, name: str) -> Expression:
        """A column by name."""
        return self.make(Column, name=name)

    def unary(self, operator: UnaryOperator, operand: Expression) -> Expression:
        """An operator of one operand."""
        return self.make(Unary, operator=operator, operand=operand)

    def binary(self, operator: BinaryOperator, left: Expression, right: Expression) -> Expression:
        """An operator of two operands."""
        return self.make(Binary, operator=operator, left=left, right=right)

    def cast(self, operand: Expression, to: CastTarget) -> Expression:
        """The operand in another kind."""
        return self.make(Cast, operand=operand, to=to)

    def clamp(self, operand: Expression, lower: float, upper: float) -> Expression:
        """The operand between bounds."""
        return self.make(Clamp, operand=operand, lower=lower, upper=upper)

    def coalesce(self, operand: Expression, fallback: Expression) -> Expression:
        """The operand, or the fallback where it is null."""
        return self.make(Coalesce, operand=operand, fallback=fallback)

    # Conditions -------------------------------------------------------------------------------------------

    def is_null(self, operand: Expression) -> Expression:
        """Whether the operand is missing."""
        if isinstance(operand, Constant):
            return TRUE if operand.value is None else FALSE
        return self.unary("is_null", operand)

    def negated(self, condition: Expression) -> Expression:
        """Not."""
        if condition is TRUE:
            return FALSE
        if condition is FALSE:
            return TRUE
        if isinstance(condition, Unary) and condition.operator == "not":
            return condition.operand
        return self.unary("not", condition)

    def both(self, left: Expression, right: Expression) -> Expression:
        """And."""
        if left is FALSE or right is FALSE:
            return FALSE
        if left is TRUE or left is right:
            return right
        return left if right is TRUE else self.binary("and", left, right)

    def either(self, left: Expression, right: Expression) -> Expression:
        """Or."""
        if left is TRUE or right is TRUE:
            return TRUE
        if left is FALSE or left is right:
            return right
        return left if right is FALSE else self.binary("or", left, right)

    def choose(self, condition: Expression, then: Expression, otherwise: Expression) -> Expression:
        """One of two values."""
        if condition is TRUE or then is otherwise:
            return then
        if condition is FALSE:
            return otherwise
        if then is TRUE and otherwise is FALSE:
            return condition
        if then is FALSE and otherwise is TRUE:
            return self.negated(condition)
        if isinstance(condition, Unary) and condition.operator == "not":
            return self.choose(condition.operand, otherwise, then)
        if isinstance(condition, Unary) and condition.operator == "is_null":
            operand = condition.operand
            if (then is NULL or then is operand) and is_strict(otherwise, operand):
                return otherwise
        shared = self._shared(condition, then, otherwise)
        return shared or self.make(Choose, condition=condition, then=then, otherwise=otherwise)

    def _shared(self, condition: Expression, then: Expression, otherwise: Expression) -> Expression | None:
        """``x + k if c else x`` as ``x + (k if c else 0)``: a score that grows step by step stays small."""
        for one, other, swapped in ((then, otherwise, False), (otherwise, then, True)):
            if isinstance(one, Binary) and one.operator in ("add", "sub") and one.left is other:
                zero = self._zero(one.right)
                if zero is not None:
                    pair = (zero, one.right) if swapped else (one.right, zero)
                    return self.binary(one.operator, one.left, self.choose(condition, *pair))
        return None

    def _zero(self, amount: Expression) -> Expression | None:
        if not isinstance(amount, Constant) or not isinstance(amount.value, int | float):
            return None
        return self.constant(0 if isinstance(amount.value, int) else 0.0)


def is_strict(expression: Expression, operand: Expression, deepest: int = 12) -> bool:
    """Whether the expression is surely null where the operand is."""
    if expression is operand:
        return True
    if not deepest or isinstance(expression, Choose | Coalesce) or _passes_null(expression):
        return False
    parts = (getattr(expression, name) for name in expression.__struct_fields__)
    return any(isinstance(part, Expression) and is_strict(part, operand, deepest - 1) for part in parts)


def _passes_null(expression: Expression) -> bool:
    return getattr(expression, "operator", None) in _NULL_PASSING or type(expression).__name__ == "IsIn"
