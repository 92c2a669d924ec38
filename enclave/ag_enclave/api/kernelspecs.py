"""``/api/kernelspecs``: the one kind of kernel there is."""

from typing import Any

from starlette.responses import JSONResponse, Response

from ag_enclave.api.call import Call
from ag_enclave.errors import Refusal

NAME = "antigranular"
_SPEC: dict[str, Any] = {
    "name": NAME,
    "spec": {
        "argv": [],
        "env": {},
        "display_name": "Antigranular",
        "language": "python",
        "interrupt_mode": "signal",
        "metadata": {},
    },
    "resources": {},
}


async def show_all(_call: Call) -> Response:
    """All kinds, and the default."""
    return JSONResponse({"default": NAME, "kernelspecs": {NAME: _SPEC}})


async def show_one(call: Call) -> Response:
    """One kind."""
    check_name(call.request.path_params["name"])
    return JSONResponse(_SPEC)


def check_name(name: object) -> str:
    """The name, where there is such a kernel. Refusal 404."""
    if name in (NAME, "python3"):  # clients whose notebooks were written for the common local kernel
        return NAME
    raise Refusal(404, f"There is no kernel {str(name)[:64]!r}; available: {NAME}.")
