"""Privileges: capabilities and the ways to gain some. Knows no file and no call."""

from ag_sandbox import linux_unsafe as linux
from ag_sandbox.errors import JailRefused
from ag_sandbox.inmate import Inmate


def apply(_inmate: Inmate) -> None:
    """Drop every capability, also root's, and forbid any program to bring one back."""
    linux.process_control(linux.PR_SET_NO_NEW_PRIVS, 1)
    linux.drop_capabilities()
    if linux.held_capabilities():
        raise JailRefused("privileges: capabilities are left after dropping them")
