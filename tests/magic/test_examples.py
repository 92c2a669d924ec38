"""The notebooks a person would run, run: their answers, what they refuse, and that Run All stops where a cell fails."""

import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.manager import start_new_kernel

from tests import notebooks
from tests.enclave_server import Enclave
from tests.magic.conftest import running_sessions

if TYPE_CHECKING:
    from nbformat import NotebookNode

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LOGIN = "import antigranular as ag\nsession = ag.login(dataset='Iris')"


@pytest.fixture(autouse=True)
def _own_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))


def text_of(cell: "NotebookNode") -> str:
    """Everything a cell shows, as text."""
    parts = []
    for output in cell.outputs:
        parts.append(output.get("text", "") or output.get("data", {}).get("text/plain", ""))
        parts += output.get("traceback", [])
    return "\n".join(parts)


def errors_of(notebook: "NotebookNode") -> list[tuple[bool, bool]]:
    """For each code cell: is it tagged to fail, did it fail."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [
        ("raises-exception" in cell.metadata.get("tags", []), any(out.output_type == "error" for out in cell.outputs))
        for cell in code
    ]


SHOWN = {
    "quickstart": (1, "malignant", "50%", "cost: ε 2", "non-private", "ε left", "'status': 'ok'"),
    "exploring": (4, "0 to 120", "50%", "with 95 % intervals", "cost: ε 3"),
    "patients": (2, "2 tables", "0 to 20000", "59.9", "2.99", "PrivateDataFrame: 9 columns", "other, 1"),
    "budget": (0, "nothing was charged", "0.599", "± 5", "nothing: this answer was known already", "1000 counts"),
    "refused": (
        0, "non-private", "no truth value", "can't be iterated", "needs eps", "exceeded per query", "no public bounds", "append",
        "os is not allowed", "pathlib is not allowed", "head is not available",
    ),
    "competition": (1, "needs 142 predictions", "'leaderboard': ", "'scored_rows': 99", "Tumour Cup: by accuracy", "1  demo-analyst", "Labels of Tumour Cup"),
    "antigranular_sample": (0, "ignores the temporary user", "division by zero", "global", "later"),
}  # fmt: skip
"""Of each notebook of ``examples``: how many pictures it draws, and what it shows."""


def run_one_after_another(names: Iterable[str], folder: Path) -> Iterator[tuple[str, "NotebookNode"]]:
    """The examples as one notebook that forgets its names between them: a kernel takes longer to start than most of them to run."""
    read = {name: notebooks.read(EXAMPLES / f"{name}.ipynb") for name in names}
    whole = notebooks.made_of()
    for name, notebook in read.items():
        for at, cell in enumerate(notebook.cells):
            cell["id"] = f"{name}-{at}"
        whole.cells += [*notebooks.made_of("%reset -f").cells, *notebook.cells]
    notebooks.run(whole, folder)
    return iter(read.items())


def test_every_example_runs_to_its_end_and_only_cells_that_must_fail_fail(at_demo: Enclave, tmp_path: Path) -> None:
    assert {f"{name}.ipynb" for name in SHOWN} == {path.name for path in EXAMPLES.glob("*.ipynb")}
    for name, notebook in run_one_after_another(SHOWN, tmp_path):
        pictures, *expected = SHOWN[name]
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert all(tagged == failed for tagged, failed in errors_of(notebook)), name
        shown = "\n".join(text_of(cell) for cell in code)
        assert [each for each in expected if each not in shown] == [], name
        assert sum("image/png" in out.get("data", {}) for cell in code for out in cell.outputs) == pictures, name
        check = CHECKS.get(name)
        if check is not None:
            check(notebook)


def the_first_notebook_s_bad_cells_say_why_and_its_count_is_right(notebook: "NotebookNode") -> None:
    failures = [
        text_of(cell)
        for cell in notebook.cells
        if cell.cell_type == "code" and "raises-exception" in cell.metadata.get("tags", [])
    ]
    for said, expected in zip(failures, ("division by zero", "global", "later"), strict=True):
        assert expected in said
        assert "antigranular/" not in said
    printed = text_of(next(cell for cell in notebook.cells if cell.source.startswith('print("sum')))
    count = re.search(r"count\n age\s+(\d+)", printed)
    assert count is not None
    assert 900 < int(count[1]) < 1100


def the_refusals_cost_nothing(notebook: "NotebookNode") -> None:
    odometer = text_of(next(cell for cell in notebook.cells if "privacy_odometer" in cell.source))
    assert re.search(r"Iris +░+ +0 +20 ", odometer)


CHECKS = {
    "antigranular_sample": the_first_notebook_s_bad_cells_say_why_and_its_count_is_right,
    "refused": the_refusals_cost_nothing,
}
"""What else must hold of a notebook that ran."""


def test_the_committed_notebooks_show_outputs_and_nothing_of_a_machine() -> None:
    for path in [EXAMPLES / f"{name}.ipynb" for name in SHOWN]:
        notebook, text = notebooks.read(path), path.read_text()
        assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code"), path.name
        machine = re.search(r"/tmp|/home|/root|ipykernel_\d|127\.0\.0\.1|user_secret\W+\w{20}", text)
        assert not machine, (path.name, machine)


def test_run_all_stops_at_a_failing_remote_cell(at_demo: Enclave, tmp_path: Path) -> None:
    notebook = notebooks.made_of(LOGIN, "%%ag\nx = 1\n1 / 0", "print('must not run')")
    from nbclient.exceptions import CellExecutionError

    with pytest.raises(CellExecutionError, match="division by zero"):
        notebooks.run(notebook, tmp_path)
    assert notebook.cells[2].execution_count is None
    assert running_sessions(at_demo) == [], "a notebook that failed keeps none of the few sessions an analyst may have"
    assert "Cell In[2], line 3" in text_of(notebook.cells[1])


class Kernel:
    """A local kernel, driven by hand: what it says with the time it arrives."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def start(self, code: str) -> str:
        return str(self.client.execute(code))

    def until_idle(self, request: str, seconds: float = 120) -> list[tuple[float, str, dict[str, Any]]]:
        heard = []
        while True:
            message = self.client.get_iopub_msg(timeout=seconds)
            if message["parent_header"].get("msg_id") != request:
                continue
            heard.append((time.monotonic(), message["msg_type"], message["content"]))
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return heard

    def run(self, code: str) -> list[tuple[float, str, dict[str, Any]]]:
        return self.until_idle(self.start(code))


