"""What else an operator has installed doesn't run in the vault."""

import subprocess
import sys
import textwrap
from pathlib import Path

_SERVED = """
    import sys
    import ag_vault.absent, ag_vault.serve
    ag_vault.serve.warm()
    print(sorted(name for name in ("sklearn", "pandas", "polars", "pyarrow") if sys.modules.get(name)))
"""


def test_libraries_that_others_take_up_where_they_find_them_are_absent(tmp_path: Path) -> None:
    for library in ("sklearn", "pandas", "polars", "pyarrow"):
        (tmp_path / library).mkdir()
        (tmp_path / library / "__init__.py").write_text("import os; os._exit(99)\n")
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{textwrap.dedent(_SERVED)}"]
    assert subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout == "[]\n"
