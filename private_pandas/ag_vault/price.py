"""What a plan is, means and costs, from the plan and public metadata alone: no row is in scope here.

Knows no ledger, no data, no randomness. A verdict is a value: ``Priced`` or ``Refusal``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

from ag_plan.expressions import Scalar
from ag_plan.releases import Epsilon, Release, Rho, Spend
from ag_vault.account import LARGEST_EPSILON, Event
from ag_vault.catalog import Catalog
from ag_vault.errors import Refusal
from ag_vault.finding import NAME as THRESHOLD
from ag_vault.finding import Finding, fewest_rows, find, own_scale
from ag_vault.meaning import Meaning, meaning_of
from ag_vault.mechanisms import exponential, laplace, lifted, nested
from ag_vault.mechanisms.currency import Currency, currency_of
from ag_vault.noise import MAX_SCALE
from ag_vault.ops.found import COUNT_SHARE
from ag_vault.ops.keys import Groups, Key
from ag_vault.ops.queries import Asking, by_keys, places_query, sums_query, tallies_query
from ag_vault.ops.whole import Whole
from ag_vault.parts import Lifted, Measured, Noised, Part, Ranks

MOST_NUMBERS = 100_000
"""Noisy numbers of one release."""
MOST_SORTS = 32
"""Stages of one plan that number or group rows. A hundred of them take the engine seconds on a table of no rows."""
MOST_CARRIED = 40_000
"""Columns of all stages of one plan together; a hundred thousand take the engine seconds to plan for."""
_EXPECTED_KEYS = 500
"""What the schedule takes for the number of keys that are to be found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A release that may be charged: to which account, at what cost, and all that evaluation and noise need.

    What reads rows is in ``sums_sql`` and, made when evaluation knows which it needs, ``tallies_sql`` and ``places_sql``; ``askings`` come first.
    ``parts[i]`` costs ``epsilons[i]`` per row (None in ρ, but for quantiles) at ``scales[i]``. ``index`` has a row per group and label; where
    there is a ``finding``, ``groups`` are those of one found key, and the index is known when the keys are. ``sums_keys``: the groups' keys
    in order, where each row of sums starts with its key; else it starts with the group's number. ``counts``: in place of ``sums_sql``, where
    all that is asked for is counts of a whole table.
    """

    account: str
    event: Event
    release: Release
    measured: Measured
    groups: int
    index: tuple[tuple[Scalar, ...], ...]
    epsilons: tuple[Fraction | None, ...]
    scales: tuple[float, ...]
    mechanism: str
    sums_sql: str | None
    sums_keys: tuple[Key, ...]
    tallies_sql: Callable[[], str | None]
    places_sql: Callable[[Ranks, int], str]
    sources: tuple[str, ...]
    finding: Finding | None = None
    askings: tuple[Asking, ...] = ()
    counts: tuple[Whole, ...] | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of the measure."""
        return self.measured.parts

    @property
    def currency(self) -> Currency:
        """What the call pays in."""
        return currency_of(self.release.spend)

    def epsilon(self, number: int) -> Fraction:
        """What the draws of a ranked part may cost per row. ValueError for other parts."""
        found = self.epsilons[number]
        if found is None:
            raise ValueError(number)
        return found

    @property
    def scale(self) -> float:
        """The largest scale of the noise, told in rows, or in the unit of a sum."""
        steps = (part.step if isinstance(part, Noised) else 1.0 for part in self.parts)
        return max(scale * step for scale, step in zip(self.scales, steps, strict=True))

    @property
    def expected(self) -> int:
        """How many rows the answer has, or may have."""
        return len(self.index) if self.finding is None else self.groups * len(self.measured.labels) * _EXPECTED_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a release would look like: shapes and widths as in ``messages.Preview``, and the event it would be charged as."""

    index: tuple[tuple[Scalar, ...], ...]
    columns: tuple[str, ...]
    half_widths: tuple[tuple[float | None, ...], ...]
    widths_of_a_row: tuple[tuple[float | None, ...], ...]
    widths_of_a_root: tuple[tuple[float | None, ...], ...]
    ranks: tuple[tuple[float | None, ...], ...]
    mechanism: str
    scale: float
    event: Event


def price(release: Release, catalog: Catalog) -> Priced | Refusal:
    """What the release costs and how it will be answered; Refusal where the plan has no meaning or no finite sensitivity."""
    meaning = meaning_of(release, catalog)
    if isinstance(meaning, Refusal):
        return meaning
    too_much = _too_much(meaning, release.spend)
    return _priced(meaning, release) if too_much is None else too_much


def _too_much(meaning: Meaning, spend: Spend) -> Refusal | None:
    """The refusal of a release over the vault's public limits."""
    if meaning.rows.sorts > MOST_SORTS:
        return Refusal(
            code="too_deep",
            why=f"the plan sorts or groups private rows more than {MOST_SORTS} times",
            instead="release an intermediate result and go on from there",
        )
    if meaning.rows.carried > MOST_CARRIED:
        return Refusal(
            code="too_deep",
            why="the plan computes too many columns, one from the other",
            instead="keep only the columns you need, or release an intermediate result and go on from there",
        )
    if _size(meaning.measured) * len(meaning.groups.index) > MOST_NUMBERS:
        return Refusal(
            code="too_many_numbers",
            why=f"the release would hold more than {MOST_NUMBERS} numbers",
            instead="ask for fewer columns, bins or groups at once",
        )
    if spend.fraction > LARGEST_EPSILON:
        return Refusal(
            code="bad_epsilon",
            why=f"{_NAMES[type(spend)]} must not exceed {LARGEST_EPSILON} in one call",
            instead="noise is next to nothing long before that",
        )
    return None


