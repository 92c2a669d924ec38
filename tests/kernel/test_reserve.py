"""Memory kept from a cell is there again after it."""

import subprocess
import sys

_FULL = """
import resource
from ag_kernel.reserve import kept
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20),) * 2)
hoard = []
try:
    with kept():
        while True:
            hoard.append(bytearray(1 << 20))
except MemoryError:
    print("full", len(hoard))
compile("x = " + "[" * 60 + "]" * 60, "cell", "exec")
more = bytearray(16 << 20)
with kept():
    print("runs all the same")
"""


def test_what_comes_after_a_cell_that_filled_the_memory_has_room() -> None:
    said = subprocess.run([sys.executable, "-c", _FULL], capture_output=True, text=True, timeout=60, check=True).stdout
    full, after = said.splitlines()
    assert 20 <= int(full.split()[1]) <= 42
    assert after == "runs all the same"
