"""``python -m ag_enclave``: the command line."""

from ag_enclave.cli import main

main()