_NAMES: dict[type[Spend], str] = {Epsilon: "eps", Rho: "rho"}


def _size(measured: Measured) -> int:
    """Noisy numbers of one group, or those that are drawn for them."""
    return sum(map(_size_of, measured.parts))


def _size_of(part: Part) -> int:
    if isinstance(part, Ranks):
        return len(part.probabilities)
    return part.draws if isinstance(part, Lifted) else part.size


def _priced(meaning: Meaning, release: Release) -> Priced | Refusal:
    """The record, once everything has a meaning. What a row may cost follows from stability: ``mechanisms/currency`` has the proof."""
    measured, rows, total = meaning.measured, meaning.rows, release.spend.fraction
    currency = currency_of(release.spend)
    budget = currency.per_row(total, rows.stability)
    shared = [(part, budget * share) for part, share in zip(measured.parts, measured.shares, strict=True)]
    epsilons = tuple(currency.epsilon(part, own) for part, own in shared)
    scales = tuple(
        _noise(part, own, currency) if isinstance(part, Noised) else _ranks(part, epsilon)
        for (part, own), epsilon in zip(shared, epsilons, strict=True)
    )
    known = tuple(scale for scale in scales if scale is not None)
    if len(known) < len(scales):
        return Refusal(
            code="epsilon_too_small",
            why=f"the noise of so little {_NAMES[type(release.spend)]} would drown any answer",
            instead="spend more, or ask for fewer columns at once",
        )
    finding = _finding(meaning, release.spend, known)
    if isinstance(finding, Refusal):
        return finding
    event = currency.event(_mechanism(measured, currency), total, measured.parts, measured.shares)
    event = event if finding is None else _found_event(event, finding, meaning.delta)
    sums_sql, tallies_sql = meaning.sums_sql, meaning.tallies_sql
    if finding is not None:
        asked = rows, meaning.scope, meaning.groups, measured.parts, finding.gate.least
        sums_sql, tallies_sql = partial(sums_query, *asked), partial(tallies_query, *asked)
    return Priced(
        account=rows.account,
        event=event,
        release=release,
        measured=measured,
        groups=len(meaning.groups.index),
        index=() if finding else tuple(key + label for key in meaning.groups.index for label in measured.labels),
        epsilons=epsilons,
        scales=known,
        mechanism=event.mechanism,
        sums_sql=None if meaning.counts is not None else sums_sql(),
        sums_keys=meaning.groups.index if by_keys(meaning.groups, measured.parts) else (),
        tallies_sql=tallies_sql,
        places_sql=partial(places_query, rows, meaning.scope),
        sources=rows.tables,
        finding=finding,
        askings=meaning.askings,
        counts=meaning.counts,
    )


def _noise(part: Noised, own: Fraction, currency: Currency) -> float | None:
    """The scale of a part's noise at what it may cost; None where that is beyond the limits."""
    scale = currency.scale(part, own)
    return None if scale is None or (isinstance(part, Lifted) and scale > lifted.LARGEST_SCALE) else scale


