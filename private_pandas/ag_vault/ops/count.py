"""The measures ``Size`` and ``Count``: rows, and non-null values of columns. Know no kind: anything can be counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from ag_plan.releases import Count, Size
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term
from ag_vault.ops.column import each
from ag_vault.ops.rows import Rows
from ag_vault.parts import LAPLACE_95, Estimate, Measured, Sums, evenly


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Sums):
    """One count. Sensitivity: a row adds 0 or 1. Released as it is, also below zero: cutting would bias sums of groups."""

    l1: int = 1

    @property
    def weight(self) -> int | None:
        """A row counts once."""
        return 1

    def vector(self, sums: Sequence[int]) -> tuple[int, ...]:
        """The count itself."""
        return (sums[0],)

    def read(self, noisy: Sequence[int], scale: float) -> tuple[Estimate, ...]:
        """The noisy count."""
        return (Estimate(value=noisy[0], half_width=LAPLACE_95 * scale, scale=scale),)

    def expect(self, scale: float) -> tuple[float | None, ...]:
        """Exact: the noise is all there is."""
        return (LAPLACE_95 * scale,)


def size(node: Size, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: rows. Gives: their number. Sensitivity: L1 = 1. Fails: never."""
    del node, rows, scope
    part = Counted(aggregates=(exp.Count(this=exp.Star()),))
    return Measured(columns=("size",), labels=((),), parts=(part,), shares=evenly((part,)), layout=((0,),))


def count(node: Count, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: columns of any kind. Gives: their non-null values' number. Sensitivity: L1 = the number of different counts.

    Why: columns that hold no null all have the same count, which is released once for all of them. Fails: by names alone.
    """
    del scope
    terms = each(node.columns, rows, lambda name, term: term)  # noqa: ARG005 - the column itself is all that is needed
    if isinstance(terms, Refusal):
        return terms
    parts: list[Counted] = []
    layout: list[tuple[int, ...]] = []
    shared: int | None = None
    for term in terms:
        if term.space.nullable or shared is None:
            parts.append(Counted(aggregates=(counted(term),)))
            shared = shared if term.space.nullable else len(parts) - 1
            layout.append((len(parts) - 1,))
        else:
            layout.append((shared,))
    return Measured(columns=node.columns, labels=((),), parts=tuple(parts), shares=evenly(parts), layout=tuple(layout))


def counted(term: Term) -> exp.Expression:
    """The number of a column's non-null values; of all rows, which an engine knows for nothing, where none can be null."""
    return exp.Count(this=term.sql.copy() if term.space.nullable else exp.Star())
