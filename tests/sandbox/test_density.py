"""What a child allocates lies together: tried in a process of its own, whose heap is full of holes on purpose."""

import subprocess
import sys

import pytest

PAGE = 4096
_SCRIPT = """
import sys
from ag_sandbox.density import fill_holes
length, filled = int(sys.argv[1]), sys.argv[2] == "filled"
everything = [bytes(length) for _ in range(60_000)]
for place in range(0, len(everything), 40):
    everything[place] = None
if filled:
    fill_holes()
fresh = [bytes(length) for _ in range(1_000)]
print(len({id(one) >> 12 for one in fresh}))
"""


def pages_of_new_objects(length: int, *, filled: bool) -> int:
    """How many pages a thousand new objects of bytes lie in."""
    command = [sys.executable, "-c", _SCRIPT, str(length), "filled" if filled else "as it was"]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize("length", [15, 80, 300])
def test_new_objects_lie_together_where_holes_are_filled_and_nowhere_else(length: int) -> None:
    size = (length + 33 + 15) // 16 * 16
    together = 1_000 * size // PAGE
    assert pages_of_new_objects(length, filled=False) > 2.5 * together
    assert pages_of_new_objects(length, filled=True) < 1.5 * together + 8
