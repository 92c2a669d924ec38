"""Random generators: siblings forked from one nursery must not draw the same numbers. Knows no use of them.

Generators that ask the kernel (``secrets``, ``os.urandom``, ``random.SystemRandom``) need nothing; those that keep a state do.
"""

import random
import sys

from ag_sandbox.inmate import Inmate


def apply(_inmate: Inmate) -> None:
    """Seed the shared generators of ``random`` and numpy anew from the kernel.

    What was never imported has none yet, and gets a fresh one when it is: ``numpy`` alone doesn't bring ``numpy.random``.
    """
    random.seed()
    generators = sys.modules.get("numpy.random")
    if generators is not None:
        generators.seed()
