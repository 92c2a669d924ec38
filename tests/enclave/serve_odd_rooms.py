"""``ag-enclave``, with the odd rooms behind the gateway in place of the real ones."""

from ag_enclave import cli
from ag_enclave.session import nurseries

nurseries.BREEDS = {
    **nurseries.BREEDS,
    **{role: nurseries.Breed(entry=f"tests.enclave.odd_rooms:{role}") for role in ("kernel", "vault", "checker")},
}

if __name__ == "__main__":
    cli.main()
