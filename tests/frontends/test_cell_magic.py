"""``%%ag`` in an ordinary notebook with a local kernel, in JupyterLab: what a person sees of remote cells."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.enclave_server import Enclave
from tests.frontends.conftest import sessions_of
from tests.frontends.lab import Page, eventually, opened, running_lab, write_notebook

CELLS = (
    "%load_ext antigranular\nimport antigranular as ag\nsession = ag.login(dataset='Breast Cancer')\nshared_local = 1",
    "%%ag\nmeans = breast_cancer.groupby('diagnosis')['mean_area'].mean(eps=0.5)\nexport(means, 'means')\nmeans",
    "print('here', type(means).__name__)",
    "%%ag\nimport matplotlib.pyplot as plt\nplt.bar(['a', 'b'], [1, 2])\nplt.show()",
    "%%ag\nfrom tqdm.auto import tqdm\nimport time\nfor i in tqdm(range(10), desc='bar'):\n    time.sleep(0.02)",
    "%%ag\nh = display('before', display_id=True)\nh.update('after')",
    "%ag budget",
    "print('all done')",
)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("magic") / "work.ipynb"
    write_notebook(path, CELLS, "python3")
    return path


@pytest.fixture(scope="module")
def page(analyst: dict[str, str], notebook: Path) -> Iterator[Page]:
    with running_lab(notebook.parent, analyst) as url, opened(url, notebook.name) as page:
        yield page


def test_run_all_brings_values_plots_bars_and_updates(page: Page) -> None:
    page.choose("Run", "Run All Cells")
    page.says("all done")
    assert "PrivateDataFrame" in page.output_of(0), "the session, shown at login"
    assert "spent ε 0.5 on Breast Cancer" in page.output_of(1)
    assert "malignant" in page.output_of(1)
    assert "here" in page.output_of(2)
    assert page.shows(".jp-OutputArea-output img")
    assert page.output_of(4).count("bar:") == 1, "one bar, updated in its place"
    assert "bar: 100%" in page.output_of(4)
    assert "10/10" in page.output_of(4)
    assert page.output_of(5).strip() == "'after'"
    assert "Breast Cancer" in page.output_of(6)


def test_output_streams_and_a_line_counts_after_two_seconds_only(page: Page) -> None:
    page.run("%%ag\nimport time\nprint('first')\ntime.sleep(4)\nprint('last')")
    eventually(lambda: "first" in page.output_of(-1), "the first line", 10)
    seen = page.output_of(-1)
    assert "running" not in seen
    assert "last" not in seen
    eventually(lambda: re.search(r"running in the enclave for [23] s", page.output_of(-1)), "the line that counts", 10)
    eventually(lambda: "last" in page.output_of(-1), "the last line", 10)
    eventually(lambda: re.search(r"ran in the enclave for 4\.\d s", page.output_of(-1)), "how long it was", 10)


def test_tab_and_shift_tab_know_the_session_and_none_of_the_notebook(page: Page) -> None:
    page.run("%%ag\nshared_remote = 2\nshared_other = 3")
    time.sleep(0.5)
    page.new_cell("%%ag\nshared_")
    page.type(Keys.TAB)
    eventually(lambda: "shared_remote" in page.text(".jp-Completer-item"), "the list of names")
    assert "shared_local" not in page.text(".jp-Completer-item")
    page.type(Keys.ESCAPE)
    page.new_cell("%%ag\nload_dataset")
    page.press(Keys.SHIFT, Keys.TAB)
    eventually(lambda: "A data set of this session by its name" in page.text(".jp-Tooltip"), "the tooltip")
    page.type(Keys.ESCAPE)


def test_the_interrupt_button_stops_the_remote_cell(page: Page) -> None:
    page.run("%%ag\nkept = 41\nprint('on')\nwhile True:\npass")
    eventually(lambda: "on" in page.output_of(-1), "a running cell")
    page.choose("Kernel", "Interrupt Kernel")
    eventually(lambda: "KeyboardInterrupt" in page.output_of(-1), "the interrupt")
    page.run("%%ag\nprint('kept', kept + 1)")
    page.says("kept 42")


def test_an_error_names_the_notebook_s_cell_and_line_and_nothing_of_ours(page: Page) -> None:
    page.run("%%ag\nx = 1\nx / 0")
    eventually(lambda: "ZeroDivisionError" in page.output_of(-1), "the error")
    number = page.text(".jp-InputPrompt").split("\n")
    said = page.output_of(-1)
    (told,) = re.findall(r"Cell In\[(\d+)\], line 3", said)
    assert f"[{told}]:" in number
    assert "antigranular/" not in said


def test_a_restarted_kernel_takes_its_session_up_again(page: Page, enclave: Enclave) -> None:
    before = sessions_of(enclave)
    page.restart()
    time.sleep(1.0)
    eventually(lambda: "Idle" in page.text(".jp-StatusBar-Widget, #jp-main-statusbar") or None, "an idle kernel")
    page.run("import antigranular as ag\nsession = ag.attach(show=False)")
    page.run("%%ag\nprint('still', kept)")
    page.says("still 41")
    assert sessions_of(enclave) == before


def test_the_saved_notebook_names_the_session_and_no_secret(page: Page, notebook: Path, enclave: Enclave) -> None:
    page.save()
    eventually(lambda: "still 41" in notebook.read_text(), "the saved notebook")
    saved = notebook.read_text()
    records = [
        output["data"]["application/vnd.antigranular.session+json"]["session_id"]
        for cell in json.loads(saved)["cells"]
        for output in cell["outputs"]
        if "application/vnd.antigranular.session+json" in output.get("data", {})
    ]
    assert set(records) == set(sessions_of(enclave))
    assert enclave.accounts["analyst"]["user_secret"] not in saved


def test_run_all_stops_at_a_failing_remote_cell(page: Page) -> None:
    page.run("%%ag\n1/0")
    page.new_cell("print('never' + 'more')")
    page.choose("Run", "Run All Cells")
    time.sleep(1.0)
    eventually(lambda: "[*]" not in page.text(".jp-InputPrompt"), "the end of all cells")
    assert "nevermore" not in page.outputs()
