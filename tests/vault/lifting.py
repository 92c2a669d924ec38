"""Hidden integers of lifted parts: some that have a given image, and the least that have it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import linprog

from ag_vault.ops.coins import Coins
from ag_vault.parts import Lifted


def hidden(part: Lifted, image: Sequence[int]) -> list[int]:
    """Integers with the image, made as the proof of ``coins`` makes them."""
    assert isinstance(part, Coins)
    columns = part.columns
    found = [0] * part.draws
    heads = {(column,): 1 + column for column in range(columns)}
    heads |= {pair: 1 + columns + place for place, pair in enumerate(part.pairs)}
    found[0] += image[0]
    for these, place in heads.items():
        both = sum(1 << column for column in these)
        found[both] += image[place]
        for column in these[: len(these) - 1] and these:
            found[1 << column] -= image[place]
        found[0] += image[place] if len(these) > 1 else -image[place]
    for column in range(columns):
        found[(1 << columns) + column] += image[len(image) - columns + column]
    assert list(part.image(found)) == list(image)
    return found


def least(part: Lifted, image: Sequence[int]) -> list[int]:
    """Real numbers with the image and the least L1, rounded towards zero: what integers with it need at least."""
    if not any(image):
        return []
    matrix = np.array([part.image([int(i == j) for j in range(part.draws)]) for i in range(part.draws)]).T.astype(float)
    found: Any = linprog(np.ones(2 * part.draws), A_eq=np.hstack([matrix, -matrix]), b_eq=np.array(image, float))
    assert found.success
    return [int((more - less) * (1 - 1e-9)) for more, less in zip(*np.split(found.x, 2), strict=True)]
