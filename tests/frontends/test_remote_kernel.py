"""The kernel ``Antigranular (remote)`` in unmodified front ends: plain JupyterLab beside a local kernel, nbconvert, papermill."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from tests.enclave_server import Enclave
from tests.frontends.conftest import sessions_of
from tests.frontends.lab import Page, eventually, opened, running_lab, write_notebook

CELLS = (
    "means = breast_cancer.groupby('diagnosis')['mean_texture'].mean(eps=0.5)\nmeans",
    "import matplotlib.pyplot as plt\nplt.bar(['a', 'b'], [1, 2])\nplt.show()",
    "export(means, 'means')",
    "print('all done')",
)
WISH = {"antigranular": {"dataset": "Breast Cancer"}}


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("remote") / "work.ipynb"
    write_notebook(path, CELLS, "antigranular", **WISH)
    write_notebook(path.with_name("local.ipynb"), ["import sys; print('local', 1 + 1)"], "python3")
    return path


@pytest.fixture(scope="module")
def lab(analyst: dict[str, str], notebook: Path) -> Iterator[str]:
    with running_lab(notebook.parent, analyst) as url:
        yield url


@pytest.fixture(scope="module")
def page(lab: str, notebook: Path) -> Iterator[Page]:
    with opened(lab, notebook.name) as page:
        yield page


def test_run_all_shows_releases_plots_and_exports(page: Page) -> None:
    page.choose("Run", "Run All Cells")
    page.says("all done")
    said = page.outputs()
    assert "malignant" in said
    assert "spent ε 0.5 on Breast Cancer" in said
    assert "Exported means" in said
    assert page.shows(".jp-OutputArea-output img")


def test_names_complete_and_explain(page: Page) -> None:
    page.new_cell("breast_cancer.groupb")
    page.type(Keys.TAB)
    eventually(lambda: "groupby" in page.text(".cm-content, .jp-Completer-item").split("groupb\n")[-1], "the name")
    page.type(Keys.ESCAPE)
    page.new_cell("load_dataset")
    page.press(Keys.SHIFT, Keys.TAB)
    eventually(lambda: "A data set of this session by its name" in page.text(".jp-Tooltip"), "the tooltip")
    page.type(Keys.ESCAPE)


def test_the_line_that_counts_comes_and_an_interrupt_keeps_variables(page: Page) -> None:
    page.run("kept = 41\nwhile True:\npass")
    page.says("running in the enclave for")
    page.choose("Kernel", "Interrupt Kernel")
    page.says("KeyboardInterrupt")
    page.run("print('kept', kept + 1)")
    page.says("kept 42")


def test_the_session_s_id_is_in_the_saved_notebook(page: Page, notebook: Path, enclave: Enclave) -> None:
    page.save()

    def noted() -> Any:
        return json.loads(notebook.read_text())["metadata"].get("language_info", {}).get("antigranular")

    assert [eventually(noted, "the session's id")["session_id"]] == sessions_of(enclave)
    assert enclave.accounts["analyst"]["user_secret"] not in notebook.read_text()


def test_a_local_kernel_works_beside_it(lab: str) -> None:
    with opened(lab, "local.ipynb") as page:
        page.choose("Run", "Run All Cells")
        page.says("local 2")
        page.choose("Kernel", "Change Kernel…")
        listed = ".jp-Dialog option"
        eventually(lambda: "Antigranular (remote)" in page.text(listed), "the kernel in the list")
        assert "Python 3" in page.text(listed)


def test_a_restart_forgets_variables_and_leaves_one_session(page: Page, enclave: Enclave) -> None:
    before = sessions_of(enclave)
    page.restart()
    eventually(lambda: [each for each in sessions_of(enclave) if each not in before], "the new session")
    page.run("kept")
    eventually(lambda: "not defined" in page.outputs(), "the forgotten variable")
    assert len(sessions_of(enclave)) == 1


def _jupyter(folder: Path, environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=180, check=False
    )


def _text(notebook: Path) -> str:
    return json.dumps(json.loads(notebook.read_text())["cells"], ensure_ascii=False)


def test_nbconvert_executes_a_notebook(tmp_path: Path, analyst: dict[str, str]) -> None:
    write_notebook(tmp_path / "in.ipynb", CELLS, "antigranular")
    environment = {**analyst, "AG_DATASET": "Breast Cancer"}
    words = ("nbconvert", "--to", "notebook", "--execute", "in.ipynb", "--output", "out.ipynb")
    done = _jupyter(tmp_path, environment, *words)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "all done" in _text(tmp_path / "out.ipynb")
    assert "image/png" in _text(tmp_path / "out.ipynb")


def test_papermill_passes_parameters_and_stops_at_a_failing_cell(
    tmp_path: Path, analyst: dict[str, str], enclave: Enclave
) -> None:
    write_notebook(tmp_path / "in.ipynb", ["print('twice', 2 * n)", "1/0", "print('never')"], "antigranular")
    before = sessions_of(enclave)
    done = _jupyter(tmp_path, analyst, "papermill", "in.ipynb", "out.ipynb", "-p", "n", "21", "--no-progress-bar")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "twice 42" in _text(tmp_path / "out.ipynb")
    assert "never\\n" not in _text(tmp_path / "out.ipynb")
    due = time.monotonic() + 10
    while sessions_of(enclave) != before and time.monotonic() < due:
        time.sleep(0.1)
    assert sessions_of(enclave) == before, "its session ended with it"
