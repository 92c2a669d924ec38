"""What rows are grouped by: public keys (categories, booleans, narrow integers, bins, lists), or keys to be found under a δ.

Must not know statistics. Where nothing fits, the sentence says which column and what to do instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd

from ag_plan.expressions import Binary, Expression, Scalar
from ag_plan.releases import WIDEST_RANGE, Delta, GroupKey
from op_pandas.arguments import Bins
from op_pandas.bins import binned
from op_pandas.columns import label
from op_pandas.epsilon import Number, exact
from op_pandas.errors import sentence
from op_pandas.private import Private
from op_pandas.rows import Rows, Term, lifted
from op_pandas.scalars import PublicScalar, constant, plain
from op_pandas.series import PrivateSeries

Listed: TypeAlias = Iterable[PublicScalar] | Mapping[str, Iterable[PublicScalar]]
Cuts: TypeAlias = Bins | Mapping[str, Bins]

_FOUND = {"str", "int"}
"""Kinds whose keys can be found: a float's values hardly repeat."""
_INSTEAD = {
    "float": "Cut it into bins: groupby({name!r}, bins=[…]), or op_pandas.cut",
    "datetime": "Group by a part of it, e.g. its map(lambda d: d.year), or cut it with op_pandas.cut",
    "id": "Group by the id alone, for one private row per unit",
}
_FINEST = 10**18
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A term to group by, the name it shows, the column it is (if it is one), and its keys: listed, found, or its public ones."""

    term: Term
    name: str | None
    column: str | None
    listed: tuple[Scalar, ...] | None = None
    found: bool = False

    def asked(self, column: str) -> GroupKey:
        """The key's word, under the name that the question gives its column."""
        return GroupKey(column=column, values=self.listed, found=self.found)

    def equals(self, value: object) -> Expression:
        """The condition that a row's key is this one. KeyError where its keys are public and this is none of them."""
        wanted = plain(str(value) if isinstance(value, pd.Interval) else value)
        wanted = bool(wanted) if self.term.kind == "bool" and wanted in (0, 1) else wanted
        known = self.listed if self.listed is not None else public_keys(self.term)
        if known is not None and wanted not in known:
            raise KeyError(f"{value!r} is no key of {_shown(self)}")
        return Binary(operator="eq", left=self.term.expression, right=constant(wanted, self.term.kind))


def keys_of(
    by: object, rows: Rows, terms: Mapping[str, Term], *, keys: Listed | None = None, bins: Cuts | None = None
) -> tuple[Key, ...]:
    """The keys of a ``groupby``. ValueError where a key has no public values and none can be found."""
    several = by if isinstance(by, list | tuple) else [by]
    if not several:
        raise ValueError("groupby needs at least one key")
    named = [_named(each, rows, terms) for each in several]
    lists, cuts = _by_name(keys, named, "keys"), _by_name(bins, named, "bins")
    return tuple(_key(key, lists.get(key.name), cuts.get(key.name), rows) for key in named)


def key_of(
    rows: Rows, term: Term, name: str | None, called: str, *, keys: Listed | None = None, bins: Bins | None = None
) -> Key:
    """The key that one column makes. ValueError where it makes none."""
    key = Key(term=term, name=name, column=called)
    if bins is not None:
        cut, _ = binned(rows, term, called, bins, include_lowest=True)
        return Key(term=cut, name=name, column=called)
    return _key(key, keys, None, rows)


def public_keys(term: Term) -> tuple[Scalar, ...] | None:
    """The keys that are public without being listed; None where there are none."""
    if term.kind == "bool":
        return (False, True)
    if term.schema.categories is not None:
        return tuple(value for value in term.schema.categories if value is not None)
    lower, upper = term.schema.lower, term.schema.upper
    if term.kind != "int" or lower is None or upper is None or upper - lower >= WIDEST_RANGE:
        return None
    return tuple(range(int(lower), int(upper) + 1))


def in_words(keys: Sequence[Key]) -> str:
    """What rows are grouped by, and how many groups that makes, as far as that is public."""
    return "grouped by " + ", ".join(f"{_shown(key)} ({_how_many(key)})" for key in keys) + ", rows are private"


