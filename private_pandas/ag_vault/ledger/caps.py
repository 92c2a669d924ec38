"""The caps now in force: those that owners set at run time where there are any, else the metadata's. Read within the charge's own transaction.

Knows caps and who they bind, not what was spent.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Literal

import sqlalchemy as sa

from ag_vault.account import Cap
from ag_vault.catalog import Budget
from ag_vault.ledger.schema import CAPS
from ag_vault.ledger.wire import Question, Row

Kind = Literal["everyone", "analyst", "call"]
_NUMBER = re.compile(r"[0-9]{1,30}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,2})?|[0-9]{1,30}/[1-9][0-9]{0,29}")
Terms = Mapping[str, Budget]
"""What is asked of, by the data sets' names: the budgets that their metadata gives, and the names under which owners set others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What may be spent within any span of so many seconds, by everyone together or by the analyst who asks."""

    kind: Literal["everyone", "analyst"]
    seconds: int
    cap: Cap


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The caps on one analyst's next charge. ``everyone``, ``analyst`` None: no bound over all time, by an owner's own word."""

    everyone: Cap | None
    analyst: Cap | None
    call: Cap
    windows: tuple[Window, ...] = ()

    def __and__(self, other: "InForce") -> "InForce":
        """The caps that keep within both."""
        return InForce(
            everyone=_both(self.everyone, other.everyone),
            analyst=_both(self.analyst, other.analyst),
            call=self.call & other.call,
            windows=(*self.windows, *other.windows),
        )


def questions(terms: Terms, analyst: str) -> list[Question]:
    """What to ask of the database, for ``in_force``."""
    return [(_CAPS_OF, {"name": name, "analyst": analyst}) for name in terms]


def in_force(terms: Terms, answers: Sequence[Sequence[Row]]) -> InForce:
    """What binds the analyst's next charge that reads these data sets: of several, the caps of each. ``answers``: to the questions."""
    return reduce(InForce.__and__, map(_of, terms.values(), answers))


def cap_of(epsilon: str, delta: str) -> Cap:
    """A cap from exact text: a decimal, or a fraction of whole numbers. ValueError where it is none."""
    if not (_NUMBER.fullmatch(epsilon) and _NUMBER.fullmatch(delta)):
        raise ValueError("A cap's ε and δ are decimals, or fractions of whole numbers, that are not negative.")
    return Cap(epsilon=Fraction(epsilon), delta=Fraction(delta))


def _of(budget: Budget, rows: Sequence[Row]) -> InForce:
    if not rows:
        return InForce(everyone=budget.everyone, analyst=budget.per_analyst, call=budget.per_call)
    # A row that names the analyst goes before the one for each; both before the metadata.
    own = {(kind, seconds): rest for kind, _, seconds, *rest in sorted(rows, key=lambda row: row[1])}
    first: Mapping[Kind, Cap] = {"everyone": budget.everyone, "analyst": budget.per_analyst, "call": budget.per_call}
    found = {kind: cap if (row := own.get((kind, 0))) is None else _cap(*row) for kind, cap in first.items()}
    return InForce(
        everyone=found["everyone"],
        analyst=found["analyst"],
        call=found["call"] or budget.per_call,
        windows=tuple(
            Window(kind=kind, seconds=seconds, cap=cap_of(*row)) for (kind, seconds), row in own.items() if seconds
        ),
    )


def _cap(epsilon: str | None, delta: str) -> Cap | None:
    return None if epsilon is None else cap_of(epsilon, delta)


def _both(one: Cap | None, other: Cap | None) -> Cap | None:
    return other if one is None else one if other is None else one & other


_CAPS_OF = sa.select(CAPS.c.kind, CAPS.c.who, CAPS.c.seconds, CAPS.c.epsilon, CAPS.c.delta).where(
    CAPS.c.dataset == sa.bindparam("name"),
    (CAPS.c.who == sa.literal_column("''")) | (CAPS.c.who == sa.bindparam("analyst")),
)
