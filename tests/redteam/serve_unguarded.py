"""``ag-enclave`` with kernels that have neither policy nor types; jail, vault and gateway are the real ones."""

from dataclasses import replace

from ag_enclave import cli
from ag_enclave.session import nurseries

nurseries.BREEDS = {
    **nurseries.BREEDS,
    "kernel": replace(nurseries.BREEDS["kernel"], entry="tests.redteam.unguarded:main", preload=("ag_kernel.life",)),
}

if __name__ == "__main__":
    cli.main()
