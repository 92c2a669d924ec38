"""JupyterLab, unmodified, with ``--gateway-url``: a person opens a notebook in Chromium and works in it."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.enclave_server import Enclave
from tests.frontends.conftest import Door, sessions_of
from tests.frontends.lab import Page, eventually, opened, running_lab, write_notebook

CELLS = (
    "people = load_dataset('Breast Cancer')\npeople",
    "means = people.groupby('diagnosis')['mean_radius'].mean(eps=0.5)\nmeans",
    "import matplotlib.pyplot as plt\nplt.bar(['a', 'b'], [1, 2])\nplt.show()",
    "print('all done')",
)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lab") / "work.ipynb"
    write_notebook(path, CELLS, "antigranular")
    return path


@pytest.fixture(scope="module")
def page(door: Door, notebook: Path) -> Iterator[Page]:
    access = (f"--GatewayClient.auth_token={door.token}", "--GatewayClient.auth_scheme=Bearer")
    lab = running_lab(notebook.parent, door.environment, f"--gateway-url={door.url}", *access)
    with lab as url, opened(url, notebook.name) as page:
        yield page


def test_run_all_shows_frames_releases_and_plots(page: Page) -> None:
    page.choose("Run", "Run All Cells")
    page.says("all done")
    said = page.outputs()
    assert "rows are private" in said
    assert "malignant" in said
    assert "spent ε 0.5 on Breast Cancer" in said
    assert page.shows(".jp-OutputArea-output img")


def test_tab_completes_and_shift_tab_explains(page: Page) -> None:
    page.new_cell("people.groupb")
    page.type(Keys.TAB)
    eventually(lambda: "groupby" in page.text(".jp-Completer-item"), "the list of names")
    page.type(Keys.ENTER)
    eventually(lambda: "people.groupby" in page.text(".cm-content"), "the completed name")
    page.new_cell("load_dataset")
    page.press(Keys.SHIFT, Keys.TAB)
    eventually(lambda: "A data set of this session by its name" in page.text(".jp-Tooltip"), "the tooltip")
    page.type(Keys.ESCAPE)


def test_an_endless_cell_is_interrupted_and_variables_stay(page: Page) -> None:
    page.run("kept = 41\nwhile True:\npass")
    eventually(lambda: "[*]" in page.text(".jp-InputPrompt"), "a running cell")
    time.sleep(1.0)
    page.choose("Kernel", "Interrupt Kernel")
    page.says("KeyboardInterrupt")
    page.run("print('kept', kept + 1)")
    page.says("kept 42")


def test_a_restart_is_none_of_a_dead_kernel_and_forgets_variables(page: Page) -> None:
    page.restart()
    time.sleep(2.0)
    assert "died" not in page.text(".jp-Dialog"), "which is what it says of kernels that restart by themselves"
    page.run("kept")
    eventually(lambda: "kept" in page.outputs() and "not defined" in page.outputs(), "the forgotten variable")


def test_the_notebook_is_saved_with_its_outputs_and_its_session_s_id(
    page: Page, notebook: Path, enclave: Enclave
) -> None:
    page.save()

    def saved() -> bool:
        cells = json.loads(notebook.read_text())["cells"]
        return any("image/png" in (output.get("data") or {}) for cell in cells for output in cell.get("outputs", ()))

    eventually(saved, "the saved plot")
    noted = json.loads(notebook.read_text())["metadata"]["language_info"]["antigranular"]["session_id"]
    assert noted in sessions_of(enclave), "the front end itself keeps it"
