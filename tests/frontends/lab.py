"""JupyterLab in Chromium, and what a person does with it: menus, keys, cells. Knows no kernel."""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver

T = TypeVar("T")
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


def write_notebook(path: Path, cells: Sequence[str], kernel: str, **metadata: Any) -> None:
    """A notebook of code cells for the kernel named."""
    content = [
        {"cell_type": "code", "id": f"c{at}", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
        for at, source in enumerate(cells)
    ]
    spec = {"name": kernel, "display_name": kernel, "language": "python"}
    notebook = {"cells": content, "metadata": {"kernelspec": spec, **metadata}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))


@contextlib.contextmanager
def running_lab(folder: Path, environment: Mapping[str, str], *options: str) -> Iterator[str]:
    """JupyterLab on a folder; its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    places = {f"JUPYTER_{word}_DIR": str(folder / f".{word.lower()}") for word in ("CONFIG", "DATA", "RUNTIME")}
    places["IPYTHONDIR"] = str(folder / ".ipython")
    command = [
        str(Path(sys.executable).with_name("jupyter-lab")), "--no-browser", "--allow-root", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=here", f"--ServerApp.root_dir={folder}", *options,
    ]  # fmt: skip
    with (folder / "lab.out").open("wb") as output:
        server = subprocess.Popen(command, env={**environment, **places}, stdout=output, stderr=output)
    try:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: _answers(f"{url}/api"), f"JupyterLab: {(folder / 'lab.out').read_text()[-2000:]}")
        yield url
    finally:
        server.terminate()
        server.wait(20)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


@contextlib.contextmanager
def opened(url: str, notebook: str) -> Iterator["Page"]:
    """The notebook in a browser, with an idle kernel."""
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        pytest.skip("there is no Chromium here")
    options = webdriver.ChromeOptions()
    for argument in _CHROMIUM:
        options.add_argument(argument)
    options.binary_location = str(shutil.which("chromium"))
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(shutil.which("chromedriver"))))
    try:
        page = Page(driver)
        page.open(f"{url}/lab/tree/{notebook}?token=here&reset")
        yield page
    finally:
        driver.quit()


class Page:
    """One notebook, open in a browser."""

    def __init__(self, driver: WebDriver) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        """Go there, until its kernel is idle."""
        self.driver.get(address)
        eventually(lambda: self.shows(".jp-Notebook .jp-Cell"), "the notebook")
        bar = ".jp-StatusBar-Widget, #jp-main-statusbar"
        eventually(lambda: "Idle" in self.text(bar) or None, "an idle kernel")

    def shows(self, selector: str) -> bool:
        """Whether there is such an element."""
        return bool(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def text(self, selector: str) -> str:
        """The text of all such elements."""
        read = "return [...document.querySelectorAll(arguments[0])].map(x => x.innerText).join('\\n')"
        return str(self.driver.execute_script(read, selector))

    def outputs(self) -> str:
        """The text of all outputs."""
        return self.text(".jp-OutputArea-output")

    def output_of(self, cell: int) -> str:
        """The text of one cell's outputs; -1 is the last cell."""
        read = "return [...document.querySelectorAll('.jp-CodeCell')].at(arguments[0]).querySelector('.jp-OutputArea')?.innerText"
        return str(self.driver.execute_script(read, cell) or "")

    def says(self, words: str, seconds: float = 60.0) -> None:
        """Wait until an output says so."""
        eventually(lambda: words in self.outputs(), f"{words!r} in the outputs", seconds)

    def choose(self, menu: str, item: str) -> None:
        """An item of a menu."""

        def click(selector: str, text: str) -> bool:
            for each in self.driver.find_elements(By.CSS_SELECTOR, selector):
                if each.is_displayed() and each.text == text:
                    each.click()
                    return True
            return False

        eventually(lambda: click(".lm-MenuBar-itemLabel", menu), f"the menu {menu}")
        eventually(lambda: click(".lm-Menu-itemLabel", item), f"{menu}, {item}")

    def type(self, *keys: str) -> None:
        """Press keys."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def press(self, modifier: str, key: str) -> None:
        """A key with a modifier held."""
        ActionChains(self.driver).key_down(modifier).send_keys(key).key_up(modifier).perform()

    def new_cell(self, source: str) -> None:
        """A cell below all others, with the cursor at the end of its source."""
        self.driver.find_elements(By.CSS_SELECTOR, ".jp-Cell .cm-content")[-1].click()
        self.type(Keys.ESCAPE)
        self.type("b")
        self.type(Keys.ENTER)
        self.type(source)

    def run(self, source: str) -> None:
        """A new cell, run and not waited for."""
        self.new_cell(source)
        self.press(Keys.CONTROL, Keys.ENTER)  # in place: the other one makes a cell below

    def restart(self) -> None:
        """A fresh kernel, as the menu gives it."""
        self.choose("Kernel", "Restart Kernel…")
        eventually(lambda: self.shows(".jp-Dialog-button.jp-mod-warn"), "the question")
        self.driver.find_element(By.CSS_SELECTOR, ".jp-Dialog-button.jp-mod-warn").click()

    def save(self) -> None:
        """Save the notebook."""
        self.press(Keys.CONTROL, "s")
