"""The parts of a release: what is asked of the rows, how far one unit moves it, and how the noisy integers are read.

Knows no mechanism and no relation. A part is inert: measures make it, evaluation fills it, mechanisms perturb it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from sqlglot import exp

from ag_plan.expressions import Scalar
from ag_vault.exact import cut

LAPLACE_95 = 2.995732273553991
"""ln 20: a Laplace variable of scale 1 lies within it with probability 0.95."""

INSET = 6
"""Quantiles 0 and 1 aim so many scales of their noise (in rows) inside of the ends: where the weight of bounds that are loose beyond
the data by a factor of e^INSET is no more than that of the data."""

ENDS = 8
"""One over the share of all rows that quantiles 0 and 1 stay within, however large the noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One released number: its value (None: noise left nothing to divide by), 95 % half-width, and scale of its noise."""

    value: float | int | None
    half_width: float | None
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Noised(ABC):
    """An integer vector to which noise is added. One row moves it by at most ``l1`` in L1: the part's proof is in its docstring.

    ``scale``, where it is read or expected, is that of Laplace noise; for other noise, of the Laplace noise with the same 95 % interval.
    """

    l1: int

    @property
    def l2_squared(self) -> int:
        """The square of how far one row moves it in L2: that of L1 unless a part knows better, as L2 ≤ L1."""
        return self.l1 * self.l1

    @property
    def weight(self) -> int | None:
        """What a row adds to the sum of the vector, at most and if it is in it at all; None where the sum counts no rows."""
        return None

    @property
    def step(self) -> float:
        """One step of the vector's integers in the unit in which its noise is told: rows, or a sum's own."""
        return 1.0

    @property
    @abstractmethod
    def size(self) -> int:
        """The length of the vector."""

    @abstractmethod
    def read(self, noisy: Sequence[int], scale: float) -> tuple[Estimate, ...]:
        """What the noisy vector says: post-processing, from it and public things only."""

    @abstractmethod
    def expect(self, scale: float) -> tuple[float | None, ...]:
        """The half-widths to expect before anything is released; None where they depend on the rows."""

    def expect_of_a_row(self, scale: float) -> tuple[float | None, ...]:
        """Half-widths times how many rows there are, at worst and to first order, where that is all they depend on; None for all others."""
        return (None,) * len(self.expect(scale))

    def expect_of_a_root(self, scale: float) -> tuple[float | None, ...]:
        """As ``expect_of_a_row``, times the root of how many rows there are."""
        return (None,) * len(self.expect(scale))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums(Noised):
    """A vector made of aggregates, each a wide integer in the engine."""

    aggregates: tuple[exp.Expression, ...]

    @property
    def size(self) -> int:
        """As the base says."""
        return len(self.vector((0,) * len(self.aggregates)))

    @abstractmethod
    def vector(self, sums: Sequence[int]) -> tuple[int, ...]:
        """The exact vector from the exact aggregates: a public function, whose effect on sensitivity is part of the proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted(Sums):
    """A vector that is the image A·h of hidden integers h, never computed: noise is drawn for these, and its image added.

    ``l1`` and ``l2_squared`` are of integers w for which vectors of tables that differ by a row differ by A·w (``mechanisms/lifted``).
    """

    @property
    @abstractmethod
    def draws(self) -> int:
        """How many hidden integers there are."""

    @abstractmethod
    def image(self, drawn: Sequence[int]) -> tuple[int, ...]:
        """A times so many integers, exactly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins(Noised):
    """Counts of rows by a public number in 0 … ``bins`` - 1. A row is in one bin at most, so L1 = 1."""

    number: exp.Expression
    bins: int

    @property
    def weight(self) -> int:
        """A row is in one bin at most."""
        return 1

    @property
    def size(self) -> int:
        """As the base says."""
        return self.bins

    def read(self, noisy: Sequence[int], scale: float) -> tuple[Estimate, ...]:
        """Each bin's count as it is: cutting at zero would bias every sum of bins."""
        return tuple(Estimate(value=count, half_width=LAPLACE_95 * scale, scale=scale) for count in noisy)

    def expect(self, scale: float) -> tuple[float | None, ...]:
        """As the base says; exact."""
        return (LAPLACE_95 * scale,) * self.bins


class Grid(Protocol):
    """Positions 0 … points as values."""

    @property
    def points(self) -> int:
        """The last position."""
        ...

    def value(self, position: int) -> float | int:
        """The value at a position."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """Quantiles of a column on a public grid: ``position`` is each row's place on it, null for a null."""

    position: exp.Expression
    grid: Grid
    probabilities: tuple[Fraction, ...]


Part = Sums | Bins | Ranks


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A measure in parts. Each column's estimates are those of its parts (``layout``: numbers of ``parts``), one per label.

    ``combine`` makes a column's estimates from those of its parts, where they are not simply these in order: post-processing.
    ``shares`` split the call's ε over the parts and sum to at most 1.
    """

    columns: tuple[str, ...]
    labels: tuple[tuple[Scalar, ...], ...]
    parts: tuple[Part, ...]
    shares: tuple[Fraction, ...]
    layout: tuple[tuple[int, ...], ...]
    combine: Callable[..., tuple[Estimate, ...]] | None = None


def evenly(parts: Sequence[Part]) -> tuple[Fraction, ...]:
    """Equal shares: k columns as one vector, each coordinate in units of its own sensitivity, have L1 = k."""
    return (Fraction(1, len(parts)),) * len(parts)


def exact_vector(part: Sums, sums: Sequence[Any]) -> tuple[int, ...]:
    """The part's integers from a row of the engine's answer, cut at the public limit; no rows at all sum to zero."""
    return tuple(cut(value) for value in part.vector([0 if value is None else int(value) for value in sums]))
