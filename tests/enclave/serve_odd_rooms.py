"""``ag-enclave``, with the odd rooms behind the gateway in place of the real ones; on request with a clock that is hours off."""

import os
import time
from datetime import timedelta

from ag_enclave import cli, serve, tls
from ag_enclave.session import nurseries

OFF = timedelta(hours=float(os.environ.get("AG_TEST_HOURS", "0")))
TRUE = time.time
time.time = lambda: TRUE() + OFF.total_seconds()
serve.current_time = lambda: tls.current_time() + OFF

nurseries.BREEDS = {
    **nurseries.BREEDS,
    **{role: nurseries.Breed(entry=f"tests.enclave.odd_rooms:{role}") for role in ("kernel", "vault", "checker")},
}

if __name__ == "__main__":
    cli.main()
