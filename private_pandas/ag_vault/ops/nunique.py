"""The measure ``Nunique``: how many different values columns hold. Knows no kind: any values are equal or not."""

from dataclasses import dataclass

from sqlglot import exp

from ag_plan.releases import Nunique
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term
from ag_vault.ops.column import each
from ag_vault.ops.count import Counted
from ag_vault.ops.rows import Rows
from ag_vault.parts import Measured, evenly


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinguished(Counted):
    """The number of different values. Sensitivity: a row more adds its value where no other row has it: 0 or 1. It counts no rows."""

    @property
    def weight(self) -> None:
        """As the base says."""
        return


def rule(node: Nunique, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: columns of any kind. Gives: the number of different non-null values in each. Sensitivity: L1 = 1 each. Fails: on names."""
    del scope

    def part(name: str, term: Term) -> Distinguished:
        del name
        return Distinguished(aggregates=(exp.Count(this=exp.Distinct(expressions=[term.sql.copy()])),))

    parts = each(node.columns, rows, part)
    if isinstance(parts, Refusal):
        return parts
    layout = tuple((number,) for number in range(len(parts)))
    return Measured(columns=node.columns, labels=((),), parts=tuple(parts), shares=evenly(parts), layout=layout)
