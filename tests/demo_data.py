"""The demo's data, which takes long to make and to register: once per run of the tests."""

import shutil
from pathlib import Path

import pytest

from ag_enclave.demo.register import make
from tests.enclave_server import running_enclave
from tests.shared import made_once


def demo_files(factory: pytest.TempPathFactory) -> Path:
    """The demo's files, as they are before anything is registered. Only to read."""
    return made_once(factory, "demo-files", make)


def demo_state(factory: pytest.TempPathFactory) -> Path:
    """A new state directory in which the demo data is registered, for whoever asks alone."""

    def register(folder: Path) -> None:
        with running_enclave(folder, demo=True):
            pass

    template, own = made_once(factory, "demo-state", register), factory.mktemp("demo")
    return shutil.copytree(template, own / "state")
