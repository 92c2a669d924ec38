"""``train_test_split``: two private objects without a row in common, drawn by lot of the unit, or of the row where a unit is one.

Must not know how lots are drawn: the vault says so. Which row stands where has no say.
"""

from typing import Any

from ag_plan.codec import children
from ag_plan.relations import Relation, Split
from op_pandas.epsilon import exact
from op_pandas.frame import PrivateDataFrame
from op_pandas.rows import Rows
from op_pandas.series import PrivateSeries

DEFAULT = 0.25
_AGAIN = 0x9E3779B97F4A7C15
"""Odd, so that splits of splits draw anew: with the same seed a second one would find all low lots gone."""
_SEEDS = 2**63


def train_test_split(
    *given: PrivateDataFrame | PrivateSeries,
    test_size: float | None = None,
    train_size: float | None = None,
    random_state: int | None = None,
    shuffle: bool = True,
    stratify: object = None,
) -> list[Any]:
    """Of each object its train part and its test part, as scikit-learn gives them: ``train, test = …``.

    About ``test_size`` of all units (0.25 unless given) fall to the test part, each with all its rows, by a lot that follows from
    ``random_state`` and the unit: the same in every table of its id-space. How many is private, so sizes are shares, never numbers of
    rows. What is asked of one part costs as much as of the whole. TypeError or ValueError for what can't be meant.
    """
    if not given:
        raise TypeError("train_test_split needs a private frame or series")
    for each in given:
        if not isinstance(each, PrivateDataFrame | PrivateSeries):
            raise TypeError(
                f"op_pandas.train_test_split is for private frames and series, not a {type(each).__name__}; "
                "split public rows with pandas, e.g. frame.sample(frac=0.25)"
            )
    if not shuffle:
        raise ValueError("private rows have no order to split by; leave shuffle out")
    if stratify is not None:
        raise ValueError("stratify would need to know how many rows each group has, which is private; leave it out")
    share, seed = _share(test_size, train_size), _seed(random_state)
    return [
        part for each in given for part in (_part(each, share, seed, rest=True), _part(each, share, seed, rest=False))
    ]


def _share(test_size: object, train_size: object) -> float:
    """The share of the test part."""
    sizes = {"test_size": test_size, "train_size": train_size}
    found = {name: exact(size, name) for name, size in sizes.items() if size is not None}
    for name, size in found.items():
        if not 0 < size < 1:
            raise ValueError(f"{name} must be a share between 0 and 1: how many rows there are is private")
    if len(found) == len(sizes) and sum(found.values()) != 1:
        raise ValueError("test_size and train_size must add up to 1; give one of them")
    return float(found["test_size"] if "test_size" in found else 1 - found["train_size"]) if found else DEFAULT


def _seed(random_state: object) -> int:
    if random_state is None:
        return 0
    value = exact(random_state, "random_state")
    if value.denominator != 1 or not 0 <= value < _SEEDS:
        raise ValueError("random_state must be a whole number from 0 to 2**63 - 1")
    return int(value)


def _part(
    given: PrivateDataFrame | PrivateSeries, share: float, seed: int, *, rest: bool
) -> PrivateDataFrame | PrivateSeries:
    before = given.rows.relation
    drawn = (seed + _AGAIN * _splits(before)) % _SEEDS
    rows = Rows(vault=given.rows.vault, relation=Split(relation=before, share=share, seed=drawn, rest=rest))
    rows.base()  # asks the vault whether these rows can be split, so that a refusal names this line
    if isinstance(given, PrivateSeries):
        return PrivateSeries.of(rows, given.term, given.name)
    return PrivateDataFrame.of(rows, given.terms)


def _splits(relation: Relation) -> int:
    """How often rows were split before, on the way that was split most often."""
    known: dict[int, int] = {}
    waiting = [relation]
    while waiting:
        word = waiting[-1]
        under = [child for child in children(word) if isinstance(child, Relation)]
        unknown = [child for child in under if id(child) not in known]
        if unknown:
            waiting.extend(unknown)
            continue
        waiting.pop()
        known[id(word)] = max((known[id(child)] for child in under), default=0) + isinstance(word, Split)
    return known[id(relation)]


def sampled(given: Any, n: object, frac: object, random_state: object) -> Any:
    """About a share of all units; pandas' ``sample``, but that how many there are is private."""
    if n is not None or frac is None:
        raise ValueError("sample needs a share, e.g. sample(frac=0.1): how many rows there are is private")
    return _part(given, _share(frac, None), _seed(random_state), rest=False)
