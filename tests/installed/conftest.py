"""The sdist, the wheel made of it, and two fresh environments with the newest releases that pyproject.toml admits: an enclave's and a notebook's.

These tests run by ``make wheel`` alone: they build and install everything anew. Nothing they start sees this tree.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.enclave_server import Enclave, running_enclave

ROOT = Path(__file__).resolve().parents[2]
HOMES = ROOT / ".venv-wheel"
"""Where everybody may read, as a host's own Python is: users of their own read the code from there."""
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AG_", "VIRTUAL_ENV"))}


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    """What a command says, away from this tree; the test fails with all of it where the command does."""
    done = subprocess.run(command, cwd=cwd, env=CLEAN | more, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout + done.stderr


def environment_with(name: str, *wanted: str) -> Path:
    """The programs of a fresh environment in which this is installed, without any lock."""
    home = HOMES / name
    run(sys.executable, "-m", "venv", "--clear", home, cwd=ROOT)
    run(home / "bin" / "python", "-m", "pip", "install", "--quiet", *wanted, cwd=home)
    return home / "bin"


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", folder, cwd=ROOT)
    (made,) = folder.iterdir()
    return made


@pytest.fixture(scope="session")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made as pip makes one where no wheel is offered: of the sdist alone."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    run(*pip, "--wheel-dir", folder, sdist, cwd=folder)
    (made,) = folder.iterdir()
    HOMES.mkdir(exist_ok=True)
    for former in HOMES.glob("*.whl"):
        former.unlink()
    shutil.copy2(made, HOMES)  # whence make takes it once all of this has passed
    return made


@pytest.fixture(scope="session")
def host(wheel: Path) -> Path:
    """An enclave's host."""
    return environment_with("host", f"{wheel}[enclave,demo,postgres]")


@pytest.fixture(scope="session")
def light(wheel: Path) -> Path:
    """A notebook's environment, with nothing beside the client."""
    return environment_with("light", str(wheel))


@pytest.fixture(scope="session")
def notebooks(wheel: Path) -> Path:
    """A notebook's environment, with all that the client can use."""
    return environment_with("notebooks", f"{wheel}[frames,plots,proxy]", "nbclient")


@pytest.fixture(scope="session")
def enclave(host: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Enclave]:
    command = (str(host / "ag-enclave"),)
    with running_enclave(
        tmp_path_factory.mktemp("installed"), demo=True, command=command, environment=CLEAN
    ) as running:
        yield running


@pytest.fixture(scope="session")
def analyst(enclave: Enclave) -> dict[str, str]:
    """The variables that ``ag.login`` reads."""
    who = enclave.accounts["analyst"]
    known = {"AG_ENCLAVE_URL": enclave.url, "AG_ENCLAVE_CA": enclave.ca}
    return {**known, "AG_USER_ID": who["user_id"], "AG_USER_SECRET": who["user_secret"]}
