"""Control groups: where a subtree may be divided, what is written into it, and a real one where this host has one."""

import os
import subprocess
from pathlib import Path

import pytest

from ag_sandbox import cgroup
from ag_sandbox.cgroup import Groups, NotDelegated, delegated

LIMITS = {"memory.max": "1000", "pids.max": "10", "cpu.max": "100000 100000", "io.max": "no such controller"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory that looks like a subtree with two of the three controllers."""
    folder = tmp_path / "unit"
    folder.mkdir()
    (folder / "cgroup.controllers").write_text("cpuset memory pids\n")
    (folder / "cgroup.procs").write_text("")
    return folder


def mounted(tmp_path: Path) -> str:
    return f"30 23 0:26 / {tmp_path} rw,nosuid shared:4 - cgroup2 cgroup2 rw\n"


def test_a_subtree_that_is_not_ours_is_left_alone(home: Path, tmp_path: Path) -> None:
    with pytest.raises(NotDelegated, match="not marked as delegated"):
        delegated(mounted(tmp_path), "0::/unit\n")
    with pytest.raises(NotDelegated, match="none of memory, pids, cpu is offered"):
        delegated(mounted(tmp_path), "0::/elsewhere\n")
    with pytest.raises(NotDelegated, match="not mounted"):
        delegated("25 23 0:22 / /sys rw - sysfs sysfs rw\n", "3:cpuset:/\n")


def test_the_root_of_a_container_s_own_subtree_is_ours(home: Path) -> None:
    assert delegated(mounted(home), "8:pids:/\n0::/\n") == home


def test_a_subtree_without_the_kernel_s_files_is_not_half_used(home: Path) -> None:
    with pytest.raises(NotDelegated, match="can't be divided"):
        Groups.settle(home)  # no kernel fills new folders with files here


def test_a_group_has_the_limits_of_its_controllers_and_no_others(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _as_the_kernel_would(monkeypatch)
    groups = Groups.settle(home)
    assert groups.controllers == ("memory", "pids")
    assert (home / "ag-gateway" / "cgroup.procs").read_text() == str(os.getpid())
    group = groups.group("session", LIMITS)
    found = {file.name: file.read_text() for file in group.path.iterdir()}
    assert (found["memory.max"], found["pids.max"]) == ("1000", "10")
    assert found["cpu.max"] == ""
    group.add(4711)
    assert (group.path / "cgroup.procs").read_text() == "4711"
    assert not group.ran_out()
    (group.path / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert group.ran_out()


def _as_the_kernel_would(patch: pytest.MonkeyPatch) -> None:
    """New folders are filled with the files of a group."""
    real = Path.mkdir

    def filled(self: Path, *arguments: object, **words: object) -> None:
        real(self, *arguments, **words)  # type: ignore[arg-type]
        for file in ("cgroup.procs", "cgroup.kill", "cgroup.subtree_control", "memory.events", *LIMITS):
            (self / file).touch()

    patch.setattr(Path, "mkdir", filled)
    patch.setattr(cgroup, "_enable", lambda _group, name: name in ("memory", "pids"))


def test_one_word_ends_every_process_of_a_group() -> None:
    """With a real subtree, its controllers aside: those of this host may be bound to version 1."""
    mount = next(
        (Path(p) for p in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified") if Path(p, "cgroup.procs").exists()), None
    )
    if mount is None or not os.access(mount / "cgroup.procs", os.W_OK):
        pytest.skip("this host lets no control group be made")
    group = Groups(mount, ()).group(f"ag-test-{os.getpid()}", LIMITS)
    try:
        sleepers = [subprocess.Popen(["sleep", "60"]) for _ in range(3)]
        for sleeper in sleepers:
            group.add(sleeper.pid)
        group.kill()
        assert [sleeper.wait(5) for sleeper in sleepers] == [-9] * 3
    finally:
        group.remove()
    assert not group.path.exists()