def _finding(meaning: Meaning, spend: Spend, scales: Sequence[float]) -> Finding | Refusal | None:
    """How keys are found, once the parts have their noise; nothing where all are public."""
    counted, rows = meaning.counted, meaning.rows
    if counted is None:
        return None
    currency, size = currency_of(spend), _size(meaning.measured)
    own = own_scale(currency, currency.per_row(spend.fraction, rows.stability))
    return find(
        counted,
        meaning.groups,
        rows,
        meaning.scope,
        noise=currency.noise,
        scale=scales[counted.parts[0]] if counted.parts else own,
        delta=meaning.delta,
        most=MOST_NUMBERS // size,
        fewest=fewest_rows(meaning.groups, size, meaning.held),
    )


def _found_event(event: Event, finding: Finding, delta: Fraction) -> Event:
    """The event of a release that finds keys: its δ beside, and what a count of its own costs in ρ, where the event's ρ is that of its parts."""
    own = Fraction(0) if finding.parts or event.epsilon is None else laplace.rho(event.epsilon * COUNT_SHARE)
    return replace(event, mechanism=f"{event.mechanism} + {THRESHOLD}", rho=event.concentrated + own, delta=delta)


def _ranks(part: Ranks, epsilon: Fraction | None) -> float | None:
    """How far off a quantile's draw is, in ranks; None where that is beyond the limits."""
    ranks = nested.span(part.probabilities) / epsilon if epsilon else None
    return None if ranks is None or ranks > Fraction(MAX_SCALE) else float(ranks)


def _mechanism(measured: Measured, currency: Currency) -> str:
    """The names of the mechanisms used, in the order of parts."""
    return " + ".join(dict.fromkeys(_named(part, currency) for part in measured.parts))


def _named(part: Part, currency: Currency) -> str:
    if isinstance(part, Ranks):
        return exponential.NAME
    return f"{lifted.NAME} {currency.noise}" if isinstance(part, Lifted) else currency.noise


def preview(release: Release, catalog: Catalog) -> Forecast | Refusal:
    """The shape, mechanism and expected error of a release; charges nothing.

    Half-widths are exact for counts, sums and histograms. Those of means, deviations and quantiles depend on the rows: None; what can be said of any
    number of rows, or of ranks, is said beside. Where keys
    are to be found, one that is null stands for each of them.
    """
    priced = price(release, catalog)
    if isinstance(priced, Refusal):
        return priced
    scales = [(scale, priced.currency.as_laplace(scale)) for scale in priced.scales]
    exact, of_a_row, of_a_root, in_ranks = (
        _arranged(priced, [how(part, *scale) for part, scale in zip(priced.parts, scales, strict=True)])
        for how in (_expect, _expect_of_a_row, _expect_of_a_root, _expect_in_ranks)
    )
    return Forecast(
        index=priced.index if priced.finding is None else _typical(priced.finding.groups, priced.measured),
        columns=priced.measured.columns,
        half_widths=exact,
        widths_of_a_row=of_a_row,
        widths_of_a_root=of_a_root,
        ranks=in_ranks,
        mechanism=priced.mechanism,
        scale=priced.scale,
        event=priced.event,
    )


def _typical(groups: Groups, measured: Measured) -> tuple[tuple[Scalar, ...], ...]:
    """The index of one key that is not known yet."""
    arranged = groups.arranged({0: (None,) * len(groups.found)})
    return tuple(key + label for key, _ in arranged for label in measured.labels)


def _arranged(priced: Priced, of_parts: Sequence[tuple[float | None, ...]]) -> tuple[tuple[float | None, ...], ...]:
    """What is said of each part's numbers, as rows of the answer."""
    columns = [[width for part in parts for width in of_parts[part]] for parts in priced.measured.layout]
    return tuple(zip(*columns, strict=True)) * priced.groups


def _expect(part: Part, _own: float, scale: float) -> tuple[float | None, ...]:
    return (None,) * len(part.probabilities) if isinstance(part, Ranks) else part.expect(scale)


def _expect_of_a_row(part: Part, _own: float, scale: float) -> tuple[float | None, ...]:
    return (None,) * len(part.probabilities) if isinstance(part, Ranks) else part.expect_of_a_row(scale)


def _expect_of_a_root(part: Part, _own: float, scale: float) -> tuple[float | None, ...]:
    return (None,) * len(part.probabilities) if isinstance(part, Ranks) else part.expect_of_a_root(scale)


def _expect_in_ranks(part: Part, own: float, scale: float) -> tuple[float | None, ...]:
    if isinstance(part, Ranks):
        return nested.expected(part.probabilities, part.grid.points, own)
    return (None,) * len(part.expect(scale))
