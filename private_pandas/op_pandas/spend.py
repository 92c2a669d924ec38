"""What a call may spend, as analysts say it: ``eps``, ``rho``, ``accuracy`` or ``sigma``, exactly one of them; parsed before anything is sent.

Must not know what a release costs: ``accuracy`` becomes an ε, and ``sigma`` a ρ, where the release is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from ag_plan.releases import Epsilon, Rho
from op_pandas.epsilon import parse_epsilon, parse_rho, positive
from op_pandas.keywords import check_keywords

OTHERS = ("rho", "accuracy", "sigma")
"""What may stand in the place of ``eps``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How far off an answer may be: the largest 95 % half-width of all its numbers, or of each column's."""

    largest: Fraction | None = None
    by_column: Mapping[str, Fraction] | None = None

    def of(self, column: str) -> Fraction | None:
        """The half-width asked of a column; None where it doesn't matter."""
        return self.largest if self.by_column is None else self.by_column.get(column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sigma:
    """How much noise an answer shall have at most: the deviation of its Gaussian noise, a sum's in its own unit, all else in rows."""

    deviation: Fraction


Spending: TypeAlias = Epsilon | Rho | Accuracy | Sigma


def spending(call: str, eps: object, given: Mapping[str, object]) -> Spending:
    """What a call may spend, from ``eps`` and the keywords ``rho``, ``accuracy`` and ``sigma``. TypeError or ValueError unless it is one of these.

    A keyword that pandas doesn't know is a mistake, which must not be charged for.
    """
    check_keywords(call, given)
    named = {name: given[name] for name in OTHERS if given.get(name) is not None}
    if eps is not None and named:
        raise TypeError(f"{call} takes one of eps, rho, accuracy and sigma, not eps and {' and '.join(named)}")
    if len(named) > 1:
        raise TypeError(f"{call} takes one of eps, rho, accuracy and sigma, not {' and '.join(named)}")
    if "rho" in named:
        return parse_rho(named["rho"])
    if "accuracy" in named:
        return _accuracy(named["accuracy"])
    if "sigma" in named:
        return Sigma(deviation=positive(named["sigma"], "sigma"))
    return parse_epsilon(eps, call)


def _accuracy(given: object) -> Accuracy:
    if isinstance(given, Mapping):
        if not given:
            raise ValueError("accuracy needs at least one column, e.g. accuracy={'age': 2}")
        return Accuracy(by_column={str(name): positive(each, f"accuracy of {name}") for name, each in given.items()})
    return Accuracy(largest=positive(given, "accuracy"))
