"""Libraries that OpenDP and DuckDB take up where they are installed, made absent before they look: nothing here needs them, and they start threads.

What the vault consists of then doesn't depend on what else an operator has installed. Imported before everything else; knows names only.
"""

import sys

for name in ("sklearn", "pandas", "polars", "pyarrow"):
    # What import finds instead of a module: ModuleNotFoundError, as if it were not there.
    sys.modules.setdefault(name, None)  # type: ignore[arg-type]
