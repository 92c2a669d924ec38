"""The five lines through which every release passes, in their order; nothing else in the vault does any of it.

Knows no socket and no storage: catalogue, charge, data and noise are parameters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ag_plan.expressions import Scalar
from ag_plan.releases import Release
from ag_vault.catalog import Catalog
from ag_vault.errors import Refusal
from ag_vault.evaluate import Data, evaluate
from ag_vault.ledger import Receipt
from ag_vault.noise import Noise
from ag_vault.parts import Estimate, Measured
from ag_vault.perturb import Estimates, Noisy, perturb
from ag_vault.price import Priced, price

Charge = Callable[[Priced], Receipt | Refusal]
"""Charges ``priced.event`` to ``priced.account`` for whoever asks, durably; the session binds who that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A release on its way out: fields as in ``messages.Released``, and the receipt without which it can't be made."""

    index: tuple[tuple[Scalar, ...], ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | int | None, ...], ...]
    half_widths: tuple[tuple[float | None, ...], ...]
    mechanism: str
    measure: str
    scale: float
    receipt: Receipt


def answer(plan: Release, *, catalog: Catalog, charge: Charge, data: Data, noise: Noise) -> Answer | Refusal:
    """Price, charge, evaluate, perturb, release. Refusals come before the charge or from it; after it there is none."""
    priced = price(plan, catalog)
    if isinstance(priced, Refusal):
        return priced
    receipt = charge(priced)
    if isinstance(receipt, Refusal):
        return receipt
    table = evaluate(priced, data)
    noisy = perturb(priced, table, noise)
    return _release(priced, noisy, receipt)


def _release(priced: Priced, noisy: Noisy, receipt: Receipt) -> Answer:
    """The estimates as rows of the index: groups, and in each the measure's labels; columns from their parts."""
    rows = [row for group in noisy.groups for row in _rows(priced, noisy.estimates, group)]
    return Answer(
        index=noisy.index,
        columns=priced.measured.columns,
        values=tuple(tuple(estimate.value for estimate in row) for row in rows),
        half_widths=tuple(tuple(estimate.half_width for estimate in row) for row in rows),
        mechanism=priced.mechanism,
        measure=str(type(priced.release.measure).__struct_config__.tag),
        scale=max((estimate.scale for row in rows for estimate in row), default=priced.scale),
        receipt=receipt,
    )


def _rows(priced: Priced, noisy: Estimates, group: int) -> list[tuple[Estimate, ...]]:
    columns = [_column(priced.measured, [noisy[part, group] for part in parts]) for parts in priced.measured.layout]
    return list(zip(*columns, strict=True))


def _column(measured: Measured, parts: Sequence[tuple[Estimate, ...]]) -> tuple[Estimate, ...]:
    """A column's estimates, one per label."""
    return tuple(item for part in parts for item in part) if measured.combine is None else measured.combine(*parts)
