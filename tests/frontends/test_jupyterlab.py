"""JupyterLab, unmodified, with ``--gateway-url``: a person opens a notebook in Chromium and works in it."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver

from tests.frontends.conftest import Door

T = TypeVar("T")
CELLS = (
    "people = load_dataset('Breast Cancer')\npeople",
    "means = people.groupby('diagnosis')['mean_radius'].mean(eps=0.5)\nmeans",
    "import matplotlib.pyplot as plt\nplt.bar(['a', 'b'], [1, 2])\nplt.show()",
    "print('all done')",
)
_CHROMIUM = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--window-size=1400,1600",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def eventually(look: Callable[[], T | None], what: str, seconds: float = 60.0) -> T:
    """What ``look`` sees once it sees something."""
    due = time.monotonic() + seconds
    while time.monotonic() < due:
        seen = look()
        if seen:
            return seen
        time.sleep(0.1)
    raise AssertionError(f"not seen in {seconds:.0f} s: {what}")


@pytest.fixture(scope="module")
def lab(door: Door, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """JupyterLab's address, and the notebook it serves."""
    folder = tmp_path_factory.mktemp("lab")
    notebook = folder / "work.ipynb"
    cells = [
        {"cell_type": "code", "id": f"c{at}", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
        for at, source in enumerate(CELLS)
    ]
    spec = {"name": "antigranular", "display_name": "Antigranular"}
    content = {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    notebook.write_text(json.dumps(content))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    places = {f"JUPYTER_{word}_DIR": str(folder / f".{word.lower()}") for word in ("CONFIG", "DATA", "RUNTIME")}
    command = [
        str(Path(sys.executable).with_name("jupyter-lab")), "--no-browser", "--allow-root", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=here", f"--ServerApp.root_dir={folder}",
        f"--gateway-url={door.url}", "--GatewayClient.auth_scheme=Bearer", f"--GatewayClient.auth_token={door.token}",
    ]  # fmt: skip
    with (folder / "lab.out").open("wb") as output:
        server = subprocess.Popen(command, env={**door.environment, **places}, stdout=output, stderr=output)
    try:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: _answers(f"{url}/api"), f"JupyterLab: {(folder / 'lab.out').read_text()[-2000:]}")
        yield url, notebook
    finally:
        server.terminate()
        server.wait(20)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def page(lab: tuple[str, Path]) -> Iterator[WebDriver]:
    options = webdriver.ChromeOptions()
    for argument in _CHROMIUM:
        options.add_argument(argument)
    options.binary_location = str(shutil.which("chromium"))
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(shutil.which("chromedriver"))))
    try:
        driver.get(f"{lab[0]}/lab/tree/work.ipynb?token=here&reset")
        eventually(lambda: _shown(driver, ".jp-Notebook .jp-Cell"), "the notebook")
        eventually(
            lambda: "Idle" in _text(driver, ".jp-StatusBar-Widget, #jp-main-statusbar") or None, "an idle kernel"
        )
        yield driver
    finally:
        driver.quit()


def _shown(page: WebDriver, selector: str) -> bool:
    return bool(page.find_elements(By.CSS_SELECTOR, selector))


def _text(page: WebDriver, selector: str) -> str:
    read = "return [...document.querySelectorAll(arguments[0])].map(x => x.innerText).join('\\n')"
    return str(page.execute_script(read, selector))


def _outputs(page: WebDriver) -> str:
    return _text(page, ".jp-OutputArea-output")


def _choose(page: WebDriver, menu: str, item: str) -> None:
    def click(selector: str, text: str) -> bool:
        for each in page.find_elements(By.CSS_SELECTOR, selector):
            if each.is_displayed() and each.text == text:
                each.click()
                return True
        return False

    eventually(lambda: click(".lm-MenuBar-itemLabel", menu), f"the menu {menu}")
    eventually(lambda: click(".lm-Menu-itemLabel", item), f"{menu}, {item}")


def _type(page: WebDriver, *keys: str) -> None:
    ActionChains(page).send_keys(*keys).perform()


def _new_cell(page: WebDriver, source: str) -> None:
    """A cell below all others, with the cursor at the end of its source."""
    page.find_elements(By.CSS_SELECTOR, ".jp-Cell .cm-content")[-1].click()
    _type(page, Keys.ESCAPE)
    _type(page, "b")
    _type(page, Keys.ENTER)
    _type(page, source)


def test_run_all_shows_frames_releases_and_plots(page: WebDriver) -> None:
    _choose(page, "Run", "Run All Cells")
    eventually(lambda: "all done" in _outputs(page), "the last cell's output")
    said = _outputs(page)
    assert "rows are private" in said
    assert "malignant" in said
    assert "spent ε 0.5 on Breast Cancer" in said
    assert _shown(page, ".jp-OutputArea-output img")


def test_tab_completes_and_shift_tab_explains(page: WebDriver) -> None:
    _new_cell(page, "people.groupb")
    _type(page, Keys.TAB)
    eventually(lambda: "groupby" in _text(page, ".jp-Completer-item"), "the list of names")
    _type(page, Keys.ENTER)
    eventually(lambda: "people.groupby" in _text(page, ".cm-content"), "the completed name")
    _new_cell(page, "load_dataset")
    ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    eventually(lambda: "A data set of this session by its name" in _text(page, ".jp-Tooltip"), "the tooltip")
    _type(page, Keys.ESCAPE)


def test_an_endless_cell_is_interrupted_and_variables_stay(page: WebDriver) -> None:
    _new_cell(page, "kept = 41\nwhile True:\npass")
    ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()
    eventually(lambda: "[*]" in _text(page, ".jp-InputPrompt"), "a running cell")
    time.sleep(1.0)
    _choose(page, "Kernel", "Interrupt Kernel")
    eventually(lambda: "KeyboardInterrupt" in _outputs(page), "the interrupt")
    _new_cell(page, "print('kept', kept + 1)")
    ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()
    eventually(lambda: "kept 42" in _outputs(page), "the variable")


def test_a_restart_is_none_of_a_dead_kernel_and_forgets_variables(page: WebDriver) -> None:
    _choose(page, "Kernel", "Restart Kernel…")
    eventually(lambda: _shown(page, ".jp-Dialog-button.jp-mod-warn"), "the question")
    page.find_element(By.CSS_SELECTOR, ".jp-Dialog-button.jp-mod-warn").click()
    time.sleep(2.0)
    assert "died" not in _text(page, ".jp-Dialog"), "which is what it says of kernels that restart by themselves"
    _new_cell(page, "kept")
    ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.ENTER).key_up(Keys.SHIFT).perform()
    eventually(lambda: "kept" in _outputs(page) and "not defined" in _outputs(page), "the forgotten variable")


def test_the_notebook_is_saved_with_its_outputs(page: WebDriver, lab: tuple[str, Path]) -> None:
    ActionChains(page).key_down(Keys.CONTROL).send_keys("s").key_up(Keys.CONTROL).perform()

    def saved() -> bool:
        cells = json.loads(lab[1].read_text())["cells"]
        return any("image/png" in (output.get("data") or {}) for cell in cells for output in cell.get("outputs", ()))

    eventually(saved, "the saved plot")
