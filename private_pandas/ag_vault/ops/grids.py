"""SQL that puts a bounded column on a public grid of integers: clamp, scale, floor(x + 0.5), cast. Knows no measure.

Each function repeats in the engine, step by step in doubles, what ``exact`` did to the bounds. Every step is monotone, so what
lies between the bounds lands between their integers on every row. The clamp is the first step even for conforming columns:
sensitivity then rests on this file alone. The loader stores places that it makes by this file's words, once for all questions.
"""

from sqlglot import exp

from ag_vault.errors import Refusal
from ag_vault.exact import PLACES, SumGrid, UnitGrid
from ag_vault.expressions.term import SQL_TYPES, Scope, Term, case, combine, convert, literal, operand, real
from ag_vault.ops.column import bounds_of, unusable
from ag_vault.space import ColumnSpace, Kind


def clamped(term: Term, lower: float, upper: float, kind: Kind, scope: Scope) -> Term:
    """A bare column moved between its bounds; null stays null. NaN, which no column holds, would land on the upper bound."""
    named = scope.steps.name(term)
    return combine(term.space, _between(named.sql, literal(lower, kind), literal(upper, kind)), named)


def _between(value: exp.Expression, low: exp.Expression, high: exp.Expression) -> exp.Expression:
    return case(
        (exp.LT(this=value, expression=low), low),
        (exp.GT(this=value, expression=high), high),
        otherwise=value,
    )


def placed(name: str, term: Term, points: int, scope: Scope) -> tuple[Term, UnitGrid] | Refusal:
    """A bounded numeric column on a grid of so many points between its bounds. Refused where it has none, or no grid can stand on them."""
    bounds = bounds_of(name, term)
    if isinstance(bounds, Refusal):
        return bounds
    grid = UnitGrid.over(float(bounds[0]), float(bounds[1]), points)
    return unusable(name) if grid is None else (on_unit_grid(term, grid, scope), grid)


def on_unit_grid(term: Term, grid: UnitGrid, scope: Scope) -> Term:
    """The column's place on a grid between its bounds, 0 … points, as a named column; the stored one where that is what is stored."""
    stored = stored_place(term, grid.lower, grid.upper) if grid.points == PLACES else None
    if stored is not None:
        return stored
    inside = clamped(convert(term, "float"), grid.lower, grid.upper, "float", scope)
    return _rounded(_scaled(inside, grid), inside, grid.points, scope)


def _scaled(inside: Term, grid: UnitGrid) -> exp.Expression:
    # Less by zero is the same double: one pass over all rows is saved where bounds start there.
    minus = exp.Paren(this=exp.Sub(this=operand(inside), expression=real(grid.lower)))
    return exp.Mul(this=operand(inside) if grid.lower == 0 else minus, expression=real(grid.factor))


def addends(term: Term, grid: UnitGrid, scope: Scope) -> tuple[Term, int]:
    """What to add up for the column's places on a grid, and how many of its points one of these integers stands for: stored places, booleans, or places."""
    stored = stored_place(term, grid.lower, grid.upper)
    if stored is not None:
        return stored, grid.points // PLACES
    if term.space.kind == "bool":
        return scope.steps.name(term), grid.points
    return on_unit_grid(term, grid, scope), 1


def stored_place(term: Term, lower: float, upper: float) -> Term | None:
    """The stored places of a column between these very bounds, where there are any."""
    stored = term.stored
    if stored is None or (stored.lower, stored.upper) != (lower, upper):
        return None
    return Term(space=ColumnSpace(kind="int", lower=0, upper=PLACES, nullable=term.space.nullable), sql=stored.sql)


def to_store(value: exp.Expression, lower: float, upper: float) -> exp.Expression | None:
    """What the loader stores as the place of a float between its bounds: on_unit_grid's own words; None where no grid can stand between them."""
    grid = UnitGrid.over(lower, upper, PLACES)
    if grid is None:
        return None
    space = ColumnSpace(kind="float", lower=lower, upper=upper)
    inside = Term(space=space, sql=_between(value, real(lower), real(upper)), depth=1)
    return _whole(_scaled(inside, grid))


def coarser(place: Term, bits: int, points: int, scope: Scope) -> Term:
    """A place of a unit grid on one with 2^``bits`` times fewer points, to the nearest, as a named column."""
    half = exp.Paren(this=exp.Add(this=place.sql, expression=exp.Literal.number(1 << bits - 1)))
    sql = exp.BitwiseRightShift(this=half, expression=exp.Literal.number(bits))
    space = ColumnSpace(kind="int", lower=0, upper=points, nullable=place.space.nullable)
    return scope.steps.name(combine(space, sql, place), sure=True)


def on_sum_grid(term: Term, grid: SumGrid, scope: Scope) -> Term:
    """The column in steps of the grid, as a named column; integers on steps of one stay as they are, and so do booleans, which an engine adds as 0 and 1."""
    if term.space.kind == "bool":
        return scope.steps.name(term)
    lower, upper = term.space.bounds or (0, 0)
    if grid.exponent == 0 and term.space.kind != "float":
        return scope.steps.name(clamped(convert(term, "int"), lower, upper, "int", scope))
    inside = clamped(convert(term, "float"), float(lower), float(upper), "float", scope)
    scaled = exp.Mul(this=operand(inside), expression=real(2.0**-grid.exponent))
    return _rounded(scaled, inside, grid.reach, scope)


def on_integers(term: Term, lower: int, upper: int, scope: Scope) -> Term:
    """An integer column's distance from its lower bound, as a named column. The caller saw that it fits 64 bits."""
    kind: Kind = "int" if term.space.kind == "bool" else term.space.kind
    inside = clamped(convert(term, kind), lower, upper, kind, scope)
    sql = exp.Sub(this=operand(inside), expression=literal(lower, "int"))
    space = ColumnSpace(kind="int", lower=0, upper=upper - lower, nullable=term.space.nullable)
    return scope.steps.name(combine(space, sql, inside))


def _rounded(scaled: exp.Expression, inside: Term, points: int, scope: Scope) -> Term:
    """Sure: whatever double comes, NaN too, is clamped first, and all that lies between the bounds lands between -points and points."""
    space = ColumnSpace(kind="int", lower=-points, upper=points, nullable=inside.space.nullable)
    return scope.steps.name(combine(space, _whole(scaled), inside), sure=True)


def _whole(scaled: exp.Expression) -> exp.Expression:
    """The nearest integer, halves up."""
    return exp.Cast(this=exp.Floor(this=exp.Add(this=scaled, expression=real(0.5))), to=SQL_TYPES["int"].copy())
