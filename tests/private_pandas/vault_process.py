"""A real vault in a process of its own: ``python vault_process.py PLAN_FD CONTROL_FD SETTINGS_JSON``."""

import json
import socket
import sys

from ag_vault.serve import main

if __name__ == "__main__":
    sockets = {"plan": socket.socket(fileno=int(sys.argv[1])), "control": socket.socket(fileno=int(sys.argv[2]))}
    main(sockets, json.loads(sys.argv[3]))
