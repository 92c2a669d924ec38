"""Mutations of honest bytes, and sound ones around them: deterministic in the seed. Knows no format but the words it is given."""

import random
from collections.abc import Sequence

_LONGEST = 1 << 16


def mutated(honest: Sequence[bytes], words: Sequence[bytes], chance: random.Random) -> bytes:
    """One of the honest messages, changed at one to six places."""
    data = bytearray(chance.choice(honest))
    for _ in range(chance.randint(1, 6)):
        _change(data, honest, words, chance)
    return bytes(data[:_LONGEST])


def _change(data: bytearray, honest: Sequence[bytes], words: Sequence[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    until = min(len(data), at + chance.choice((1, 1, 2, 4, 8, 64)))
    match chance.randrange(7):
        case 0:
            data[at:until] = chance.randbytes(until - at)
        case 1:
            del data[at:until]
        case 2:
            data[at:at] = data[at:until]
        case 3:
            data[at:until] = chance.choice(words)
        case 4:
            data[at:at] = chance.choice(words)
        case 5:
            other = chance.choice(honest)
            start = chance.randrange(len(other) + 1)
            data[at:until] = other[start : start + chance.choice((1, 8, 64, len(other)))]
        case _ if at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        case _:
            data += bytes([chance.randrange(256)])
