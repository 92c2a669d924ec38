"""The measure ``Nunique``: how many different values columns hold. Knows no kind: any values are equal or not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from ag_plan.releases import Nunique
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term
from ag_vault.ops.column import each
from ag_vault.ops.count import Counted
from ag_vault.ops.rows import Rows
from ag_vault.parts import Estimate, Measured, evenly
from ag_vault.space import ColumnSpace


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinguished(Counted):
    """The number of different values. Sensitivity: a row more adds its value where no other row has it: 0 or 1. It counts no rows.

    What is told lies between 0 and ``most``, how many values there may be: that is public, and no sum is made of such numbers.
    """

    most: int | None = None

    @property
    def weight(self) -> None:
        """As the base says."""
        return

    def read(self, noisy: Sequence[int], scale: float) -> tuple[Estimate, ...]:
        """The noisy number, moved to where the exact one lies."""
        (whole,) = super(Distinguished, self).read(noisy, scale)
        within = max(0, noisy[0]) if self.most is None else min(max(0, noisy[0]), self.most)
        return (replace(whole, value=within),)


def rule(node: Nunique, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: columns of any kind. Gives: the number of different non-null values in each. Sensitivity: L1 = 1 each. Fails: on names."""
    del scope

    def part(name: str, term: Term) -> Distinguished:
        del name
        aggregate = exp.Count(this=exp.Distinct(expressions=[term.sql.copy()]))
        return Distinguished(aggregates=(aggregate,), most=_values(term.space))

    parts = each(node.columns, rows, part)
    if isinstance(parts, Refusal):
        return parts
    layout = tuple((number,) for number in range(len(parts)))
    return Measured(columns=node.columns, labels=((),), parts=tuple(parts), shares=evenly(parts), layout=layout)


def _values(space: ColumnSpace) -> int | None:
    """How many values a column may hold; None where that is not public."""
    if space.categories is not None:
        return len(space.categories)
    if space.kind not in ("bool", "int") or space.bounds is None:
        return None
    return int(space.bounds[1]) - int(space.bounds[0]) + 1
