"""The measures ``Var``, ``Std`` and ``Moments``, and the moments of ``Describe``: three non-negative parts per row. Knows no noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from ag_plan.releases import Moments as Asked
from ag_plan.releases import Std, Var
from ag_vault.errors import Refusal
from ag_vault.exact import PLACES, UNIT_BITS, UnitGrid
from ag_vault.expressions.term import Scope, Term
from ag_vault.ops.column import each
from ag_vault.ops.count import counted
from ag_vault.ops.grids import placed
from ag_vault.ops.rows import Rows
from ag_vault.ops.shape import deviation
from ag_vault.ops.spread import half_width
from ag_vault.parts import Estimate, Measured, Sums, evenly

POINTS = PLACES
WEIGHT = 1 << UNIT_BITS
COARSE = POINTS * POINTS // WEIGHT

Statistic = Literal["count", "mean", "std", "var"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments(Sums):
    """Σ(M - t)², Σ2t(M - t) and Σt² over the non-null rows, t in 0 … M = 2^31, each rounded down to steps of g = 2^30.

    Sensitivity: one row moves the three by a, b, c ≥ 0 with a + b + c = M², and each quotient by at most its ceiling:
    ⌈a/g⌉ + ⌈b/g⌉ + ⌈c/g⌉ ≤ M²/g + 2, as three ceilings round up by less than three in all: L1 = 2^32 + 2.
    Why: the weights of two draws from {0, 1} with odds t: a count, a mean and a variance for the price of one count.
    Numbers: t² and every product fit 64 bits, sums 128; 2^30 rows stay below 2^62; a row's place is off by at most 2^-32 of the
    width between the bounds, below the noise of 2^30 rows at ε = 1, which is about 2^-30.
    """

    l1: int = WEIGHT + 2
    grid: UnitGrid
    statistics: tuple[Statistic, ...]
    ddof: int = 1

    @property
    def weight(self) -> int:
        """(M - t)² + 2t(M - t) + t² = M² for each row, rounded down."""
        return WEIGHT

    @property
    def step(self) -> float:
        """In rows."""
        return 1 / WEIGHT

    def vector(self, sums: Sequence[int]) -> tuple[int, ...]:
        """The three sums on the coarse grid, from a count, Σt and Σt²."""
        rows, first, second = sums
        low = rows * POINTS * POINTS - 2 * POINTS * first + second
        mixed = 2 * POINTS * first - 2 * second
        return low // COARSE, mixed // COARSE, second // COARSE

    def read(self, noisy: Sequence[int], scale: float) -> tuple[Estimate, ...]:
        """Each statistic from the three noisy parts."""
        return tuple(_STATISTICS[name](self, noisy, scale) for name in self.statistics)

    def expect(self, scale: float) -> tuple[float | None, ...]:
        """A count's half-width; None for what depends on how many rows there are."""
        width = half_width((1, 1, 1), scale / WEIGHT)
        return tuple(width if name == "count" else None for name in self.statistics)

    def expect_of_a_row(self, scale: float) -> tuple[float | None, ...]:
        """A mean's and a variance's, at worst: with f = E[t] and s = E[t²], f² ≤ s ≤ f.

        A mean's slopes are -f, 1/2 - f, 1 - f, with the largest sum of squares, 5/4, at f = 0 and 1. A variance's are u, u - f, 1 - 2f + u with
        2f² - f ≤ u = 2f² - s ≤ f²: convex in u, at u = f² the squares f⁴ + f²(1 - f)² + (1 - f)⁴ are at most 1, at u = 2f² - f they are
        f²(1 - 2f)² + 4f²(1 - f)² + (1 - f)²(1 - 2f)² ≤ 1.
        """
        own = half_width((1.0,), scale * self.step)
        worst = {"mean": own * _WORST_MEAN * _width(self)}
        if self.statistics == ("var",):  # beside others it is there for the deviation
            worst["var"] = own * _width(self) ** 2
        return tuple(worst.get(name) for name in self.statistics)

    def expect_of_a_root(self, scale: float) -> tuple[float | None, ...]:
        """A deviation's, at worst: roots are no farther apart than the root of what variances are apart."""
        own = half_width((1.0,), scale * self.step) ** 0.5 * _width(self)
        deviations = {"std"} if self.statistics == ("var",) else {"std", "var"}
        return tuple(own if name in deviations else None for name in self.statistics)


def _count(part: Moments, noisy: Sequence[int], scale: float) -> Estimate:
    """The three parts' weight in rows."""
    del part
    return Estimate(
        value=round(sum(noisy) / WEIGHT), half_width=half_width((1, 1, 1), scale / WEIGHT), scale=scale / WEIGHT
    )


