"""What a kernel does once before it is forked for its first session: import what cells import, and walk through one cell.

It must not keep anything: sessions share the memory of modules, never a variable.
"""

import importlib

from ag_kernel.builtin_names import BUILTINS
from ag_kernel.compiler.examine import examine
from ag_kernel.display import bundle
from ag_kernel.export import Encoder
from ag_kernel.faults import describe
from ag_kernel.offers import OFFERS
from ag_kernel.plots.library import prepare, rehearse
from ag_kernel.run import execute

_REHEARSAL = """
import numpy as np
import pandas as pd
frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
frame.groupby("b")["a"].mean()
np.random.default_rng(0).normal(size=2)
frame
"""


def warm() -> None:
    """Import every offered module and rehearse a cell, so that a session's first cells find everything there."""
    prepare()
    for name, offer in OFFERS.items():
        if not offer.later:
            importlib.import_module(name)
    rehearse()
    examined = examine(_REHEARSAL, 0)
    namespace = {"__name__": "__main__", "__builtins__": {**BUILTINS, "__import__": __import__}}
    if examined.body is not None:
        execute(examined.body, examined.last, namespace, _show)
    describe(ValueError("rehearsed"), {})


def _show(value: object) -> None:
    bundle(value)
    Encoder().encode(value)