@pytest.fixture
def local(at_demo: Enclave) -> Iterator[tuple[Any, Kernel]]:
    manager, client = start_new_kernel(kernel_name="python3")
    kernel = Kernel(client)
    kernel.run(LOGIN)
    yield manager, kernel
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_in_a_notebook_output_streams_while_the_remote_cell_runs(local: tuple[Any, Kernel]) -> None:
    _, kernel = local
    heard = kernel.run(
        "%%ag\nfor at in range(4):\n    print(at)\n    total = 0\n    for i in range(3_000_000):\n        total = total + i\n"
    )
    printed = [when for when, kind, content in heard if kind == "stream" and content["text"].strip()]
    assert len(printed) >= 3
    assert printed[-1] - printed[0] > 0.2


def test_the_notebook_s_interrupt_button_stops_the_remote_cell_and_keeps_its_state(local: tuple[Any, Kernel]) -> None:
    manager, kernel = local
    kernel.run("%%ag\nkept = 5")
    request = kernel.start("%%ag\nprint('on its way')\nwhile True:\n    pass")
    time.sleep(1)
    manager.interrupt_kernel()
    heard = kernel.until_idle(request)
    assert [content["ename"] for _, kind, content in heard if kind == "error"] == ["CellInterrupted"]
    kernel.run("%%ag\nexport(kept, 'kept')")
    shown = kernel.run("kept + 1")
    assert [content["data"]["text/plain"] for _, kind, content in shown if kind == "execute_result"] == ["6"]
