"""``describe`` of frames with categories: numeric columns in one release, each categorical column in one of its own.

Must not know prices; a call's total is shared by columns, and the answer tells the sum of what was paid.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pandas as pd

from ag_plan.releases import Describe, Rho, Spend
from op_pandas import frequencies, results
from op_pandas.calls import Call
from op_pandas.epsilon import parse_epsilon, parse_rho
from op_pandas.keys import key_of, public_keys
from op_pandas.releases import release
from op_pandas.results import Provenance, ReleasedFrame, ReleasedSeries
from op_pandas.rows import Rows, Term
from op_pandas.spend import Accuracy, Sigma

_ORDER = ("count", "unique", "top", "freq", "mean", "std", "min", "25%", "50%", "75%", "max")
_NUMBERS = ("number", "float", "float64", "int", "int64", "numeric")
_CATEGORIES = ("object", "O", "category", "bool", "str", "string")


def chosen(terms: Mapping[str, Term], include: object) -> dict[str, Term]:
    """The columns that pandas would describe: numeric ones unless there are none, all, or those of the kinds named."""
    numbers = {name: term for name, term in terms.items() if term.is_number}
    others = {name: term for name, term in terms.items() if _is_category(term)}
    if include is None:
        return numbers or others
    if isinstance(include, str) and include == "all":
        return {name: term for name, term in terms.items() if name in numbers or name in others}
    wanted = [
        getattr(each, "__name__", str(each)) for each in (include if isinstance(include, list | tuple) else [include])
    ]
    unknown = next((each for each in wanted if each not in (*_NUMBERS, *_CATEGORIES)), None)
    if unknown is not None:
        raise ValueError(f"include must be 'all' or name kinds: 'number', 'object' or 'category', not {unknown!r}")
    kinds = {"number" if each in _NUMBERS else "other" for each in wanted}
    return {
        name: term
        for name, term in terms.items()
        if (name in numbers and "number" in kinds) or (name in others and "other" in kinds)
    }


def described(rows: Rows, terms: Mapping[str, Term], call: Call) -> ReleasedFrame:
    """The description of these columns, of which at least one is categorical: ε in equal parts."""
    numbers = {name: term for name, term in terms.items() if term.is_number}
    made: dict[str, pd.Series[Any]] = {}
    paid: list[Provenance] = []
    if numbers:
        own = part(call, Fraction(len(numbers), len(terms)))
        released = release(rows, numbers, Describe(columns=tuple(numbers)), own)
        frame = results.frame(released, [key[-1] for key in released.index], released.columns, list)
        made |= {name: frame[name] for name in numbers}
        paid.append(frame.ag)
    for name in [name for name in terms if name not in numbers]:
        own = part(call, Fraction(1, len(terms)))
        found = _described(rows, terms[name], name, replace(call, spend=own))
        made[name] = found
        paid.append(found.ag)
    index = [word for word in _ORDER if any(word in column.index for column in made.values())]
    whole = pd.DataFrame({name: made[name].reindex(index) for name in terms})
    return results.together(whole, paid)


def _described(rows: Rows, term: Term, name: str, call: Call) -> ReleasedSeries:
    key = key_of(rows, term, name, name)
    return frequencies.described(frequencies.frequencies(rows, {name: key}, call, None))


def _is_category(term: Term) -> bool:
    return term.kind == "bool" or (term.kind == "str" and bool(public_keys(term)))


def part(call: Call, share: Fraction) -> Spend:
    """A share of what a call of several releases may spend. TypeError where it is said as an accuracy."""
    if isinstance(call.spend, Accuracy | Sigma):
        raise TypeError(f"{call.name} of categories needs eps= or rho=: its numbers have no one accuracy or noise")
    value = call.spend.fraction * share
    return parse_rho(value) if isinstance(call.spend, Rho) else parse_epsilon(value, call.name)
