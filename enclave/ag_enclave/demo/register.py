"""Registers the demo data where it is missing, through the same loader as any owner's files."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ag_enclave.catalog import Catalog, variable_of
from ag_enclave.competitions import Competitions
from ag_enclave.errors import BadData
from ag_enclave.labels import establish, read_file
from ag_enclave.loader import Load, register
from ag_enclave.state import State

NAMES = ("Breast Cancer", "Iris", "Wine", "Diabetes", "Digits", "Clinic")
CUP = "Tumour Cup"
METADATA = Path(__file__).with_name("metadata")


def register_missing(state: State, competitions: Competitions, tell: Callable[[str], None]) -> None:
    """Make and load what isn't there yet, side by side. BadData where it can't be."""
    there = {each.name for each in Catalog(state.folder("datasets")).everything(retired=True) if not each.stale}
    missing = [name for name in NAMES if name not in there]
    cup = read_file(CUP, METADATA / "tumour_cup.rules")
    held = CUP in {each.rules.name for each in competitions.everything()}
    if not missing and held:
        return
    tell(f"Registering the demo data: {', '.join(missing)} …")
    with tempfile.TemporaryDirectory(prefix="ag-demo-") as folder:
        make(Path(folder))
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as workers:
            loads = [workers.submit(register, load_of(name, Path(folder)), state, _quiet) for name in missing]
            for load in loads:
                load.result()
        if not held:
            labels = Path(folder) / variable_of(cup.dataset) / "hidden.labels.csv"
            establish(cup, labels, state, competitions, by="the demo's start")


def make(folder: Path) -> None:
    """Write the demo's files, in a process of its own. BadData where scikit-learn is missing."""
    if importlib.util.find_spec("sklearn") is None:
        raise BadData("The demo data comes with scikit-learn: install ag-enclave[enclave,demo].")
    made = subprocess.run(
        [sys.executable, "-m", "ag_enclave.demo.make", str(folder)], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        reason = made.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise BadData(f"The demo data could not be made: {reason[0][:500]}")


def load_of(name: str, folder: Path) -> Load:
    """What to load for one data set, from the files that ``make`` wrote."""
    variable = variable_of(name)
    files = {path.stem: path for path in (folder / variable).glob("*.csv")}
    return Load(
        name=name,
        metadata=METADATA / f"{variable}.yaml",
        tables={stem.removeprefix("table."): path for stem, path in files.items() if stem.startswith("table.")},
        public={stem.removeprefix("public."): path for stem, path in files.items() if stem.startswith("public.")},
    )


def _quiet(_share: float, _what: str) -> None:
    """Six bars at once help nobody."""