def _shares(noisy: Sequence[int]) -> tuple[float, float, float] | None:
    """(weight, E[t], E[t²]) in units of the interval; None where noise left no weight."""
    weight = sum(noisy)
    if weight <= 0:
        return None
    return float(weight), (noisy[1] / 2 + noisy[2]) / weight, noisy[2] / weight


def _mean(part: Moments, noisy: Sequence[int], scale: float) -> Estimate:
    """E[t] between the bounds."""
    shares = _shares(noisy)
    if shares is None:
        return Estimate(value=None, half_width=None, scale=scale / WEIGHT)
    weight, first = shares[0], min(max(shares[1], 0.0), 1.0)
    width = half_width((-first, 0.5 - first, 1 - first), scale / weight) * _width(part)
    return Estimate(value=part.grid.value(first * POINTS), half_width=width, scale=scale / WEIGHT)


def _var(part: Moments, noisy: Sequence[int], scale: float) -> Estimate:
    """E[t²] - E[t]², at least 0, with ``ddof``; None where noise left too few rows."""
    shares = _shares(noisy)
    rows = sum(noisy) / WEIGHT
    if shares is None or rows <= part.ddof:
        return Estimate(value=None, half_width=None, scale=scale / WEIGHT)
    weight, first, second = shares
    free = rows / (rows - part.ddof)
    value = min(max(second - first * first, 0.0), 0.25) * free * _width(part) ** 2
    # d(second - first²): each slope is (own coefficient) - (value of the ratio), as both are ratios to the same weight.
    slopes = [
        (squared - second) - 2 * first * (linear - first) for linear, squared in ((0.0, 0.0), (0.5, 0.0), (1.0, 1.0))
    ]
    width = half_width(slopes, scale / weight) * free * _width(part) ** 2
    return Estimate(value=value, half_width=width, scale=scale / WEIGHT)


def _std(part: Moments, noisy: Sequence[int], scale: float) -> Estimate:
    """The square root of the variance."""
    return deviation(_var(part, noisy, scale))


_WORST_MEAN = 5**0.5 / 2
_STATISTICS = {"count": _count, "mean": _mean, "var": _var, "std": _std}


def _width(part: Moments) -> float:
    return part.grid.upper - part.grid.lower


def moments(name: str, term: Term, scope: Scope, statistics: tuple[Statistic, ...], ddof: int = 1) -> Moments | Refusal:
    """The three parts of a bounded numeric column."""
    found = placed(name, term, POINTS, scope)
    return found if isinstance(found, Refusal) else of_places(*found, statistics, ddof)


def of_places(place: Term, grid: UnitGrid, statistics: tuple[Statistic, ...], ddof: int = 1) -> Moments:
    """The three parts of a column that is on the grid already: any integers in 0 … 2^31 that are each row's own."""
    square = exp.Mul(this=place.sql, expression=place.sql)
    aggregates = counted(place), exp.Sum(this=place.sql), exp.Sum(this=square)
    return Moments(aggregates=aggregates, grid=grid, statistics=statistics, ddof=ddof)


def rule(node: Var | Std, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: bounded numeric columns. Gives: their variances or deviations. Sensitivity: one row's weight; k columns share ε.

    Fails: without bounds, by kind, or where doubles can't hold the grid; never on a row.
    """
    if not 0 <= node.ddof <= MOST_DDOF:
        return Refusal(code="bad_ddof", why=f"ddof must lie between 0 and {MOST_DDOF}")
    statistics: tuple[Statistic, ...] = ("var",) if isinstance(node, Var) else ("std",)
    return _measured(node.columns, rows, scope, statistics, node.ddof, labels=((),))


def together(node: Asked, rows: Rows, scope: Scope) -> Measured | Refusal:
    """Takes: bounded numeric columns. Gives: count, mean and deviation of each. Sensitivity and fails: as ``rule``'s."""
    labels = tuple((name,) for name in _TOGETHER)
    return _measured(node.columns, rows, scope, _TOGETHER, 1, labels=labels)


def _measured(
    columns: tuple[str, ...],
    rows: Rows,
    scope: Scope,
    statistics: tuple[Statistic, ...],
    ddof: int,
    *,
    labels: tuple[tuple[str, ...], ...],
) -> Measured | Refusal:
    parts = each(columns, rows, lambda name, term: moments(name, term, scope, statistics, ddof))
    if isinstance(parts, Refusal):
        return parts
    layout = tuple((number,) for number in range(len(parts)))
    return Measured(columns=columns, labels=labels, parts=tuple(parts), shares=evenly(parts), layout=layout)


MOST_DDOF = 1000
_TOGETHER: tuple[Statistic, ...] = "count", "mean", "std"
