"""A default container, simulated: bubblewrap for its namespaces and capabilities, and Docker's default list of refused calls as data.

What is like it: root without the capability to administer; its own processes, IPC and host name; a read-only system, also /sys; every call
of the published list refused with EPERM, new namespaces through ``clone`` too, ``clone3`` as if never invented, and every call our tables
have no number for. What is not: bubblewrap forbids gaining privileges, Docker doesn't; paths in /proc aren't masked; the network is the host's.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ag_sandbox.filter import allow_list
from ag_sandbox.profile import Argument, Call
from ag_sandbox.syscalls import NUMBERS, machine
from tests.house.tree import ROOT

REFUSED = frozenset(
    """
    acct add_key bpf clock_adjtime clock_settime delete_module finit_module fanotify_init fsconfig fsmount fsopen fspick
    get_mempolicy init_module ioperm iopl io_uring_enter io_uring_register io_uring_setup kcmp kexec_file_load kexec_load
    keyctl lookup_dcookie mbind mount mount_setattr move_mount move_pages open_by_handle_at open_tree perf_event_open
    personality pivot_root process_vm_readv process_vm_writev ptrace quotactl quotactl_fd reboot request_key
    set_mempolicy setdomainname sethostname setns settimeofday swapoff swapon syslog umount2 unshare userfaultfd vhangup
    """.split()
)
"""Docker's documentation, "Significant syscalls blocked by the default profile", and what its newer releases added."""
NEW_NAMESPACES = 0x7E020000
CAPABILITIES = (
    *(
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_FOWNER",
        "CAP_FSETID",
        "CAP_KILL",
        "CAP_SETGID",
        "CAP_SETUID",
        "CAP_SETPCAP",
    ),
    *("CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SYS_CHROOT", "CAP_MKNOD", "CAP_AUDIT_WRITE", "CAP_SETFCAP"),
)
"""The default ones."""


def profile() -> bytes:
    """The program that refuses what the container's default refuses."""
    clone = Call(("clone",), "no new namespaces", (Argument(0, (0,), mask=NEW_NAMESPACES),))
    others = tuple(name for name in NUMBERS if name not in REFUSED and name not in ("clone", "clone3"))
    return b"".join(allow_list((Call(others, "allowed"), clone), ("clone3",), machine=machine(), own_process=0))


@contextmanager
def command(folder: Path) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """The words before a program, and the descriptors to pass: only ``folder`` can be written."""
    reading, writing = os.pipe()
    os.write(writing, profile())
    os.close(writing)
    words = [
        "bwrap",
        "--die-with-parent",
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        *system(folder),
        "--cap-drop",
        "ALL",
    ]
    for capability in CAPABILITIES:
        words += ["--cap-add", capability]
    try:
        yield [*words, "--seccomp", str(reading)], (reading,)
    finally:
        os.close(reading)


def ordinary(folder: Path) -> list[str]:
    """The words before a program that an ordinary user runs on a host that refuses nothing: only the files are the container's."""
    user = [
        "setpriv",
        "--reuid",
        "65000",
        "--regid",
        "65000",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ]
    return ["bwrap", "--die-with-parent", *system(folder), "--cap-add", "ALL", *user]


def system(folder: Path) -> list[str]:
    """A read-only system with our code where everybody may read it; ``folder`` is at /tmp/work, and nothing else of /tmp or /root is there."""
    words = ["--ro-bind", "/", "/"]
    for place in ("/tmp", "/root", "/dev/shm"):
        words += ["--perms", "0755" if place == "/root" else "1777", "--tmpfs", place]
    for code in {ROOT, Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).parent}:
        for above in reversed(code.parents):
            if not {Path("/root"), Path("/tmp")}.intersection(above.parents):
                continue
            words += ["--perms", "0755", "--dir", str(above)]  # an image lies where everybody may read it
        words += ["--ro-bind", str(code), str(code)]
    return [*words, "--proc", "/proc", "--dev", "/dev", "--bind", str(folder), "/tmp/work"]
