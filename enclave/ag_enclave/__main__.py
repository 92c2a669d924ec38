"""``ag-enclave`` and ``python -m ag_enclave``: the command line, where what it needs is installed. Must import nothing that an analyst's installation lacks."""

import sys


def main() -> None:
    """Run the command line; one sentence and exit status 1 where only the client is installed."""
    try:
        from ag_enclave.cli import main as run
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("ag_"):
            raise
        sys.exit(f"ag-enclave: {missing.name} is missing, which an enclave needs: install ag-enclave[enclave].")
    run()


if __name__ == "__main__":
    main()
