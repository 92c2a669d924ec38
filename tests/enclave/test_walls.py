"""What a session's control group is told, from the settings, in a tree that looks like the kernel's; and that a host without one is no error."""

from pathlib import Path

import pytest

from ag_enclave.config import parse_config
from ag_enclave.errors import Unusable
from ag_enclave.session.walls import Walls
from ag_enclave.state import State
from ag_sandbox import cgroup
from ag_sandbox.cgroup import Groups, NotDelegated

MIB = 1 << 20
KERNEL = {"memory_bytes": 300 * MIB, "processes": 5}
VAULT = {"memory_bytes": 700 * MIB, "processes": 11, "threads": 3}
FILES = ("cgroup.procs", "cgroup.kill", "memory.max", "memory.swap.max", "pids.max", "cpu.max")


def prepared(folder: Path, patch: pytest.MonkeyPatch, home: Path | None, **jail: str) -> Walls:
    """The walls of an enclave whose subtree is ``home``; none: this host delegates nothing."""

    def here() -> Path:
        if home is None:
            raise NotDelegated("nothing is delegated here")
        return home

    patch.setattr(cgroup, "here", here)
    patch.setattr(Groups, "settle", lambda found: Groups(found, cgroup.CONTROLLERS))
    found = Walls(parse_config({"kernel": KERNEL, "vault": VAULT, "jail": jail}), State(folder))
    found.prepare()
    return found


def _as_the_kernel_would(patch: pytest.MonkeyPatch) -> None:
    """New folders are filled with the files of a group."""
    real = Path.mkdir

    def filled(self: Path) -> None:
        real(self)
        for file in FILES:
            (self / file).touch()

    patch.setattr(Path, "mkdir", filled)


def test_a_session_s_group_has_the_sum_of_what_its_processes_may_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = prepared(tmp_path, monkeypatch, tmp_path)
    _as_the_kernel_would(monkeypatch)
    one, other = made.group("s-1"), made.group("s-1")
    assert one is not None
    assert other is not None
    assert one.path != other.path  # a session that is restarted has no group of its predecessor's
    written = {file: (one.path / file).read_text() for file in FILES}
    assert written == {
        "cgroup.procs": "",
        "cgroup.kill": "",
        "memory.max": str((2 * 300 + 700 + 512) * MIB),  # kernel and checker, vault, and pages of files
        "memory.swap.max": "0",
        "pids.max": "24",  # the kernel's 5, the vault's 11, and 8 of services
        "cpu.max": "500000 100000",  # the engine's 3 threads, kernel and checker
    }


def test_a_named_subtree_is_taken_without_asking_what_is_delegated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "named").mkdir()
    made = prepared(tmp_path, monkeypatch, None, cgroup=str(tmp_path / "named"))
    group = made.group("s-1")
    assert group is not None
    assert group.path.parent == tmp_path / "named"


def test_a_host_without_a_subtree_is_no_error_unless_one_is_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prepared(tmp_path, monkeypatch, None).group("s-1") is None
    with pytest.raises(Unusable, match=r"jail\.cgroups is required, but sessions have no control group: nothing"):
        prepared(tmp_path, monkeypatch, None, cgroups="required")
