"""The five lines through which every release passes, in their order; nothing else in the vault does any of it.

Knows no socket and no storage: catalogue, charge, data and noise are parameters.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ag_plan.expressions import Scalar
from ag_plan.releases import Release
from ag_vault.catalog import Catalog
from ag_vault.errors import Refusal
from ag_vault.evaluate import Data
from ag_vault.ledger import Receipt
from ag_vault.noise import Noise
from ag_vault.price import Priced

Charge = Callable[[Priced], Receipt | Refusal]
"""Charges ``priced.event`` to ``priced.dataset`` for whoever asks, durably; the session binds who that is."""


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
    raise NotImplementedError
