"""Integer noise on hidden integers, of which the released vector is a linear image. Knows no plan, no SQL, and no noise by name.

Guarantee: let neighbouring data have vectors z and z' = z + A·w with integers w, and let N be the noise that makes hidden integers private
where they move by no more than w does (``laplace``: ∣w∣₁; ``gaussian``: ∣w∣₂). Then z' + A·N = z + A·(w + N), which is the same map of
w + N as z + A·N is of N: releasing z + A·N costs what N costs. Neither h with A·h = z nor A·h + A·N is ever needed.

Why: the image has far fewer numbers than there are hidden ones, and h may be too many or too fine to compute, as long as z isn't.

Cuts: z is cut to 2^62 before noise, which holds on at least 2^30 rows, and z + A·N after it. Draws are of 64 bits: one that saturates
can be hidden by no cut, as others may make up for it. So scales are at most 2^50: a draw saturates with a probability
below exp(-2^13), which is less than that of guessing the key of a data set's ids forty times over; and it is the same for all rows.
"""

from collections.abc import Callable, Sequence

from ag_vault.exact import cut
from ag_vault.parts import Lifted

NAME = "lifted"
"""Before the name of the noise."""
LARGEST_SCALE = 2.0**50


def perturb(part: Lifted, vector: Sequence[int], draw: Callable[[int], Sequence[int]]) -> tuple[int, ...]:
    """The vector with the image of as many draws as there are hidden integers."""
    added = part.image(draw(part.draws))
    return tuple(cut(cut(value) + more) for value, more in zip(vector, added, strict=True))