def _how_many(key: Key) -> str:
    public = key.listed if key.listed is not None else public_keys(key.term)
    if public is None:
        return "keys to be found"
    return "1 key" if len(public) == 1 else f"{len(public):,} keys"


def check_nulls(given: Mapping[str, object]) -> None:
    """Refuse a group of missing keys, which pandas makes when told to; its other keywords change nothing here. ValueError."""
    if given.get("dropna") is False:
        raise ValueError(
            "missing keys make no group; name them first, e.g. frame['city'] = frame['city'].fillna('unknown')"
        )


def delta_of(delta: Number | None) -> Delta | None:
    """A δ, parsed to an exact rational. TypeError or ValueError before anything is sent."""
    if delta is None:
        return None
    value = exact(delta, "delta")
    if not 0 < value < 1:
        raise ValueError(f"delta must lie between 0 and 1, not {delta}")
    if value.denominator > _LARGEST:
        value = type(value)(value * _FINEST // 1, _FINEST)
    if value <= 0:
        raise ValueError(f"delta must be at least 1e-18, not {delta}")
    return Delta(numerator=value.numerator, denominator=value.denominator)


def _named(by: object, rows: Rows, terms: Mapping[str, Term]) -> Key:
    if isinstance(by, PrivateSeries):
        expression = lifted(by.term.expression, by.rows, rows)
        return Key(term=Term(expression=expression, schema=by.term.schema), name=by.name, column=None)
    if isinstance(by, pd.Series | pd.Index | pd.Categorical):
        raise TypeError(f"rows are grouped by private columns, not by a public {type(by).__name__}")
    name = label(by, terms)
    return Key(term=terms[name], name=name, column=name)


def _by_name(given: Any, named: list[Key], argument: str) -> dict[str | None, Any]:
    """What is said of keys, by the key's name; what is no mapping is of the only key."""
    if given is None:
        return {}
    if isinstance(given, Private):
        raise TypeError(f"{argument} must be public, not a {type(given).__name__}")
    if not isinstance(given, Mapping):
        if len(named) > 1:
            raise ValueError(f"with several keys, say whose {argument} they are: {argument}={{'column': […]}}")
        return {named[0].name: given}
    unknown = next((name for name in given if name not in {key.name for key in named}), None)
    if unknown is not None:
        raise ValueError(f"{argument} names {unknown}, by which nothing is grouped")
    return dict(given)


def _key(key: Key, listed: Any, cuts: Any, rows: Rows) -> Key:
    if listed is not None and cuts is not None:
        raise ValueError(f"the keys of {_shown(key)} are either listed or bins")
    if cuts is not None:
        term, _ = binned(rows, key.term, _shown(key), cuts)
        return Key(term=term, name=key.name, column=key.column)
    if listed is not None:
        return Key(term=key.term, name=key.name, column=key.column, listed=_list(listed, key))
    return _judged(key)


def _judged(key: Key) -> Key:
    """The key as public where it is, as one to be found where that is possible."""
    if public_keys(key.term) is not None:
        return key
    if key.term.kind in _FOUND:
        return Key(term=key.term, name=key.name, column=key.column, found=True)
    why = f"{_shown(key)} is not a categorical column."
    raise ValueError(sentence(why, _INSTEAD.get(key.term.kind, "Group by another one").format(name=_shown(key))))


def _list(listed: Any, key: Key) -> tuple[Scalar, ...]:
    """Public keys as the plan has them, each once, missing ones left out as pandas does."""
    if isinstance(listed, str) or not isinstance(listed, Iterable):
        raise TypeError(f"the keys of {_shown(key)} must be a list of public values")
    found = tuple(dict.fromkeys(value for each in listed if (value := plain(each)) is not None))
    if not found:
        raise ValueError(f"the list of keys of {_shown(key)} is empty")
    return tuple(int(value) for value in found) if key.term.kind == "int" and _whole(found) else found


def _whole(values: tuple[Scalar, ...]) -> bool:
    """Whether floats among the values are integers in disguise, as pandas writes them in a column with gaps."""
    return all(type(value) in (int, float) and value == int(value) for value in values)  # type: ignore[arg-type]


def _shown(key: Key) -> str:
    return key.name or "the key"
