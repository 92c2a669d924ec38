"""The wheel works where nothing of its tree is: an enclave starts from it, data are registered, cells run, every extra does what it is for."""

import json
import ssl
import tarfile
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.enclave_server import Enclave
from tests.house.tree import packages
from tests.installed.conftest import ROOT, run

CELL = """
import antigranular as ag
session = ag.login(dataset="Breast Cancer")
result = session.execute('''
from op_pandas import PrivateDataFrame
narrow: PrivateDataFrame = breast_cancer[["mean_radius", "diagnosis"]]
export(narrow.groupby("diagnosis").mean(eps=0.5), "means")
''')
print(result.exports["means"])
try:
    session.execute('wrong: PrivateDataFrame = 3')
except ag.CellRefused as refused:
    print("refused:", refused)
session.terminate_session()
"""
PICTURE = """
import antigranular as ag
session = ag.login(dataset="Breast Cancer")
counts = session.execute('export(breast_cancer.diagnosis.value_counts(eps=0.5), "counts")').exports["counts"]
print(type(counts).__name__, type(ag.plots.counts(counts)).__name__)
session.terminate_session()
"""


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info" not in name and ".data/" not in name}
    ours = {
        str(path.relative_to(package.parent))
        for package in packages()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == ours


def test_the_sdist_holds_what_its_tests_need(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {
        "Makefile",
        "requirements.lock",
        "LICENSE",
        "examples/enclave.toml",
        "tests/conftest.py",
        "sandbox/TCB.md",
    }
    assert wanted <= names


def test_the_licence_goes_with_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (licence,) = (name for name in archive.namelist() if name.endswith("licenses/LICENSE"))
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()
        assert b"License-Expression: Apache-2.0\n" in archive.read(metadata)


def test_the_commands_say_their_version(host: Path, light: Path, tmp_path: Path) -> None:
    assert run(host / "ag-enclave", "--version", cwd=tmp_path) == "ag-enclave, version 0.1.0\n"
    assert "antigranular" in run(light / "antigranular", "--help", cwd=tmp_path)


def test_the_client_alone_is_light(light: Path, tmp_path: Path) -> None:
    told = json.loads(run(light / "python", "-m", "pip", "list", "--format", "json", cwd=tmp_path))
    installed = {each["name"].lower() for each in told}
    assert {"ag-enclave", "ipython", "websockets"} <= installed
    assert not installed & {"numpy", "pandas", "duckdb", "opendp", "mypy", "sqlalchemy", "starlette", "cryptography"}


def test_without_the_enclave_s_extra_its_command_says_what_to_install(light: Path, tmp_path: Path) -> None:
    said = run("sh", "-c", f"{light / 'ag-enclave'} --help 2>&1 || true", cwd=tmp_path)
    assert "ag-enclave[enclave]" in said
    assert "Traceback" not in said


def test_a_light_client_logs_in_runs_a_cell_and_gets_its_export(
    light: Path, analyst: dict[str, str], tmp_path: Path
) -> None:
    said = run(light / "python", "-c", CELL, cwd=tmp_path, **analyst)
    assert "malignant" in said
    assert "PrivateDataFrame" in said.partition("refused: ")[2]  # types are read from the installed packages


def test_pandas_and_plots_are_used_where_they_are(notebooks: Path, analyst: dict[str, str], tmp_path: Path) -> None:
    said = run(notebooks / "python", "-c", PICTURE, cwd=tmp_path, **analyst)
    assert said.splitlines()[-1] == "Series Axes"


def test_the_remote_kernel_is_found_and_runs_a_notebook(
    notebooks: Path, analyst: dict[str, str], tmp_path: Path
) -> None:
    assert "antigranular" in run(notebooks / "python", "-m", "jupyter_client.kernelspecapp", "list", cwd=tmp_path)
    program = """
import nbformat
from nbclient import NotebookClient
cells = [nbformat.v4.new_code_cell("print(breast_cancer.mean_radius.clip(5, 30).mean(eps=0.5) > 0)")]
notebook = nbformat.v4.new_notebook(cells=cells)
NotebookClient(notebook, kernel_name="antigranular", timeout=120).execute()
print("".join(output.get("text", "") for output in notebook.cells[0].outputs))
"""
    assert "True" in run(notebooks / "python", "-c", program, cwd=tmp_path, AG_DATASET="Breast Cancer", **analyst)


@pytest.mark.parametrize(("path", "holds"), [("/console/login", "<form"), ("/console/console.css", "{")])
def test_the_console_has_its_pages_and_their_style(enclave: Enclave, path: str, holds: str) -> None:
    trusting = ssl.create_default_context(cafile=enclave.ca)
    with urllib.request.urlopen(enclave.url + path, context=trusting, timeout=20) as answer:
        assert holds in answer.read().decode()


def test_an_owner_s_commands_work(host: Path, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        "description: One column.\nbudget: {epsilon: 1, delta: 1.0e-6}\n"
        "tables: {rows: {unit: row, columns: {x: {type: int, lower: 0, upper: 9}}}}\n"
    )
    (tmp_path / "rows.csv").write_text("x\n1\n12\n")
    add = ("dataset", "add", "One", "--metadata", "one.yaml", "--table", "rows=rows.csv", "--state", "state")
    assert "clamped" in run(host / "ag-enclave", *add, cwd=tmp_path)
    assert "One" in run(host / "ag-enclave", "dataset", "list", "--state", "state", cwd=tmp_path)
    assert "can run here" in run(host / "ag-enclave", "doctor", "--state", "state", cwd=tmp_path)


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").glob("*.ipynb")))
def test_the_notebooks_of_the_examples_run(notebooks: Path, analyst: dict[str, str], tmp_path: Path, name: str) -> None:
    program = f"""
import nbformat
from nbclient import NotebookClient
NotebookClient(nbformat.read({str(ROOT / "examples" / name)!r}, as_version=4), kernel_name="python3", timeout=120).execute()
"""
    run(notebooks / "python", "-c", program, cwd=tmp_path, **analyst)


def test_a_shell_can_complete_the_enclave_s_command(host: Path, tmp_path: Path) -> None:
    said = run(
        host / "ag-enclave",
        cwd=tmp_path,
        COMP_WORDS="ag-enclave da",
        COMP_CWORD="1",
        _AG_ENCLAVE_COMPLETE="bash_complete",
    )
    assert said == "plain,dataset\n"
