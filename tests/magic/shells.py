"""A real IPython shell to run notebook cells in, with a session on an enclave in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from antigranular.login import login
from tests.magic.fake_enclave import Cell, FakeEnclave


@contextmanager
def fresh_shell(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell that ``get_ipython()`` finds."""
    monkeypatch.setenv("IPYTHONDIR", str(home))
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.history_manager.enabled = False
    yield made
    InteractiveShell.clear_instance()


def logged_in(shell: InteractiveShell, cells: dict[str, Cell]) -> FakeEnclave:
    enclave = FakeEnclave(cells)
    shell.user_ns["session"] = login("ada", "s3cret", dataset="Breast Cancer", transport=enclave)
    return enclave


def run(shell: InteractiveShell, source: str) -> Any:
    """Run a cell as a notebook does; its result, and what it printed and displayed."""
    with capture_output() as captured:
        result = shell.run_cell(source, store_history=True)
    return result, captured
