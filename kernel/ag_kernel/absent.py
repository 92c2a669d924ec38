"""Libraries that pandas takes up where they are installed, made absent before it looks: they start threads, which no nursery may have.

What a cell can do then doesn't depend on what else an operator has installed either. Imported before everything else.
"""

import sys

for name in ("pyarrow", "numexpr", "numba", "bottleneck"):
    # What import finds instead of a module: ModuleNotFoundError, as if it were not there.
    sys.modules.setdefault(name, None)  # type: ignore[arg-type]
