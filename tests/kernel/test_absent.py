"""What else an operator has installed makes no difference to cells."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

_PRELOADED = """
    import ag_kernel.absent, ag_kernel.life
    import pandas as pd
    frame = pd.DataFrame({"a": ["x", "y"], "b": [1.0, 2.0]})
    print(frame.groupby("a")["b"].sum().to_dict(), frame.query("b > 1").shape, frame["a"].str.upper().tolist())
"""


@pytest.mark.parametrize("library", ["pyarrow", "numexpr", "numba", "bottleneck"])
def test_libraries_that_start_threads_are_not_taken_up(library: str, tmp_path: Path) -> None:
    (tmp_path / library).mkdir()
    (tmp_path / library / "__init__.py").write_text("import os; os._exit(99)\n")
    command = [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{textwrap.dedent(_PRELOADED)}",
    ]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert said == "{'x': 1.0, 'y': 2.0} (1, 2) ['X', 'Y']\n"
