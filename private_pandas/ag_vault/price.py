"""What a plan is, means and costs, from the plan and public metadata alone: no row is in scope here.

Knows no ledger, no data, no randomness. A verdict is a value: ``Priced``, ``Space`` or ``Refusal``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from ag_plan.expressions import Scalar
from ag_plan.relations import Relation
from ag_plan.releases import Release
from ag_vault import ops
from ag_vault.account import LARGEST_EPSILON, Event
from ag_vault.catalog import Catalog
from ag_vault.errors import Refusal
from ag_vault.expressions.term import Scope
from ag_vault.mechanisms import exponential, laplace, nested
from ag_vault.noise import MAX_SCALE
from ag_vault.ops.keys import Groups, groups_of
from ag_vault.ops.queries import places_query, sums_query, tallies_query
from ag_vault.ops.rows import Rows
from ag_vault.parts import Measured, Noised, Part, Ranks
from ag_vault.space import Space

MOST_NUMBERS = 100_000
"""Noisy numbers of one release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A release that may be charged: to which account, at what cost, and all that evaluation and noise need.

    What reads rows is in ``sums_sql`` and, made when evaluation knows which it needs, ``tallies_sql`` and ``places_sql``.
    ``parts[i]`` gets ``epsilons[i]`` of the call's ε per unit and ``scales[i]`` of noise. ``index`` has a row per group and label.
    """

    account: str
    event: Event
    release: Release
    measured: Measured
    groups: int
    index: tuple[tuple[Scalar, ...], ...]
    epsilons: tuple[Fraction, ...]
    scales: tuple[float, ...]
    mechanism: str
    sums_sql: str | None
    tallies_sql: Callable[[], str | None]
    places_sql: Callable[[Ranks, int], str]
    sources: tuple[str, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of the measure."""
        return self.measured.parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a release would look like: shapes as in ``messages.Preview``, and the event it would be charged as."""

    index: tuple[tuple[Scalar, ...], ...]
    columns: tuple[str, ...]
    half_widths: tuple[tuple[float | None, ...], ...]
    mechanism: str
    scale: float
    event: Event


def schema(relation: Relation, catalog: Catalog) -> Space | Refusal:
    """The public columns of a relation, in order."""
    rows = ops.rows_of(relation, catalog)
    return rows if isinstance(rows, Refusal) else rows.space


def price(release: Release, catalog: Catalog) -> Priced | Refusal:
    """What the release costs and how it will be answered; Refusal where the plan has no meaning or no finite sensitivity."""
    meaning = _meaning(release, catalog)
    if isinstance(meaning, Refusal):
        return meaning
    too_much = _too_much(meaning)
    return _priced(meaning) if too_much is None else too_much


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meaning:
    """What a release asks, in words of the vault."""

    release: Release
    rows: Rows
    scope: Scope
    groups: Groups
    measured: Measured


def _meaning(release: Release, catalog: Catalog) -> _Meaning | Refusal:
    """Relation, groups and measure, in this order; the first refusal otherwise."""
    rows = ops.rows_of(release.relation, catalog)
    if isinstance(rows, Refusal):
        return rows
    scope = rows.scope()
    groups = groups_of(release.by, rows, scope)
    if isinstance(groups, Refusal):
        return groups
    measured = ops.measured(release.measure, rows, scope)
    if isinstance(measured, Refusal):
        return measured
    return _Meaning(release=release, rows=rows, scope=scope, groups=groups, measured=measured)


def _too_much(meaning: _Meaning) -> Refusal | None:
    """The refusal of a release over the vault's public limits."""
    parts = meaning.measured.parts
    size = sum(part.size if isinstance(part, Noised) else len(part.probabilities) for part in parts)
    if size * len(meaning.groups.index) > MOST_NUMBERS:
        return Refusal(
            code="too_many_numbers",
            why=f"the release would hold more than {MOST_NUMBERS} numbers",
            instead="ask for fewer columns, bins or groups at once",
        )
    if meaning.release.spend.fraction > LARGEST_EPSILON:
        return Refusal(code="bad_epsilon", why=f"epsilon must not exceed {LARGEST_EPSILON}")
    return None


def _priced(meaning: _Meaning) -> Priced | Refusal:
    """The record, once everything has a meaning.

    A row may cost ε/stability: a unit's rows, however they spread over groups, then cost ε, as each is in one group at most.
    """
    measured, rows, total = meaning.measured, meaning.rows, meaning.release.spend.fraction
    epsilons = tuple(total * share / rows.stability for share in measured.shares)
    scales = tuple(_scale(part, epsilon) for part, epsilon in zip(measured.parts, epsilons, strict=True))
    known = tuple(scale for scale in scales if scale is not None)
    if len(known) < len(scales):
        return Refusal(
            code="epsilon_too_small",
            why="the noise of this epsilon would drown any answer",
            instead="spend more, or ask for fewer columns at once",
        )
    event = Event(mechanism=_mechanism(measured), epsilon=total, rho=_rho(total, measured))
    asked = rows, meaning.scope, meaning.groups, measured.parts
    return Priced(
        account=rows.account,
        event=event,
        release=meaning.release,
        measured=measured,
        groups=len(meaning.groups.index),
        index=tuple(key + label for key in meaning.groups.index for label in measured.labels),
        epsilons=epsilons,
        scales=known,
        mechanism=event.mechanism,
        sums_sql=sums_query(*asked),
        tallies_sql=partial(tallies_query, *asked),
        places_sql=partial(places_query, rows, meaning.scope),
        sources=tuple(stage.source for stage in rows.stages if stage.source is not None),
    )


def _scale(part: Part, epsilon: Fraction) -> float | None:
    """The scale of a part's noise: in steps of its grid, or in ranks for a quantile; None where it is beyond the limits."""
    if isinstance(part, Noised):
        return laplace.scale_of(part.l1, epsilon)
    ranks = nested.span(part.probabilities) / epsilon
    return None if ranks > Fraction(MAX_SCALE) else float(ranks)


def _rho(epsilon: Fraction, measured: Measured) -> Fraction:
    """The concentrated cost: the sum over parts at their shares, which is less than that of the whole ε as one."""
    total = Fraction(0)
    for part, share in zip(measured.parts, measured.shares, strict=True):
        own = epsilon * share
        total += nested.rho(part.probabilities, own) if isinstance(part, Ranks) else laplace.rho(own)
    return total


def _mechanism(measured: Measured) -> str:
    """The names of the mechanisms used, in the order of parts."""
    names = dict.fromkeys(exponential.NAME if isinstance(part, Ranks) else laplace.NAME for part in measured.parts)
    return " + ".join(names)


def preview(release: Release, catalog: Catalog) -> Forecast | Refusal:
    """The shape, mechanism and expected error of a release; charges nothing.

    Half-widths are exact for counts, sums and histograms. Those of means, deviations and quantiles depend on the rows: None.
    """
    priced = price(release, catalog)
    if isinstance(priced, Refusal):
        return priced
    expected = [_expect(part, scale) for part, scale in zip(priced.parts, priced.scales, strict=True)]
    columns = [[width for part in parts for width in expected[part]] for parts in priced.measured.layout]
    rows = tuple(zip(*columns, strict=True)) * priced.groups
    return Forecast(
        index=priced.index,
        columns=priced.measured.columns,
        half_widths=rows,
        mechanism=priced.mechanism,
        scale=max(priced.scales),
        event=priced.event,
    )


def _expect(part: Part, scale: float) -> tuple[float | None, ...]:
    return (None,) * len(part.probabilities) if isinstance(part, Ranks) else part.expect(scale)
