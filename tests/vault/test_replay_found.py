"""Record and replay of keys that are found: neighbours whose candidates differ answer by the same bytes, but for keys that only one of them has.

Such a key is told with the call's δ at most; here its noise never lets it pass. How many candidates there are shows in how much noise is
drawn, and so in the time: that is said in GUARANTEE, and looked away from here.
"""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ag_plan.codec import decode_message
from ag_plan.messages import REPLIES, Refused, Released
from ag_plan.releases import Epsilon, GroupKey, Measure, Release, Rho
from ag_vault import answer
from ag_vault.evaluate import Data, Exact, evaluate
from ag_vault.exact import cut
from ag_vault.price import Priced, price
from tests.vault import cases, neighbours, replay, world
from tests.vault.cases import Columns
from tests.vault.neighbours import PAIRS, Database, Pair
from tests.vault.test_replay import DEPTH, WAYS, columns_of, examples

SPENDS = (Epsilon(numerator=9, denominator=1), Rho(numerator=1, denominator=1))
GROUPINGS = {
    "texts": (GroupKey(column="t", found=True),),
    "integers and categories": (GroupKey(column="j", found=True), GroupKey(column="s")),
}
_BELOW = -(2**61)


@dataclass
class Keyed(replay.Frozen):
    """Noise that leads each key to the same noisy numbers on both databases, and keys of one of them alone below every floor."""

    shared: frozenset[Any] = frozenset()
    owners: list[Any] = field(default_factory=list)

    def _covered(self, kind: str, scale: float, count: int) -> list[int]:
        if self.part is not None:
            self.owners = []
            return super()._covered(kind, scale, count)
        exact, owners = self.covering, self.owners
        self.covering, self.owners = [], []
        if count and not exact and self.exact is not None:
            exact, owners = [rows for _, rows in self.exact.keys], [key for key, _ in self.exact.keys]
        assert len(exact) == count, "each number has a draw of its own"
        self.asked.append((kind, scale))
        known: dict[Any, int] = {} if self.led is None else self.led[len(self.noisy)]
        drawn: list[int] = []
        places: dict[Any, int] = {}
        for owner, value in zip(owners, exact, strict=True):
            place = owner, places.setdefault(owner, 0)
            places[owner] += 1
            if owner not in self.shared:
                drawn.append(_BELOW - cut(value))
                continue
            if self.led is None:
                far = self._random.choice((0, 1, -3, 60, 60)) * scale
                known[place] = cut(cut(value) + int(far + self._random.gauss(0, scale)))
            drawn.append(known[place] - cut(value))
        self.noisy.append(known)
        return drawn


@contextmanager
def watched(noise: Keyed) -> Iterator[None]:
    """As in ``replay``, and the source is told whose integers it covers."""

    def evaluated(priced: Priced, data: Data) -> Exact:
        noise.exact = found = evaluate(priced, data)

        class Looked(dict[tuple[int, int], tuple[int, ...]]):
            def __getitem__(self, key: tuple[int, int]) -> tuple[int, ...]:
                vector = super().__getitem__(key)
                noise.covering.extend(vector)
                noise.owners.extend([found.keys[key[1] // priced.groups][0]] * len(vector))
                return vector

        return Exact(vectors=Looked(found.vectors), tallies=found.tallies, keys=found.keys)

    with replay.watched(noise), patch.object(answer, "evaluate", evaluated):
        yield


def candidates(plan: Priced, database: Database) -> set[Any]:
    return {key for key, _ in evaluate(plan, neighbours.put(database)).keys}


def asked(relation: str, measure: type[Measure], way: int, grouping: str, seed: int) -> Release:
    by = GROUPINGS[grouping]
    keys = {key.column for key in by}
    its = Columns.of({name: space for name, space in columns_of(relation).items() if name not in keys})
    release = world.ask(cases.MEASURES[measure][way](its), relation=cases.RELATIONS[relation], by=by)
    return msgspec.structs.replace(release, spend=SPENDS[seed % len(SPENDS)])


COMMON = {**dict.fromkeys(world.COLUMNS), "t": "x", "j": 7, "s": "y", "n": 2, "f": 0.5, "i": 1}
BASE: Database = tuple(
    (source.table, unit, COMMON) for source in (neighbours.VISITS, neighbours.ROWS) for unit in (11, 11, 12, 12, 13)
)
"""Rows of a key that both neighbours have, beside whatever else they hold."""


def with_base(pair: Pair) -> Pair:
    return Pair(one=(*BASE, *map(often, pair.one)), other=(*BASE, *map(often, pair.other)))


def often(row: neighbours.Row) -> neighbours.Row:
    """The row, more often than not with a key that others have, too."""
    table, unit, content = row
    known = table != neighbours.LABS.table and content.get("n", 0) > 1
    return (table, unit, content | {"t": "12", "j": 0}) if known else row


TOLD: list[int] = []
CASES = [(*way, grouping) for way in WAYS for grouping in GROUPINGS]
TRIED = CASES if DEPTH > 1 else [(kind, 0, (*GROUPINGS,)[place % 2]) for place, kind in enumerate(cases.MEASURES)]
"""Everything in ``make proof``; else each measure once, with keys of one kind."""


@pytest.mark.parametrize(("measure", "way", "grouping"), TRIED)
@settings(examples(1), phases=(Phase.explicit, Phase.generate))
@given(pairs=PAIRS, relation=st.sampled_from(["units", "rows", "filtered"]))
def test_neighbours_tell_the_same_keys_and_the_same_of_them(
    measure: type[Measure], way: int, grouping: str, pairs: tuple[Pair, Pair], relation: str
) -> None:
    pair = with_base(pairs[relation == "rows"])
    seed = zlib.crc32(repr(pair).encode())
    release = asked(relation, measure, way, grouping, seed)
    plan = price(release, neighbours.catalog())
    assert isinstance(plan, Priced), plan
    shared = frozenset(candidates(plan, pair.one) & candidates(plan, pair.other))
    recorded = replay.run(release, pair.one, Keyed(seed=seed, shared=shared), watch=watched)
    again = Keyed(seed=seed, shared=shared, led=recorded.noisy)
    replayed = replay.run(release, pair.other, again, shuffled=seed, watch=watched)
    replies = [decode_message(reply, REPLIES) for reply in recorded.replies]
    assert not any(isinstance(reply, Refused) for reply in replies), replies
    assert recorded == replayed
    (first,) = [reply for reply in replies[2:3] if isinstance(reply, Released)]
    TOLD.append(len(first.index))


def test_keys_were_told() -> None:
    """Else nothing was compared. Runs after the others, where they run at all."""
    assert not TOLD or sum(map(bool, TOLD)) > len(TOLD) / 4
