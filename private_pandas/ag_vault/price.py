"""What a plan is, means and costs, from the plan and public metadata alone: no row is in scope here.

Knows no ledger, no data, no randomness. A verdict is a value: ``Priced``, ``Space`` or ``Refusal``.
"""

from dataclasses import dataclass

from ag_plan.expressions import Scalar
from ag_plan.relations import Relation
from ag_plan.releases import Release
from ag_vault.account import Event
from ag_vault.catalog import Catalog
from ag_vault.errors import Refusal
from ag_vault.space import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """A release that may be charged: on which data set, at what cost, and all that evaluation needs."""

    dataset: str
    event: Event
    release: Release


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
    raise NotImplementedError


def price(release: Release, catalog: Catalog) -> Priced | Refusal:
    """What the release costs and how it will be answered; Refusal where the plan has no meaning or no finite sensitivity."""
    raise NotImplementedError


def preview(release: Release, catalog: Catalog) -> Forecast | Refusal:
    """The shape, mechanism and expected error of a release; charges nothing."""
    raise NotImplementedError
