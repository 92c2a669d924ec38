"""Completion and inspection in ``%%ag`` cells of a real notebook kernel: the session's names, and none of the notebook's."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from antigranular.remote_names import body_of
from tests.enclave_server import Enclave


@pytest.mark.parametrize(
    ("code", "cursor", "start"),
    [
        ("%%ag\nx", 6, 5),
        ("%%ag --quiet\nx", 13, 13),
        ("%%ag\n", 5, 5),
        ("%%ag", 4, None),
        ("%%ag\nx", 3, None),
        ("%%agx\ny", 7, None),
        (" %%ag\ny", 7, None),
        ("x = '''\n%%ag\n'''", 12, None),
        ("", 0, None),
    ],
)
def test_the_session_is_asked_in_the_body_of_its_cells_only(code: str, cursor: int, start: int | None) -> None:
    assert body_of(code, cursor) == start


@pytest.fixture
def notebook(at_demo: Enclave) -> Iterator[BlockingKernelClient]:
    manager, client = start_new_kernel(kernel_name="python3", env=dict(os.environ))
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=False)


def ran(client: BlockingKernelClient, source: str) -> None:
    reply = client.execute_interactive(source, timeout=60, output_hook=lambda _: None)
    assert reply["content"]["status"] == "ok", reply["content"]


def completed(client: BlockingKernelClient, code: str) -> dict[str, Any]:
    return client.complete(code, len(code), reply=True, timeout=30)["content"]


@pytest.mark.slow
def test_tab_and_shift_tab_know_the_session_and_not_the_notebook(notebook: BlockingKernelClient) -> None:
    ran(notebook, "import antigranular as ag\nsession = ag.login(dataset='Breast Cancer')\nshared_local = 1")
    ran(notebook, "%%ag\nshared_remote = 2\ndef shared_sum(a: int) -> int:\n    '''Adds.'''\n    return a")
    found = completed(notebook, "%%ag\ny = shared_")
    assert set(found["matches"]) == {"shared_remote", "shared_sum"}
    assert (found["cursor_start"], found["cursor_end"]) == (len("%%ag\ny = "), len("%%ag\ny = shared_"))
    assert "shared_local" in completed(notebook, "y = shared_")["matches"]
    assert "shared_remote" not in completed(notebook, "y = shared_")["matches"]
    assert any(name.endswith("groupby") for name in completed(notebook, "%%ag\nbreast_cancer.group")["matches"])
    code = "%%ag\nshared_sum"
    inspected = notebook.inspect(code, len(code), reply=True, timeout=30)["content"]
    assert inspected["found"]
    assert "Adds." in inspected["data"]["text/plain"]
    assert not notebook.inspect("%%ag\nshared_local", 10, reply=True, timeout=30)["content"]["found"]
