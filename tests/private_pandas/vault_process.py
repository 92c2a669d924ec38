"""A real vault in a process of its own, and a real mapper in another: ``python vault_process.py PLAN_FD CONTROL_FD SETTINGS_JSON``."""

import json
import socket
import subprocess
import sys
from pathlib import Path

from ag_vault.serve import main

if __name__ == "__main__":
    ours, theirs = socket.socketpair()
    mapper = [sys.executable, str(Path(__file__).parent / "mapper_process.py"), str(theirs.fileno())]
    with subprocess.Popen(mapper, pass_fds=[theirs.fileno()]):
        theirs.close()
        sockets = {
            "plan": socket.socket(fileno=int(sys.argv[1])),
            "control": socket.socket(fileno=int(sys.argv[2])),
            "map": ours,
        }
        main(sockets, json.loads(sys.argv[3]))
        ours.close()
