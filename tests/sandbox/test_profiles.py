"""The tables themselves: every row has a reason and names something real, and nothing contradicts itself."""

import re
from pathlib import Path

import pytest

from ag_sandbox.calls import ABSENT, FATAL
from ag_sandbox.profiles import PROFILES
from ag_sandbox.syscalls import NUMBERS

HEADERS = {
    0: (
        Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        re.compile(r"#define __NR_(\w+)\s+(\d+)$", re.MULTILINE),
    ),
    1: (Path("/usr/include/asm-generic/unistd.h"), re.compile(r"#define __NR(?:3264)?_(\w+)\s+(\d+)$", re.MULTILINE)),
}
SPELLED_DIFFERENTLY = {"newfstatat": "fstatat"}
"""In the generic header one name stands for two widths; on 64 bits it is this one."""

# Never to be found in any profile, whatever the reason.
UNSPEAKABLE = {
    *(
        "socket",
        "connect",
        "bind",
        "listen",
        "accept",
        "accept4",
        "socketpair",
        "sendmsg",
        "recvmsg",
        "execve",
        "execveat",
    ),
    *(
        "fork",
        "vfork",
        "clone3",
        "memfd_create",
        "pidfd_open",
        "pidfd_send_signal",
        "setuid",
        "setresuid",
        "setgid",
        "chmod",
        "chown",
    ),
    *(
        "fchmod",
        "fchown",
        "symlink",
        "symlinkat",
        "link",
        "linkat",
        "mknod",
        "mknodat",
        "setrlimit",
        "inotify_init1",
        "shmget",
    ),
    *FATAL,
}


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_every_row_has_a_reason_and_names_known_calls(profile: str) -> None:
    for row in PROFILES[profile].calls:
        assert len(row.why) > 10
        assert row.names
        assert set(row.names) <= set(NUMBERS)
    assert all(len(row.why) > 5 for row in PROFILES[profile].readable)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_no_profile_speaks_the_unspeakable(profile: str) -> None:
    assert {name for row in PROFILES[profile].calls for name in row.names} & UNSPEAKABLE == set()


@pytest.mark.parametrize("profile", ["kernel", "checker"])
def test_strangers_can_neither_write_files_nor_start_threads(profile: str) -> None:
    allowed = {name for row in PROFILES[profile].calls for name in row.names}
    assert allowed & {"clone", "unlink", "rename", "mkdir", "ftruncate", "pwrite64", "fsync"} == set()
    assert all(row.only for row in PROFILES[profile].calls if {"open", "openat"} & set(row.names))


def test_fatal_and_absent_calls_are_known() -> None:
    assert set(FATAL) | set(ABSENT) <= set(NUMBERS)
    assert not set(FATAL) & set(ABSENT)


@pytest.mark.parametrize("column", [0, 1], ids=["x86_64", "aarch64"])
def test_the_numbers_are_the_kernels_own(column: int) -> None:
    header, pattern = HEADERS[column]
    if not header.exists():
        pytest.skip("the kernel's headers are not installed")
    official = {name: int(value) for name, value in pattern.findall(header.read_text())}
    ours = {SPELLED_DIFFERENTLY.get(name, name) if column else name: row[column] for name, row in NUMBERS.items()}
    assert {
        name: value
        for name, value in ours.items()
        if value is not None and name in official and official[name] != value
    } == {}
    assert {name for name, value in ours.items() if value is None and name in official} - {"umount2"} == set()


def test_no_number_stands_for_two_calls() -> None:
    for column in (0, 1):
        numbers = [row[column] for row in NUMBERS.values() if row[column] is not None]
        assert len(numbers) == len(set(numbers))
