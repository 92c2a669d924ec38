"""Releases: inert words for what may leave the vault, and for what is paid. Prices are the vault's business."""

import math
from fractions import Fraction
from itertools import pairwise

from msgspec import Struct

from ag_plan.expressions import Scalar, check_scalar
from ag_plan.relations import Relation

_INT64_MAX = 2**63 - 1


class Measure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statistic of a relation, or of each group of it."""


class Size(Measure, frozen=True, kw_only=True, tag="size"):
    """The number of rows; one column, named ``size``."""


class Count(Measure, frozen=True, kw_only=True, tag="count"):
    """The number of non-null values of each column."""

    columns: tuple[str, ...]


class Nunique(Measure, frozen=True, kw_only=True, tag="nunique"):
    """The number of different non-null values of each column."""

    columns: tuple[str, ...]


class Sum(Measure, frozen=True, kw_only=True, tag="sum"):
    """The sum of the non-null values of each numeric or boolean column."""

    columns: tuple[str, ...]


class Mean(Measure, frozen=True, kw_only=True, tag="mean"):
    """The mean of the non-null values of each numeric or boolean column."""

    columns: tuple[str, ...]


class Var(Measure, frozen=True, kw_only=True, tag="var"):
    """The variance of the non-null values of each column, with ``ddof`` delta degrees of freedom."""

    columns: tuple[str, ...]
    ddof: int = 1


class Std(Measure, frozen=True, kw_only=True, tag="std"):
    """The square root of the variance."""

    columns: tuple[str, ...]
    ddof: int = 1


class Moments(Measure, frozen=True, kw_only=True, tag="moments"):
    """count, mean and std (of one degree of freedom less) of each column: rows of the answer in that order, for the price of a std."""

    columns: tuple[str, ...]


class Quantile(Measure, frozen=True, kw_only=True, tag="quantile"):
    """Quantiles of each column; ``probabilities`` in [0, 1], one row of the answer each, in the given order."""

    columns: tuple[str, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.probabilities:
            raise ValueError("a quantile needs at least one probability")
        if not all(math.isfinite(q) and 0 <= q <= 1 for q in self.probabilities):
            raise ValueError("a quantile's probability must lie in [0, 1]")


class Skew(Measure, frozen=True, kw_only=True, tag="skew"):
    """The skewness of each column, corrected for bias as pandas does: G1 of Joanes and Gill (1998)."""

    columns: tuple[str, ...]


class Kurt(Measure, frozen=True, kw_only=True, tag="kurt"):
    """The excess kurtosis of each column, corrected for bias as pandas does: G2 of Joanes and Gill (1998)."""

    columns: tuple[str, ...]


class Cov(Measure, frozen=True, kw_only=True, tag="cov"):
    """The covariance of each pair of columns over the rows with a value in all of them, with ``ddof`` delta degrees of freedom.

    Rows of the answer: pairs (a, b) in the order of columns, the last column fastest; then, where ``own``, (a, a) for each column.
    """

    columns: tuple[str, ...]
    ddof: int = 1
    own: bool = True


class Corr(Measure, frozen=True, kw_only=True, tag="corr"):
    """Pearson's correlation of each pair of columns over the rows with a value in all of them. Rows of the answer: pairs as of ``Cov``."""

    columns: tuple[str, ...]


class Describe(Measure, frozen=True, kw_only=True, tag="describe"):
    """count, mean, std, min, 25%, 50%, 75%, max of each numeric column: rows of the answer in that order."""

    columns: tuple[str, ...]


class Histogram(Measure, frozen=True, kw_only=True, tag="histogram"):
    """Counts of one column between public ``edges``, strictly increasing; the last bin includes its upper edge."""

    column: str
    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        _check_edges(self.edges)


class JointHistogram(Measure, frozen=True, kw_only=True, tag="joint_histogram"):
    """Counts of rows by the bins of several columns together, each as of ``Histogram``; one column of the answer, ``count``.

    Rows of the answer: every combination of bins' numbers, the last column fastest.
    """

    columns: tuple[str, ...]
    edges: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        if len(self.edges) != len(self.columns):
            raise ValueError("a joint histogram needs the edges of each column")
        for edges in self.edges:
            _check_edges(edges)


def _check_edges(edges: tuple[float, ...]) -> None:
    if len(edges) < 2:  # noqa: PLR2004 - one bin has two edges
        raise ValueError("a histogram needs at least two edges")
    if not all(math.isfinite(edge) for edge in edges):
        raise ValueError("the edges of a histogram must be finite")
    if any(a >= b for a, b in pairwise(edges)):
        raise ValueError("the edges of a histogram must increase")


MEASURES: tuple[type[Measure], ...] = (
    Size,
    Count,
    Nunique,
    Sum,
    Mean,
    Var,
    Std,
    Moments,
    Skew,
    Kurt,
    Cov,
    Corr,
    Quantile,
    Describe,
    Histogram,
    JointHistogram,
)


WIDEST_RANGE = 1000
"""Integers between a column's public bounds, up to which all of them are keys."""


class GroupKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="group_key"):
    """A column to group by: the values listed, else its public ones (categories, false and true, all integers of narrow bounds).

    ``found``: none is public; those that enough rows have are found, at a δ.
    """

    column: str
    values: tuple[Scalar, ...] | None = None
    found: bool = False

    def __post_init__(self) -> None:
        if self.found and self.values is not None:
            raise ValueError("the values of a group key are either listed or found")
        for value in self.values or ():
            check_scalar(value)
        if self.values is not None and len({(type(v), v) for v in self.values}) != len(self.values):
            raise ValueError("the values of a group key must be distinct")


class Epsilon(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="epsilon"):
    """The total ε of one call, an exact positive rational ``numerator/denominator`` (both within 64 bits)."""

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if not (0 < self.numerator <= _INT64_MAX and 0 < self.denominator <= _INT64_MAX):
            raise ValueError("epsilon must be a positive rational of 64-bit parts")

    @property
    def fraction(self) -> Fraction:
        """The exact value."""
        return Fraction(self.numerator, self.denominator)


class Rho(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rho"):
    """The total ρ (of zero-concentrated differential privacy) of one call, an exact positive rational as in ``Epsilon``."""

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if not (0 < self.numerator <= _INT64_MAX and 0 < self.denominator <= _INT64_MAX):
            raise ValueError("rho must be a positive rational of 64-bit parts")

    @property
    def fraction(self) -> Fraction:
        """The exact value."""
        return Fraction(self.numerator, self.denominator)


Spend = Epsilon | Rho
"""What a call may cost in all, in one currency or the other."""


class Delta(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="delta"):
    """The δ of one call, an exact rational ``numerator/denominator`` in (0, 1) (both within 64 bits)."""

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if not 0 < self.numerator < self.denominator <= _INT64_MAX:
            raise ValueError("delta must be a rational of 64-bit parts between 0 and 1")

    @property
    def fraction(self) -> Fraction:
        """The exact value."""
        return Fraction(self.numerator, self.denominator)


class Release(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="release"):
    """A question: a measure of a relation, in whole or by group, and what it may cost.

    ``delta``: what finding keys may cost beside; None: the data set's default where keys are found, else nothing.
    """

    relation: Relation
    measure: Measure
    spend: Spend
    by: tuple[GroupKey, ...] = ()
    delta: Delta | None = None
