"""Writes the demo data as CSV files: ``python -m ag_enclave.demo.make FOLDER``. A process of its own, so that the gateway imports no pandas.

``FOLDER/<variable>/<kind>.<key>.csv`` with kind ``table``, ``public`` or ``hidden``.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from ag_enclave.demo import breast_cancer, clinic, diabetes, digits, iris, wine
from ag_enclave.demo.frames import Frames

FRAMES: Mapping[str, Callable[[], Frames]] = {
    "breast_cancer": breast_cancer.frames,
    "iris": iris.frames,
    "wine": wine.frames,
    "diabetes": diabetes.frames,
    "digits": digits.frames,
    "clinic": clinic.frames,
}


def write(folder: Path, variable: str, frames: Frames) -> None:
    """One data set's files."""
    target = folder / variable
    target.mkdir()
    for kind, group in (("table", frames.tables), ("public", frames.public), ("hidden", frames.hidden)):
        for key, frame in group.items():
            frame.to_csv(target / f"{kind}.{key}.csv", index=False)


def main(folder: Path) -> None:
    """All data sets' files."""
    for variable, frames in FRAMES.items():
        write(folder, variable, frames())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
