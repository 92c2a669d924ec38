"""Asking for a release: a measure of terms, in whole or by group, at a price.

Must not know what it costs beyond the ε asked for, nor how the answer is shaped.
"""

from collections.abc import Callable, Mapping

from ag_plan.codec import encode_plan
from ag_plan.errors import MalformedPlan
from ag_plan.messages import AskPreview, AskRelease, Preview, Released
from ag_plan.relations import Project
from ag_plan.releases import Delta, GroupKey, Measure, Release, Spend
from op_pandas.accuracy import epsilon_for
from op_pandas.rows import Rows, Term
from op_pandas.sigma import rho_for
from op_pandas.spend import Accuracy, Sigma, Spending
from op_pandas.vault import ask

LIBRARY = "op_pandas"


def release(
    rows: Rows,
    terms: Mapping[str, Term],
    measure: Measure,
    spend: Spending,
    *,
    by: tuple[GroupKey, ...] = (),
    delta: Delta | None = None,
) -> Released:
    """The answer to a measure of the terms; charged. Raises what the vault's refusal names, and then nothing was charged."""
    expressions = tuple(term.expression for term in terms.values())
    project = Project(relation=rows.relation, names=tuple(terms), expressions=expressions)

    def plan(paid: Spend) -> bytes:
        try:
            return encode_plan(Release(relation=project, measure=measure, spend=paid, by=by, delta=delta))
        except MalformedPlan as reason:
            raise ValueError(str(reason)) from None

    def preview(paid: Spend) -> Preview:
        return ask(rows.vault, AskPreview(id=0, release=plan(paid)), Preview)

    paid = _paid(spend, preview)
    return ask(rows.vault, AskRelease(id=0, release=plan(paid), library=LIBRARY), Released)


def _paid(spend: Spending, preview: Callable[[Spend], Preview]) -> Spend:
    if isinstance(spend, Accuracy):
        return epsilon_for(spend, preview)
    return rho_for(spend, preview) if isinstance(spend, Sigma) else spend


def needed(terms: Mapping[str, Term], attribute: str, call: str) -> dict[str, Term]:
    """The terms a statistic can be taken of. ValueError where there is none."""
    found = {name: term for name, term in terms.items() if getattr(term, attribute)}
    if not found:
        raise ValueError(f"there is no column to take the {call} of")
    return found
