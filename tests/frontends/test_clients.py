"""Clients without a browser, unmodified: jupyter-kernel-client."""

import json
import subprocess
import sys
import textwrap

from tests.frontends.conftest import Door

_KERNEL_CLIENT = """
    import json, sys
    from jupyter_kernel_client import JupyterKernelClient

    with JupyterKernelClient(server_url=sys.argv[1], token=sys.argv[2]) as kernel:
        good = kernel.execute("x = load_dataset('Iris')\\nprint('columns', len(x.columns))")
        bad = kernel.execute("import os")
        kernel.restart()
        fresh = kernel.execute("x")
    print(json.dumps([good, bad, fresh], default=str))
"""


def _run(door: Door, program: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(program), door.url, door.token]
    done = subprocess.run(command, env=door.environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_jupyter_kernel_client_runs_cells_sees_errors_and_restarts(door: Door) -> None:
    good, bad, fresh = json.loads(_run(door, _KERNEL_CLIENT).splitlines()[-1])
    assert good["status"] == "ok"
    assert "columns" in str(good["outputs"])
    assert bad["status"] == "error"
    assert "Restricted import: os" in str(bad["outputs"])
    assert fresh["status"] == "error", "a restart forgets"
