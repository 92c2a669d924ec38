"""What all decompositions of several columns' second moments share: sums over complete rows in, covariances out. Knows no noise.

Rows count that have a value in every column: then all numbers are moments of one set of rows, and their matrix is one of a real sample.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from sqlglot import exp

from ag_vault.exact import UNIT_BITS
from ag_vault.expressions.term import Scope, Term, case, combine
from ag_vault.ops.associations import Sample, read_corr, read_cov
from ag_vault.ops.bernstein import POINTS
from ag_vault.parts import Estimate, Sums
from ag_vault.space import ColumnSpace

SQUARE = POINTS * POINTS
FINE = SQUARE >> UNIT_BITS
"""Steps of which a row weighs 2^32, as everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """The aggregates of complete rows: their number, and by column or pair Σp, Σp² and Σpp' for places p in 0 … N."""

    rows: int
    first: Sequence[int]
    squares: Sequence[int]
    products: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comoments(Sums):
    """A decomposition of the second moments of several columns, ``widths`` wide between their bounds.

    Gives covariances of pairs and then, where ``own``, variances; or, where there is no ``ddof``, correlations of pairs.
    """

    widths: tuple[float, ...]
    ddof: int | None
    own: bool

    @property
    def columns(self) -> int:
        """How many there are."""
        return len(self.widths)

    @property
    def step(self) -> float:
        """In rows."""
        return 1 / self.sample((0,) * self.size, 1.0).unit

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """All pairs of columns, in order."""
        return tuple(combinations(range(self.columns), 2))

    def exact(self, sums: Sequence[int]) -> Exact:
        """The aggregates by name."""
        one, two = 1 + self.columns, 1 + 2 * self.columns
        return Exact(rows=sums[0], first=sums[1:one], squares=sums[one:two], products=sums[two:])

    @abstractmethod
    def sample(self, noisy: Sequence[int], scale: float) -> Sample:
        """What the noisy integers say."""

    def read(self, noisy: Sequence[int], scale: float) -> tuple[Estimate, ...]:
        """As the class says."""
        sample = self.sample(noisy, scale)
        if self.ddof is None:
            return read_corr(sample, self.pairs)
        own = tuple((column, column) for column in range(self.columns)) if self.own else ()
        return read_cov(sample, self.widths, (*self.pairs, *own), self.ddof)

    def expect(self, scale: float) -> tuple[float | None, ...]:
        """None: the error depends on how many rows there are."""
        del scale
        return (None,) * (len(self.pairs) + (self.columns if self.own else 0))


def aggregates(places: Sequence[Term], scope: Scope) -> tuple[exp.Expression, ...]:
    """What ``Comoments.exact`` names, in its order."""
    rows, whole = complete(places, scope)
    sums: list[exp.Expression] = [rows]
    sums += [exp.Sum(this=place.sql.copy()) for place in whole]
    sums += [_product(place, place) for place in whole]
    return (*sums, *(_product(one, other) for one, other in combinations(whole, 2)))


def _product(one: Term, other: Term) -> exp.Expression:
    return exp.Sum(this=exp.Mul(this=one.sql.copy(), expression=other.sql.copy()))


def complete(places: Sequence[Term], scope: Scope) -> tuple[exp.Expression, list[Term]]:
    """How many rows have all places, and the places, null on every other row; or of those rows alone, for measures that read no others.

    A place that is null though its space has no null adds nothing to any sum, on a row that is counted: it is a place of 0, and moves no more than one.
    An engine knows of most columns of a file that they have no null, and passes over such a condition; of what is computed, it would compute it twice.
    """
    every, nullable = exp.Count(this=exp.Star()), [place for place in places if place.space.nullable]
    if not nullable:
        return every, list(places)
    present = [exp.Not(this=exp.Is(this=place.sql.copy(), expression=exp.Null())) for place in nullable]
    if all(place.level == 0 for place in nullable):
        scope.steps.need(_all(present))
        return every, list(places)
    whole = scope.steps.name(combine(ColumnSpace(kind="bool", nullable=False), _all(present), *nullable))
    kept = [_where(whole, place, scope) for place in places]
    certain = kept[next(number for number, place in enumerate(places) if place.space.nullable)]
    return exp.Count(this=certain.sql.copy()), kept


def _all(conditions: Sequence[exp.Expression]) -> exp.Expression:
    """A conjunction as a balanced tree, so that many conditions don't nest deeply."""
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return exp.And(this=_all(conditions[:half]), expression=_all(conditions[half:]))


def _where(whole: Term, place: Term, scope: Scope) -> Term:
    space = ColumnSpace(kind="int", lower=0, upper=POINTS)
    return scope.steps.name(combine(space, case((whole.sql.copy(), place.sql.copy())), whole, place))
