"""Random generators: siblings forked from one nursery must not draw the same numbers. Knows no use of them.

Generators that ask the kernel (``secrets``, ``os.urandom``, ``random.SystemRandom``) need nothing; those that keep a state do.
"""

import random
import sys

from ag_sandbox.inmate import Inmate


def apply(_inmate: Inmate) -> None:
    """Seed the shared generators of ``random`` and numpy anew from the kernel."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()
