"""The kernel whose every cell is remote, as front ends drive it: by jupyter_client and nbclient, through a real enclave."""

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from antigranular.config import find_wish
from tests import notebooks
from tests.enclave_server import Enclave
from tests.magic.conftest import enclave_of, running_sessions

ROOT = Path(__file__).resolve().parents[2]
SPEC = ROOT / "magic" / "kernelspec"
Said = tuple[str, dict[str, Any]]


@pytest.fixture(autouse=True, scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The kernelspec where Jupyter looks, as the wheel puts it there."""
    folder = tmp_path_factory.mktemp("share")
    shutil.copytree(SPEC, folder / "kernels" / "antigranular")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        yield


class Notebook:
    """A running kernel, and how to ask it."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.manager = KernelManager(kernel_name="antigranular")
        self.manager.start_kernel(env=environment)
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, source: str, during: Any = None, **how: Any) -> tuple[dict[str, Any], list[Said]]:
        """The reply, and everything said meanwhile; ``during`` sees each message as it comes."""
        said: list[Said] = []

        def hear(message: dict[str, Any]) -> None:
            said.append((message["msg_type"], message["content"]))
            if during is not None:
                during(*said[-1])

        reply = self.client.execute_interactive(source, timeout=60, output_hook=hear, **how)
        return reply["content"], said

    def language(self) -> dict[str, Any]:
        return self.client.kernel_info(reply=True, timeout=60)["content"]["language_info"]

    def end(self) -> None:
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=False)


@pytest.fixture
def notebook(at_demo: Enclave) -> Iterator[Notebook]:
    opened = Notebook({**os.environ, "AG_DATASET": "Breast Cancer"})
    yield opened
    opened.end()
    assert running_sessions(at_demo) == [], "its session ends with it"


def kinds(said: list[Said], kind: str) -> list[dict[str, Any]]:
    return [content for each, content in said if each == kind]


def printed(said: list[Said]) -> str:
    return "".join(content["text"] for content in kinds(said, "stream"))


def test_cells_are_remote_with_all_that_they_say(notebook: Notebook, at_demo: Enclave) -> None:
    (session,) = running_sessions(at_demo)
    noted = notebook.language()["antigranular"]
    assert noted == {"version": 1, "session_id": session, "dataset": "Breast Cancer"}
    reply, said = notebook.run("x = breast_cancer.mean_radius.mean(eps=0.5)\nprint('got it')\nx")
    assert reply["status"] == "ok"
    assert "got it" in printed(said)
    assert kinds(said, "execute_result")[0]["execution_count"] == reply["execution_count"]
    assert "spent ε 0.5 on Breast Cancer" in str(kinds(said, "display_data"))
    _, said = notebook.run("import matplotlib.pyplot as plt\nplt.bar(['a'], [1])\nplt.show()")
    assert "image/png" in kinds(said, "display_data")[0]["data"]
    _, said = notebook.run("export({'a': 1}, 'kept')")
    assert "Exported kept" in printed(said)
    assert kinds(said, "display_data")[0]["data"]["text/plain"] == "{'a': 1}"
    code = "breast_cancer.groupb"
    assert any(name.endswith("groupby") for name in _matches(notebook, code))
    inspected = notebook.client.inspect("load_dataset", 4, reply=True, timeout=30)["content"]
    assert "A data set of this session" in inspected["data"]["text/plain"]
    asked = notebook.client.is_complete("for i in range(3):")
    answer = notebook.client.get_shell_msg(timeout=30)
    assert answer["parent_header"]["msg_id"] == asked
    assert answer["content"] == {"status": "incomplete", "indent": "    "}


def _matches(notebook: Notebook, code: str) -> list[str]:
    found: list[str] = notebook.client.complete(code, len(code), reply=True, timeout=30)["content"]["matches"]
    return found


def test_errors_are_on_the_notebook_s_own_lines_and_stop_what_follows(notebook: Notebook) -> None:
    notebook.run("1", silent=True)
    notebook.run("y = 1")
    reply, said = notebook.run("z = 2\n1/0")
    assert (reply["status"], reply["ename"]) == ("error", "ZeroDivisionError")
    (told,) = kinds(said, "error")
    assert f"Cell In[{reply['execution_count']}], line 2" in "\n".join(told["traceback"])
    reply, _ = notebook.run("import os")
    assert reply["ename"] == "CellRefused"
    _, said = notebook.run("print(y + z)")
    assert printed(said) == "3\n", "variables stay"


