"""What a release costs and how costs add up: events, totals, caps. Integers throughout, rounded against the spender.

Knows no analyst, no plan, no database. Accountants run side by side, and a charge is admitted where one of them admits it:

- pure: Σε ≤ ε. Sequential composition (Dwork–Roth 2014, Thm 3.16), valid for adaptively chosen ε as a filter
  (Rogers, Roth, Ullman, Vadhan 2016).
- mixed, once there are events that have a ρ but no ε: Σε of those that have one, plus αΣρ + c of those that haven't, where (α, c) is one
  of a few lines under Prop. 12 below, chosen by the cap.
- concentrated: Σρ, where a pure ε implies ρ = ε²/2 (Bun–Steinke 2016, Prop. 1.4), turned into (ε, δ) by Canonne–Kamath–Steinke
  2020, Prop. 12. Valid for adaptively chosen ρ as a filter (Feldman–Zrnic 2021; Whitehouse et al. 2023).

Why any may admit: let A be the transcripts that end with Σε ≤ ε and no event without ε, C those that end within the mixed rule, B the
rest; these end with Σρ under the cap. On A the likelihood ratio is at most e^ε pointwise. On B nothing changes if the ρ-filter had been
switched on, as Σρ only grows, so P(S∩B) ≤ e^ε·Q(S∩B) + δ. On C let L be the privacy loss, of which L' comes from events without ε, and
r = Σρ of these. L ≤ Σε + L' pointwise, whatever was chosen when; e^((α-1)(L' - αr)) is a supermartingale that starts at 1, as each such event
has E[e^((α-1)l)] ≤ e^((α-1)αρ) given all before it; and ε - Σε ≥ αr + c. So P(S∩C) - e^ε·Q(S∩C) ≤ E[max(0, 1 - e^(ε-L)); C] ≤
E[max(0, 1 - e^(c-(L'-αr)))] ≤ δ, the last step being Prop. 12's, which uses that moment alone. (α is one of ``_LINES`` fixed values, each with a share of
its own: the best α for how r turns out would depend on the transcript.) Add the three, each with a share of δ of its own; what events bring of their own δ is paid
from another share (GUARANTEE).
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

import msgspec

EPSILON_UNIT = 10**9
"""Units per ε: nano."""
RHO_UNIT = 10**12
"""Units per ρ: pico, since ρ is a square."""
DELTA_UNIT = 10**18
"""Units per δ: atto."""
LARGEST_EPSILON = 10**6
"""No cap and no charge exceeds this, in ε or in ρ."""
LARGEST_SUM = 2**62
"""Units beyond which sums stay where they are, so that they fit 64 bits. No cap admits so much: of ε and of ρ it is above 10^6 (and ε ≥ ρ), of δ above 1."""
_CONVERSION_SHARE, _MIXED_SHARE = Fraction(17, 20), Fraction(1, 20)
"""Of a cap's δ, what the concentrated accountant's and the mixed one's conversions use; the rest pays for events' own δ."""
_LINES = 24
"""Slopes of the mixed accountant: α = 1 + 2^k for k below this."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What one release costs under composition. ``epsilon`` None: concentrated only. Meanings never change, events only get added.

    Raises ValueError unless ε > 0 (or ρ > 0 where ε is None) and 0 ≤ δ < 1.
    """

    mechanism: str
    epsilon: Fraction | None
    rho: Fraction | None = None
    delta: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        loss = self.rho if self.epsilon is None else self.epsilon
        if loss is None or loss <= 0 or (self.rho is not None and self.rho <= 0) or not 0 <= self.delta < 1:
            raise ValueError("an event costs something, and its δ lies in [0, 1)")

    @cached_property
    def concentrated(self) -> Fraction:
        """Its ρ: as stated by the mechanism, else ε²/2; the smaller where both hold."""
        own = self.epsilon
        implied = None if own is None else Fraction(own.numerator**2, 2 * own.denominator**2)
        return min(value for value in (self.rho, implied) if value is not None)


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """A sum of events in integer units. ``impure`` counts those without a pure ε, ``impure_rho`` is their part of ρ."""

    epsilon: int = 0
    rho: int = 0
    delta: int = 0
    impure: int = 0
    impure_rho: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            epsilon=min(self.epsilon + other.epsilon, LARGEST_SUM),
            rho=min(self.rho + other.rho, LARGEST_SUM),
            delta=min(self.delta + other.delta, LARGEST_SUM),
            impure=self.impure + other.impure,
            impure_rho=min(self.impure_rho + other.impure_rho, LARGEST_SUM),
        )


@dataclass(frozen=True, kw_only=True)
class Cap:
    """The most that a scope may spend: (ε, δ), exact. Raises ValueError outside 0 ≤ ε ≤ 1e6 and 0 ≤ δ < 1."""

    epsilon: Fraction
    delta: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if not (0 <= self.epsilon <= LARGEST_EPSILON and 0 <= self.delta < 1):
            raise ValueError(f"a budget's epsilon lies in [0, {LARGEST_EPSILON}], its delta in [0, 1)")

    def __and__(self, other: "Cap") -> "Cap":
        """The cap that keeps within both: the smaller ε and the smaller δ."""
        return Cap(epsilon=min(self.epsilon, other.epsilon), delta=min(self.delta, other.delta))

    @cached_property
    def units(self) -> tuple[int, int]:
        """(ε, δ of events' own) in units, rounded down: a whole number is at most a fraction where it is at most what that rounds down to."""
        return math.floor(self.epsilon * EPSILON_UNIT), self.event_delta

    @property
    def conversion_delta(self) -> float:
        """The δ at which ρ is turned into ε, rounded down."""
        return math.nextafter(float(self.delta * _CONVERSION_SHARE), 0.0)

    @property
    def mixed_delta(self) -> float:
        """The δ at which the ρ of events without ε is turned into ε beside others' ε, rounded down."""
        return math.nextafter(float(self.delta * _MIXED_SHARE), 0.0)

    @property
    def line_delta(self) -> float:
        """The share of one slope in ``mixed_delta``, rounded down: a cap that changes may change the slope, and then both were used."""
        return math.nextafter(float(self.delta * _MIXED_SHARE / _LINES), 0.0)

    @property
    def event_delta(self) -> int:
        """What events' own δ may add up to, in units, rounded down."""
        return math.floor(self.delta * (1 - _CONVERSION_SHARE - _MIXED_SHARE) * DELTA_UNIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What totals amount to under a cap, for people: (ε spent at δ spent), and the largest pure ε the next call could have."""

    epsilon: float
    delta: float
    epsilon_left: float
    delta_left: float


def totals_of(event: Event) -> Totals:
    """One event in units, each rounded up."""
    rho = min(_ceil(event.concentrated, RHO_UNIT), LARGEST_SUM)
    return Totals(
        epsilon=0 if event.epsilon is None else _ceil(event.epsilon, EPSILON_UNIT),
        rho=rho,
        delta=_ceil(event.delta, DELTA_UNIT),
        impure=int(event.epsilon is None),
        impure_rho=rho if event.epsilon is None else 0,
    )


def _ceil(value: Fraction, unit: int) -> int:
    """So many units, rounded up: in integers alone, without the product's lowest terms, which take longest."""
    return -(-value.numerator * unit // value.denominator)


def admits(cap: Cap, totals: Totals) -> bool:
    """Whether totals stay within the cap by one accountant or the other."""
    epsilon, delta = cap.units
    if totals.delta > delta:
        return False
    if not totals.impure and totals.epsilon <= epsilon:
        return True
    counted = _counted(cap, totals)
    return (counted is not None and counted <= cap.epsilon) or totals.rho <= _rho_cap(cap)


def _counted(cap: Cap, totals: Totals) -> Fraction | None:
    """Σε where every event has an ε, else what the mixed accountant makes of them; None where the cap has no δ for that."""
    epsilon = Fraction(totals.epsilon, EPSILON_UNIT)
    if not totals.impure:
        return epsilon
    line = _line(cap)
    return None if line is None else epsilon + line[0] * Fraction(totals.impure_rho, RHO_UNIT) + line[1]


def spent(cap: Cap, totals: Totals) -> Spent:
    """What totals amount to under a cap; shown, never used to decide."""
    found = _counted(cap, totals)
    counted = math.inf if found is None else float(found)
    concentrated = epsilon_of_rho(totals.rho / RHO_UNIT, cap.conversion_delta)
    own = totals.delta / DELTA_UNIT
    converted = cap.conversion_delta if counted > concentrated else cap.mixed_delta if totals.impure else 0.0
    counted_left = 0.0 if found is None else float(cap.epsilon - found)
    return Spent(
        epsilon=min(counted, concentrated),
        delta=own + converted,
        epsilon_left=max(counted_left, _concentrated_left(cap, totals), 0.0),
        delta_left=max(float(cap.delta) - own, 0.0),
    )


def _concentrated_left(cap: Cap, totals: Totals) -> float:
    """The largest ε whose ε²/2 still fits, rounded down to the unit."""
    room = max(_rho_cap(cap) - totals.rho, 0)
    return math.floor(math.sqrt(2 * room / RHO_UNIT) * EPSILON_UNIT * (1 - 1e-12)) / EPSILON_UNIT


@lru_cache(maxsize=256)
def _rho_cap(cap: Cap) -> int:
    """The largest ρ, in units, whose (ε, δ) by conversion lies within the cap; 0 where δ is 0. Found by bisection."""
    if cap.conversion_delta <= 0:
        return 0
    low, high = 0, 2 * LARGEST_EPSILON * RHO_UNIT
    while low < high:
        middle = (low + high + 1) // 2
        if epsilon_of_rho(middle / RHO_UNIT, cap.conversion_delta) <= float(cap.epsilon):
            low = middle
        else:
            high = middle - 1
    return low


@lru_cache(maxsize=256)
def _line(cap: Cap) -> tuple[Fraction, Fraction] | None:
    """(α, c) of the mixed accountant: nearly the best line for who spends a tenth of the cap in ρ. None where the cap has no δ or no ε."""
    if cap.line_delta <= 0 or cap.epsilon == 0:
        return None
    tenth = float(cap.epsilon) / 10
    low, high = 0.0, tenth
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if epsilon_of_rho(middle, cap.line_delta) <= tenth else (low, middle)
    slope_number = min(max(round(_best(low, cap.line_delta) / math.log(2)), 0), _LINES - 1)
    exponent = slope_number * math.log(2)
    entry = _conversion(0.0, cap.line_delta, exponent)
    # α = 1 + e^x, rounded up; c by more than the arithmetic can be off.
    slope = (1 + math.exp(exponent)) * (1 + 1e-9)
    return Fraction(slope), Fraction(max(entry, 0.0) * (1 + 1e-9) + 1e-12)


def epsilon_of_rho(rho: float, delta: float) -> float:
    """An ε such that ρ-zCDP implies (ε, δ)-DP; infinite where δ is 0 and ρ is not.

    Canonne–Kamath–Steinke 2020 (arXiv:2004.00010), Prop. 12: for every α > 1,
    ε = αρ + [ln(1/δ) + α·ln(1 - 1/α) - ln(α - 1)]/(α - 1). Whatever α the search stops at, the answer holds; it is then
    rounded up by more than the arithmetic can be off.
    """
    if rho <= 0:
        return 0.0
    if delta <= 0:
        return math.inf
    return max(_conversion(rho, delta, _best(rho, delta)), 0.0) * (1 + 1e-9) + 1e-12


def _best(rho: float, delta: float) -> float:
    """The exponent at which the conversion is least, by golden section."""
    low, high = -30.0, 30.0
    step = (math.sqrt(5) - 1) / 2
    for _ in range(80):
        left, right = high - step * (high - low), low + step * (high - low)
        if _conversion(rho, delta, left) <= _conversion(rho, delta, right):
            high = right
        else:
            low = left
    return (low + high) / 2


def _conversion(rho: float, delta: float, exponent: float) -> float:
    """The bound at α = 1 + e^exponent."""
    above = math.exp(exponent)
    alpha = 1 + above
    log_ratio = exponent - math.log1p(above)
    return alpha * rho + (-math.log(delta) + alpha * log_ratio - exponent) / above
