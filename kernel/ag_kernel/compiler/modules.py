"""What the policy says about an import: the kernel's table of offers, and what to do instead.

It must not import any of the modules. The importer reads the same table again at run time.
"""

from __future__ import annotations

from typing import Final

from ag_kernel.compiler.verdict import Deny
from ag_kernel.offers import OFFERS, refusal

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
    **dict.fromkeys(
        ("sklearn", "scipy", "statsmodels", "xgboost", "lightgbm", "torch", "tensorflow", "keras"),
        "export the public results you need and go on in your own notebook",
    ),
    "logging": "use `print`, which the notebook shows as it is printed",
    "traceback": "an error's text is `str(error)`; one that a cell doesn't catch is shown with its lines",
    "inspect": "`help(x)`, `dir(x)` and `vars(x)` are there",
    "diffprivlib": "use `op_diffprivlib`",
    "snsql": "use `op_snsql`",
    "matplotlib": "`import matplotlib.pyplot as plt` and `plt.show()` are there",
    "seaborn": "use `matplotlib.pyplot` or the frame's own `.plot`",
    "plotly": "use `matplotlib.pyplot` or the frame's own `.plot`",
    "antigranular": "it belongs to your own notebook, outside `%%ag`",
}
_FEW: Final = 8
_ANOTHER: Final = "leave this name out; the rest of the module is there"
_OFFERED: Final = "numpy, pandas, math, statistics, datetime, re, op_pandas and their like can be imported"


def star_problem(module: str) -> Deny:
    """Why `from module import *` can't be: the types of later cells follow from names that stand in the text."""
    there = "leave this line out: `export`, `load_dataset` and all that `ag_utils` has are there without import"
    instead = there if module == "ag_utils" else "import the module or the names"
    return Deny(why="`import *` hides which names come from where.", instead=instead)


def import_problem(module: str) -> Deny | None:
    """Why a module can't be imported; None where it can."""
    why = refusal(module)
    if why is None:
        return None
    later = module in OFFERS and bool(OFFERS[module].later)
    return Deny(why=f"ImportError: {why}", instead="" if later else _INSTEAD.get(module.partition(".")[0], _OFFERED))


def name_problem(module: str, name: str) -> Deny | None:
    """Why `from module import name` can't be; None where it can or where only the module itself knows."""
    if f"{module}.{name}" in OFFERS:
        return import_problem(f"{module}.{name}")
    offer = OFFERS[module]
    if not offer.leaves_out(name):
        return None
    why = f"ImportError: Restricted import: {module}.{name} is not allowed: {offer.why}"
    there = sorted(offer.only or ()) if not offer.without else ()
    return Deny(why=why, instead=f"`{module}` has {', '.join(there)}" if 0 < len(there) <= _FEW else _ANOTHER)