def test_lines_and_options_of_ag_work_without_the_magic(notebook: Notebook) -> None:
    reply, said = notebook.run("%ag status")
    assert reply["status"] == "ok"
    assert "Breast Cancer" in kinds(said, "execute_result")[0]["data"]["text/plain"]
    _, said = notebook.run("%ag preview breast_cancer.mean_radius.mean(eps=0.5)")
    assert "0.5" in kinds(said, "execute_result")[0]["data"]["text/plain"]
    reply, _ = notebook.run("%ag dance")
    assert reply["ename"] == "AgError"
    reply, _ = notebook.run("%%ag --timeout 0.5\nwhile True:\n    pass")
    assert reply["ename"] == "CellTimedOut"
    _, said = notebook.run("%%ag --quiet\nprint('nothing')")
    assert printed(said) == ""


def test_an_interrupt_stops_the_cell_and_a_restart_forgets(notebook: Notebook, at_demo: Enclave) -> None:
    def stop(kind: str, content: dict[str, Any]) -> None:
        if kind == "stream":
            notebook.manager.interrupt_kernel()

    reply, _ = notebook.run("kept = 41\nprint('on', flush=True)\nwhile True:\n    pass", during=stop)
    assert reply["ename"] == "KeyboardInterrupt"
    _, said = notebook.run("print(kept + 1)")
    assert printed(said) == "42\n"
    first = notebook.language()["antigranular"]["session_id"]
    notebook.client.execute("while True:\n    pass")
    notebook.manager.restart_kernel(now=False)
    notebook.client.wait_for_ready(timeout=60)
    second = notebook.language()["antigranular"]["session_id"]
    assert running_sessions(at_demo) == [second] != [first]
    assert notebook.run("kept")[0]["status"] == "error"
    notebook.end()
    assert running_sessions(at_demo) == []


def test_a_notebook_opened_again_finds_its_session_where_it_still_runs(at_demo: Enclave, tmp_path: Path) -> None:
    file = tmp_path / "work.ipynb"
    environment = {**os.environ, "JPY_SESSION_NAME": str(file)}
    file.write_text(json.dumps({"cells": [], "metadata": {"antigranular": {"dataset": "Iris"}}}))
    first = Notebook(environment)
    first.run("kept = 5")
    language = first.language()
    assert language["antigranular"]["dataset"] == "Iris", "as the notebook asks for"
    file.write_text(json.dumps({"cells": [], "metadata": {"language_info": language}}))
    copy = Notebook(environment)
    assert copy.language()["antigranular"]["session_id"] != language["antigranular"]["session_id"], "it is in use"
    copy.end()
    first.manager.shutdown_kernel(now=True)  # killed: it could not end its session
    first.end()
    _until_nobody_is_connected(at_demo, language["antigranular"]["session_id"])
    again = Notebook(environment)
    _, said = again.run("print(kept)")
    assert "Taken up again" in printed(said)
    assert printed(said).endswith("5\n")
    again.end()


def _until_nobody_is_connected(at_demo: Enclave, session: str) -> None:
    due = time.monotonic() + 20
    while enclave_of(at_demo).session(session)["connections"] and time.monotonic() < due:
        time.sleep(0.05)


def test_without_a_session_every_cell_says_why(at_demo: Enclave) -> None:
    opened = Notebook({**os.environ, "AG_DATASET": "Nothing"})
    assert opened.language()["name"] == "python"
    for _ in range(2):
        reply, _ = opened.run("1")
        assert "Nothing" in reply["evalue"]
    assert os.environ["AG_USER_SECRET"] not in str(reply)
    opened.end()


def test_a_notebook_runs_to_its_first_failing_cell_and_keeps_the_session_s_id(at_demo: Enclave, tmp_path: Path) -> None:
    import nbformat
    from nbclient.exceptions import CellExecutionError

    cells = ["print(load_dataset('Iris').columns[0])", "1/0", "print('never')"]
    notebook = notebooks.made_of(*cells)
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        notebooks.run(notebook, tmp_path, kernel="antigranular")
    nbformat.validate(notebook)
    assert notebook.cells[0].outputs
    assert not notebook.cells[2].outputs
    assert notebook.metadata.language_info.antigranular.session_id
    assert running_sessions(at_demo) == []
    assert os.environ["AG_USER_SECRET"] not in nbformat.writes(notebook)


def test_what_a_notebook_is_about_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_wish({}).dataset is None
    assert find_wish({"AG_DATASET": "Iris"}).dataset == "Iris"
    (tmp_path / "a.ipynb").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert find_wish({"JPY_SESSION_NAME": "elsewhere/a.ipynb"}).notebook == Path("a.ipynb")
    assert find_wish({"JPY_SESSION_NAME": "no.ipynb"}).notebook is None


def test_the_wheel_brings_the_kernelspec_with_its_logos(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {
        Path(name).name for name in zipfile.ZipFile(wheel).namelist() if "share/jupyter/kernels/antigranular/" in name
    }
    assert names == {"kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}
