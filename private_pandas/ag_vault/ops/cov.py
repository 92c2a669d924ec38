"""The measures ``Cov`` and ``Corr``: which decomposition of second moments is used for how many columns. Know no noise and no group."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

from ag_plan.releases import Corr, Cov
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope, Term
from ag_vault.ops.bernstein import POINTS, powers
from ag_vault.ops.coins import MOST_COINS, Coins, Steps
from ag_vault.ops.column import each
from ag_vault.ops.comoments import aggregates, complete
from ag_vault.ops.grids import placed
from ag_vault.ops.moments import MOST_DDOF
from ag_vault.ops.pair import pair
from ag_vault.ops.rows import Rows
from ag_vault.ops.signed import Signed, Weights
from ag_vault.parts import Measured, Sums

MOST_COLUMNS = 100
_TWO = 2


def rule(node: Cov | Corr, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: two or more bounded numeric columns. Gives: a number per pair. Sensitivity: one row's weight, or the claim of ``coins`` or ``signed``.

    Why three ways: for two columns products of their weights have the least error, for some hidden coins, for many the signed vector.
    Fails: without bounds, by kind, by the number of columns, or where doubles can't hold the grid; never on a row.
    """
    if not _TWO <= len(node.columns) <= MOST_COLUMNS:
        return Refusal(
            code="bad_columns",
            why=f"pairs are taken of 2 to {MOST_COLUMNS} columns, not of {len(node.columns)}",
            instead="select the columns to compare",
        )
    ddof, own = (node.ddof, node.own) if isinstance(node, Cov) else (None, False)
    if ddof is not None and not 0 <= ddof <= MOST_DDOF:
        return Refusal(code="bad_ddof", why=f"ddof must lie between 0 and {MOST_DDOF}")
    found = each(node.columns, rows, lambda name, term: _placed(name, term, scope))
    if isinstance(found, Refusal):
        return found
    places, widths = zip(*found, strict=True)
    part = _part(places, widths, scope, ddof, own=own)
    return Measured(
        columns=("cov" if isinstance(node, Cov) else "corr",),
        labels=_labels(node.columns, own=own),
        parts=(part,),
        shares=(Fraction(1),),
        layout=((0,),),
    )


def _part(places: Sequence[Term], widths: tuple[float, ...], scope: Scope, ddof: int | None, *, own: bool) -> Sums:
    """The decomposition with the least error for so many columns."""
    columns = len(places)
    if columns == _TWO:
        degree = _TWO if own or ddof is None else 1
        rows, whole = complete(places, scope)
        one, other = (powers(place, degree, scope) for place in whole)
        return pair(rows, one, other, (widths[0], widths[1]), ddof=ddof, own=own)
    sums = aggregates(places, scope)
    if columns <= MOST_COINS:
        steps = Steps.of(columns)
        return Coins(l1=steps.reach(columns), aggregates=sums, widths=widths, ddof=ddof, own=own, steps=steps)
    chosen = Weights.of(columns)
    return Signed(l1=chosen.reach(columns), aggregates=sums, widths=widths, ddof=ddof, own=own, weights=chosen)


def _placed(name: str, term: Term, scope: Scope) -> tuple[Term, float] | Refusal:
    """The column's place on the grid, and how wide it is between its bounds."""
    found = placed(name, term, POINTS, scope)
    return found if isinstance(found, Refusal) else (found[0], found[1].upper - found[1].lower)


def _labels(columns: tuple[str, ...], *, own: bool) -> tuple[tuple[str, str], ...]:
    pairs = tuple((one, other) for one, other in combinations(columns, _TWO))
    return (*pairs, *((name, name) for name in columns)) if own else pairs
