"""The peer: a plain local ipykernel through jupyter_client, as a notebook without an enclave has it."""

from collections.abc import Iterator
from contextlib import contextmanager

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel


@contextmanager
def local_kernel() -> Iterator[BlockingKernelClient]:
    """A started ipykernel, ready for cells; stopped at the end."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run_cell(client: BlockingKernelClient, source: str) -> None:
    """Execute and wait for the reply and for idle, as a front end does."""
    reply = client.execute_interactive(source, timeout=30, output_hook=lambda _: None)
    if reply["content"]["status"] != "ok":
        raise RuntimeError(reply["content"])
