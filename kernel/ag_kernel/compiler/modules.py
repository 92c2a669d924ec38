"""Which modules a cell may import: a table, and the sentence for everything else.

It must not import any of them. The kernel's importer reads the same table at run time.
"""

from __future__ import annotations

from typing import Final

from ag_kernel.compiler.verdict import Deny

MODULES: Final = frozenset(
    "__future__ abc base64 bisect calendar collections collections.abc copy csv dataclasses datetime dateutil dateutil.parser dateutil.relativedelta "
    "dateutil.rrule dateutil.tz decimal enum fractions functools hashlib heapq itertools json math numbers operator random re statistics "
    "string textwrap time typing typing_extensions unicodedata uuid warnings zoneinfo "
    "ag_utils op_pandas op_diffprivlib op_diffprivlib.models op_diffprivlib.tools op_snsql "
    "numpy numpy.linalg numpy.random numpy.fft numpy.polynomial numpy.typing numpy.ma "
    "pandas pandas.api pandas.api.types pandas.plotting pandas.tseries pandas.tseries.offsets "
    "matplotlib matplotlib.pyplot".split()
)
_INSTEAD: Final = {
    "os": "there are no files or environment inside the enclave",
    "sys": "there is no interpreter to look into from a cell",
    "pathlib": "there are no files inside the enclave",
    "io": "there are no files inside the enclave; build text with `str.join`",
    "pickle": "use `export(value, name)`; values travel as data, never as code",
    "subprocess": "a cell can't start programs",
    "requests": "the enclave has no network; send data with `session.private_import(...)`",
    "urllib": "the enclave has no network; send data with `session.private_import(...)`",
    "socket": "the enclave has no network",
    "threading": "a cell runs in one thread",
    "asyncio": "a cell runs in one thread, without an event loop",
    "multiprocessing": "a cell runs in one process",
    "sklearn": "use `op_diffprivlib.models` for private data; train on exported results in your own notebook",
    "diffprivlib": "use `op_diffprivlib`",
    "snsql": "use `op_snsql`",
    "seaborn": "export the result and plot it in your own notebook",
    "antigranular": "it belongs to your own notebook, outside `%%ag`",
}
_OFFERED: Final = "numpy, pandas, math, statistics, datetime, re, op_pandas and their like can be imported"


def import_problem(module: str) -> Deny | None:
    """Why a module can't be imported; None where it can."""
    if module in MODULES:
        return None
    return Deny(
        why=f"ImportError: Restricted import: {module} is not allowed",
        instead=_INSTEAD.get(module.partition(".")[0], _OFFERED),
    )
