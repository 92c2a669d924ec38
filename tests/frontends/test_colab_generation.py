"""The client in the generation that Colab runs, IPython 7.34 under ipykernel 6.17, with the oldest pandas and websockets that it admits.

``%%ag`` cells, the remote kernel, frames both ways.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from tests.enclave_server import Enclave
from tests.frontends.conftest import ROOT, routes_of

PYTHON = ROOT / ".venv-frontends" / "colab" / "bin" / "python"
FRAME = """
zoned = pd.to_datetime(["2024-01-01T12:00", None], utc=True).tz_convert("Europe/Berlin")
frame = pd.DataFrame({"n": [1, 2], "x": [1.5, None], "text": ["ä", None], "flag": pd.array([True, None], "boolean"),
    "kind": pd.Categorical(["a", "b"]), "day": pd.to_datetime(["2024-01-01", None]), "zoned": zoned}, index=pd.Index([3, 4], name="key"))
session.private_import(frame, "mine")
"""
VERSIONS = "import IPython, ipykernel; print(IPython.__version__, ipykernel.__version__)"


class Notebook:
    """A kernel of that generation, and what its cells say."""

    def __init__(self, folder: Path, environment: dict[str, str], module: str) -> None:
        if subprocess.run([PYTHON, "-c", "import antigranular, ipykernel"], check=False).returncode:
            pytest.skip("this Python has no such generation")
        spec = folder / "kernels" / "old"
        spec.mkdir(parents=True)
        shutil.copy(ROOT / "magic" / "kernelspec" / "kernel.json", spec / "kernel.json")
        words = (spec / "kernel.json").read_text()
        words = words.replace('"python", "-m", "antigranular.proxy"', f'"{PYTHON}", "-m", "{module}"')
        (spec / "kernel.json").write_text(words)
        self.manager = KernelManager(kernel_name="old")
        self.manager.kernel_spec_manager.kernel_dirs = [str(folder / "kernels")]
        self.manager.start_kernel(env={**environment, "IPYTHONDIR": str(folder / "ipython")})
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, source: str, during: Any = None) -> tuple[dict[str, Any], str]:
        """The reply, and all that was said, as text."""
        said: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            said.append(str(content.get("text") or content.get("data") or content.get("traceback") or ""))
            if during is not None:
                during(message)

        # Else a cell that fails ends those that are sent, for a moment: the next one could be among them.
        reply = self.client.execute_interactive(source, stop_on_error=False, timeout=60, output_hook=hear)
        return reply["content"], "\n".join(said)

    def names(self, code: str) -> set[str]:
        """What completes."""
        return set(self.client.complete(code, len(code), reply=True, timeout=30)["content"]["matches"])

    def explains(self, code: str) -> bool:
        """Whether something is known of the last name."""
        return bool(self.client.inspect(code, len(code), reply=True, timeout=30)["content"]["found"])

    def interrupt(self, message: dict[str, Any]) -> None:
        """Interrupt when something is printed."""
        if message["msg_type"] == "stream":
            self.manager.interrupt_kernel()

    def end(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)


@pytest.fixture
def local(tmp_path: Path, analyst: dict[str, str]) -> Iterator[Notebook]:
    opened = Notebook(tmp_path, analyst, "ipykernel_launcher")
    yield opened
    opened.end()


@pytest.fixture
def remote(tmp_path: Path, analyst: dict[str, str]) -> Iterator[Notebook]:
    opened = Notebook(tmp_path, {**analyst, "AG_DATASET": "Iris"}, "antigranular.proxy")
    yield opened
    opened.end()


def test_remote_cells_work_with_completion_errors_and_interrupts(local: Notebook) -> None:
    _, said = local.run(VERSIONS)
    assert "7.34.0 6.17." in said, "the generation meant"
    reply, said = local.run("import antigranular as ag\nsession = ag.login(dataset='Iris')\nshared_local = 1")
    assert reply["status"] == "ok", reply
    assert "PrivateDataFrame" in said
    reply, said = local.run("%%ag\nshared_remote = 2\nexport(shared_remote, 'got')\nprint('seen')")
    assert reply["status"] == "ok", reply
    assert "seen" in said
    assert "2" in local.run("print(got)")[1]
    assert local.names("%%ag\nx = shared_") == {"shared_remote"}
    assert "shared_local" in local.names("x = shared_")
    assert local.explains("%%ag\nload_dataset")
    assert not local.explains("%%ag\nshared_local")
    reply, said = local.run("%%ag\nx = 1\nx / 0")
    assert reply["ename"] == "CellError"
    assert f"Cell In[{reply['execution_count']}], line 3" in said
    reply, said = local.run("%%ag\nprint('on')\nwhile True:\n    pass", during=local.interrupt)
    assert "KeyboardInterrupt" in said
    assert "Iris" in local.run("%ag status")[1]


def test_the_remote_kernel_runs_on_its_base_class(remote: Notebook) -> None:
    reply, said = remote.run("kept = 4\nprint('seen', 1 + kept)\nkept")
    assert reply["status"] == "ok", reply
    assert "seen 5" in said
    assert "kept" in remote.names("ke")
    assert remote.explains("load_dataset")
    reply, _ = remote.run("print('on')\nwhile True:\n    pass", during=remote.interrupt)
    assert reply["ename"] == "KeyboardInterrupt"
    assert "4" in remote.run("print(kept)")[1]
    info = remote.client.kernel_info(reply=True, timeout=30)["content"]
    assert info["language_info"]["antigranular"]["dataset"] == "Iris"


def test_what_goes_in_and_comes_out_is_of_that_generation_of_pandas(local: Notebook) -> None:
    local.run("import antigranular as ag\nimport numpy as np, pandas as pd\nsession = ag.login(dataset='Iris')")
    _, said = local.run("print(pd.__version__, np.__version__)")
    assert "2.2." in said, "the generation meant"
    reply, said = local.run(FRAME)
    assert reply["status"] == "ok", said
    reply, said = local.run("%%ag\nexport(mine, 'back')\nexport(mine['n'].to_numpy().reshape(1, 2), 'grid')")
    assert reply["status"] == "ok", said
    reply, said = local.run("pd.testing.assert_frame_equal(back, frame)\nprint(grid.shape, list(back.dtypes))")
    assert reply["status"] == "ok", said
    assert "(1, 2)" in said
    reply, said = local.run("%%ag\nexport(iris['train_x']['petal_length_cm'].hist(bins=4, eps=1), 'bins')")
    assert reply["status"] == "ok", said
    reply, said = local.run("%matplotlib inline\nprint(ag.plots.histogram(bins).get_ylabel())")
    assert reply["status"] == "ok", said
    assert "count" in said


def test_a_session_that_somebody_ended_is_over_and_not_a_broken_connection(local: Notebook, enclave: Enclave) -> None:
    reply, said = local.run("import antigranular as ag\nsession = ag.login(dataset='Iris')\nprint(session.session_id)")
    assert reply["status"] == "ok", said
    routes_of(enclave).stop(said.split()[-1])
    reply, _ = local.run("%%ag\n1")
    assert reply["ename"] == "SessionError", reply
