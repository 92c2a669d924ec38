"""The kernel with its policy and its types switched off: a guest that has arbitrary code execution in its process. For these tests alone."""

import ast
import builtins
import socket
from collections.abc import Mapping
from typing import Any

from ag_kernel import cell, life, namespace
from ag_kernel.compiler import examine
from ag_kernel.session import Session

_BUILD = namespace.build


def main(sockets: Mapping[str, socket.socket], settings: Mapping[str, Any]) -> None:
    """As the kernel's own entry point, with nothing between a cell's text and its execution."""
    cell.STEPS = (_compile, cell.run)
    namespace.build = _build
    life.main(sockets, settings)


def _build(datasets: Mapping[str, Any]) -> dict[str, Any]:
    return {**_BUILD(datasets), "__builtins__": {**vars(builtins)}}


def _compile(running: cell.Cell, _session: Session) -> None:
    tree = ast.parse(running.source)
    running.examined = examine._compiled(tree, running.source, running.number)
