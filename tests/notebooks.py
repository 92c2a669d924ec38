"""Notebooks made, run and checked by Jupyter's own libraries, which are imported when first asked for: that takes two seconds, and most workers never ask."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode


def made_of(*cells: str) -> "NotebookNode":
    """A new notebook of code cells."""
    from nbformat import v4

    return v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])


def read(path: Path) -> "NotebookNode":
    """A notebook of a file, which is one."""
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def run(
    notebook: "NotebookNode",
    folder: Path,
    *,
    kernel: str = "python3",
    environment: dict[str, str] | None = None,
    timeout: int = 60,
) -> "NotebookNode":
    """The notebook with its outputs. nbclient's CellExecutionError where a cell fails that isn't tagged to."""
    from nbclient import NotebookClient

    client = NotebookClient(
        notebook, timeout=timeout, kernel_name=kernel, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(**({} if environment is None else {"env": environment}))
    return notebook
