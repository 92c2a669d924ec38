"""Measures of groups whose keys are found in the rows: which noisy integers say how many rows a key has. Knows no mechanism, no data.

A measure that holds each row as parts of one weight counts the rows by itself; beside any other, a count of rows takes a share of ε or ρ.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ag_plan.releases import Measure, Sum
from ag_vault.errors import Refusal
from ag_vault.exact import UNIT_BITS
from ag_vault.expressions.term import Scope
from ag_vault.ops.mean import Averaged, of_kind
from ag_vault.ops.rows import Rows
from ag_vault.ops.spread import half_width
from ag_vault.parts import Estimate, Measured, Noised

COUNT_SHARE = Fraction(2, 5)
"""Of the call's ε or ρ, what a count of its own gets: as much as describe's moments have beside its quantiles."""
MOST_DRAWS = 32
"""Noisy integers of a key, up to which their sum says more than a count with a share of its own would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totalled(Averaged):
    """Σ(M - t) and Σt, as ``Averaged``, read as a sum: lower·Σ(M - t)/M + upper·Σt/M.

    Why: where the lower bound is 0 the noise is that of a sum alone, and elsewhere at most √2 of it; the count of rows comes along.
    """

    @property
    def step(self) -> float:
        """In the column's own unit."""
        return max(abs(self.grid.lower), abs(self.grid.upper)) / _WEIGHT

    def read(self, noisy: Sequence[int], scale: float) -> tuple[Estimate, ...]:
        """As the base says."""
        below, above = noisy
        value = (self.grid.lower * below + self.grid.upper * above) / _WEIGHT
        return (Estimate(value=value, half_width=self._error(scale), scale=scale * self.step),)

    def expect(self, scale: float) -> tuple[float | None, ...]:
        """Exact: the noise is all there is."""
        return (self._error(scale),)

    def expect_of_a_row(self, scale: float) -> tuple[float | None, ...]:
        """None: no error of a sum depends on how many rows there are."""
        del scale
        return (None,)

    def _error(self, scale: float) -> float:
        return half_width((self.grid.lower, self.grid.upper), scale / _WEIGHT)


_WEIGHT = 1 << UNIT_BITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A measure, and those of its parts that count a key's rows together (numbers of ``parts``); none where a count of its own does."""

    measured: Measured
    parts: tuple[int, ...]

    @property
    def weight(self) -> int:
        """What a row adds to the count, at most."""
        return sum(_weight_of(self.measured, number) for number in self.parts) or 1

    @property
    def draws(self) -> int:
        """Noisy integers that are added up in each group."""
        return sum(_size_of(self.measured, number) for number in self.parts) or 1


def remade(measure: Measure, rows: Rows, scope: Scope) -> Measured | Refusal | None:
    """A measure that is better asked in another way where keys are found; None for the others."""
    return of_kind(Totalled, measure.columns, rows, scope) if isinstance(measure, Sum) else None


def weighed(measured: Measured, groups: int) -> Weighed:
    """What counts the rows of a key that has so many groups.

    Parts count together if they do so alike: same weight, norms and share, so that their noise is of one scale in either currency.
    """
    alike: defaultdict[tuple[int, int, int, Fraction], list[int]] = defaultdict(list)
    for number, part in enumerate(measured.parts):
        if isinstance(part, Noised) and part.weight is not None:
            alike[part.weight, part.l1, part.l2_squared, measured.shares[number]].append(number)
    most = [number for numbers in sorted(alike.values(), key=len)[-1:] for number in numbers]
    own = Weighed(measured=measured, parts=tuple(most))
    if own.parts and own.draws * groups <= MOST_DRAWS:
        return own
    shares = tuple(share * (1 - COUNT_SHARE) for share in measured.shares)
    return Weighed(measured=replace(measured, shares=shares), parts=())


def _weight_of(measured: Measured, number: int) -> int:
    part = measured.parts[number]
    return (part.weight or 0) if isinstance(part, Noised) else 0


def _size_of(measured: Measured, number: int) -> int:
    part = measured.parts[number]
    return part.size if isinstance(part, Noised) else 0
