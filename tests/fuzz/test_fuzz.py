"""Every door under a few thousand hostile messages: nothing raised, nothing kept, nothing slow. ``make fuzz`` is the long form."""

import random
import time

import psutil
import pytest

from tests.fuzz.mutate import mutated
from tests.fuzz.seeds import WORDS
from tests.fuzz.targets import TARGETS

READS, EXECUTES = 3000, 250
GROWTH_BYTES = 32 << 20
SLOWEST_SECONDS = 10.0
"""Of processor time, for one message."""


@pytest.mark.parametrize("name", TARGETS)
def test_a_door_stands_hostile_messages(name: str) -> None:
    target, chance = TARGETS[name], random.Random(name)
    honest, process = target.seeds(), psutil.Process()
    tries = EXECUTES if target.executes else READS
    before = slowest = 0
    for number in range(tries):
        if number == tries // 5:
            before = process.memory_info().rss
        began = time.process_time()
        target.door(mutated(honest, WORDS, chance))
        slowest = max(slowest, time.process_time() - began)
    assert process.memory_info().rss - before < GROWTH_BYTES
    assert slowest < SLOWEST_SECONDS


def test_honest_messages_pass_every_door() -> None:
    for target in TARGETS.values():
        for data in target.seeds():
            target.door(data)


@pytest.mark.parametrize("found", [b"7664"])
def test_what_was_found_once_is_found_no_more(found: bytes) -> None:
    TARGETS["words"].door(found)
